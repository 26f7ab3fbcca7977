/**
 * The domains a message says it is from (RFC 9989 3.2.2: Author Domain). Not by the grammar but by what mail programs make of a field, broken
 * ones included: `joe@customer.example <noreply@service.example>` is from service.example, and where that is not clear all domains count.
 */
import { fromUtf8 } from "../../base/bytes.ts";
import { DMARC_AUTHORS, DMARC_FROM } from "../../base/limits.ts";
import { parseDomain } from "../../mail/address.ts";
import { allFields, fieldValue, scanHeader } from "../../mail/header.ts";
import { withoutComments } from "../authres/parse.ts";

/** RFC 5322 4.4 lets white space stand around the dots. */
const AFTER_AT = /@\s*(\[[^\]\s]*\]|[^\s@<>,;:()[\]"\\.]+(?:\s*\.\s*[^\s@<>,;:()[\]"\\.]+)*)/g;

/**
 * Domains of every address in every From field, in A-labels, without doubles; at most one more than DMARC_AUTHORS. Groups without members
 * name none.
 */
export function authorDomains(header: Uint8Array): string[] {
  const scanned = scanHeader(header);
  const domains = new Set<string>();
  for (const field of allFields(scanned, "from")) {
    const value = fieldValue(scanned, field).subarray(0, DMARC_FROM);
    const text = withoutQuoted(withoutComments(fromUtf8(value)));
    for (const part of text.split(",")) {
      for (const found of hostsOf(part)) {
        const domain = parseDomain(found);
        if (domain.ok) domains.add(domain.value);
        if (domains.size > DMARC_AUTHORS) return [...domains];
      }
    }
  }
  return [...domains];
}

/** Quoted names and local parts may hold anything; each becomes a letter. A quote that nobody closes is none. */
function withoutQuoted(text: string): string {
  let out = "";
  for (let at = 0;;) {
    const open = text.indexOf('"', at);
    const close = open < 0 ? -1 : closingQuote(text, open + 1);
    if (close < 0) return out + text.slice(at).replaceAll('"', "");
    out += `${text.slice(at, open)}q`;
    at = close + 1;
  }
}

function closingQuote(text: string, from: number): number {
  for (let i = from; i < text.length; i++) {
    if (text[i] === "\\") i++;
    else if (text[i] === '"') return i;
  }
  return -1;
}

/** What stands in angle brackets, in each pair of them, if that is an address; else every address there is. */
function hostsOf(part: string): string[] {
  const inside = Array.from(part.matchAll(/<([^<>]*)>/g), (m) => domainsIn(m[1] ?? "").at(-1));
  const hosts = inside.filter((host) => host !== undefined);
  return hosts.length > 0 ? hosts : domainsIn(part);
}

function domainsIn(text: string): string[] {
  return Array.from(text.matchAll(AFTER_AT), (m) => (m[1] ?? "").replace(/\s+/g, ""));
}
