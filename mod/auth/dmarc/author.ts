/** The domains a message says it is from (RFC 9989 3.2.2: Author Domain). */
import { EMPTY, fromUtf8 } from "../../base/bytes.ts";
import { DMARC_AUTHORS } from "../../base/limits.ts";
import { parseDomain } from "../../mail/address.ts";
import { hasHost, parseAddressList } from "../../mail/address_list.ts";
import { allFields, fieldValue, scanHeader } from "../../mail/header.ts";

/** What a mail program might take for an address's domain in a field that cannot be read. */
const AFTER_AT = /@\s*([A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*)/g;

/**
 * Domains of every address in every From field, in A-labels, without doubles; at most one more than DMARC_AUTHORS. Groups without members
 * name none. Where an address is broken, all that looks like a domain counts: some program will show it.
 */
export function authorDomains(header: Uint8Array): string[] {
  const scanned = scanHeader(header);
  const domains = new Set<string>();
  for (const field of allFields(scanned, "from")) {
    for (const text of hostsOf(fieldValue(scanned, field))) {
      const domain = parseDomain(text);
      if (domain.ok) domains.add(domain.value);
      if (domains.size > DMARC_AUTHORS) return [...domains];
    }
  }
  return [...domains];
}

function hostsOf(value: Uint8Array): string[] {
  const entries = parseAddressList(value).filter((e) => e.host !== null);
  const hosts = entries.filter(hasHost).map((e) => fromUtf8(e.host ?? EMPTY));
  if (hosts.length === entries.length) return hosts;
  return [...hosts, ...Array.from(fromUtf8(value).matchAll(AFTER_AT), (m) => m[1] ?? "")];
}
