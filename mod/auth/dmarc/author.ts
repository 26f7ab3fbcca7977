/**
 * The domains a message says it is from (RFC 9989 3.2.2: Author Domain). Not by the grammar but by what mail programs make of a field, broken
 * ones included: `joe@customer.example <noreply@service.example>` is from service.example, and where that is not clear all domains count.
 */
import { fromUtf8 } from "../../base/bytes.ts";
import { DMARC_AUTHORS, ENVELOPE_ADDRESSES } from "../../base/limits.ts";
import { parseDomain } from "../../mail/address.ts";
import { allFields, fieldValue, scanHeader } from "../../mail/header.ts";
import { withoutComments } from "../authres/parse.ts";

const QUOTED = /"(?:[^"\\]|\\[^])*"/g;
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
    // Names and quoted local parts may hold anything; they become a letter.
    const text = withoutComments(fromUtf8(fieldValue(scanned, field))).replace(QUOTED, "q").replaceAll(
      '"',
      "",
    );
    for (const part of text.split(",", ENVELOPE_ADDRESSES)) {
      for (const found of hostsOf(part)) {
        const domain = parseDomain(found);
        if (domain.ok) domains.add(domain.value);
        if (domains.size > DMARC_AUTHORS) return [...domains];
      }
    }
  }
  return [...domains];
}

/** What stands in angle brackets, if that is an address; else every address there is. */
function hostsOf(part: string): string[] {
  const inside = /<([^<>]*)>[^<>]*$/.exec(part)?.[1];
  const host = inside === undefined ? undefined : domainsIn(inside).at(-1);
  return host === undefined ? domainsIn(part) : [host];
}

function domainsIn(text: string): string[] {
  return Array.from(text.matchAll(AFTER_AT), (m) => (m[1] ?? "").replace(/\s+/g, ""));
}
