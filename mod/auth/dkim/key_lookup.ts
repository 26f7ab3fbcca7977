/** Asking DNS for the keys of a selector (RFC 6376 3.6.2, 6.1.2). */
import { DKIM_KEY_RECORDS } from "../../base/limits.ts";
import { parseDomain } from "../../mail/address.ts";
import type { Resolver } from "../../dns/resolver.ts";
import { type KeyRecord, parseKeyRecord } from "./key_record.ts";

/** `none` is for good: no record, or none that can be read. `why` is for people. */
export type KeyAnswer =
  | { readonly kind: "keys"; readonly keys: readonly KeyRecord[] }
  | { readonly kind: "none"; readonly why: string }
  | { readonly kind: "temp"; readonly why: string };

/** Where a key is published; null when that is no name. Both in any case, U-labels or A-labels (RFC 8616 4). */
export function keyName(domain: string, selector: string): string | null {
  const parts = [selector, domain].map(parseDomain);
  const [s, d] = parts.map((part) => part.ok && !part.value.startsWith("[") ? part.value : null);
  if (!s || !d) return null;
  const name = `${s}._domainkey.${d}`;
  return name.length > 253 ? null : name;
}

/** The keys of a selector. There should be one; of several records each that can be read is given (RFC 6376 6.1.2 4), few at most. */
export async function lookupKeys(resolver: Resolver, domain: string, selector: string): Promise<KeyAnswer> {
  const name = keyName(domain, selector);
  if (name === null) return { kind: "none", why: "d= and s= make no name" };
  const answer = await resolver.lookup(name, "TXT");
  if (answer.kind === "temp") return { kind: "temp", why: "the key could not be asked for" };
  if (answer.kind !== "records") return { kind: "none", why: "no key is published" };
  const keys: KeyRecord[] = [];
  let why = "no key is published";
  for (const record of answer.records.slice(0, DKIM_KEY_RECORDS)) {
    const parsed = parseKeyRecord(record);
    if (parsed.ok) keys.push(parsed.value);
    else why = `the key record cannot be used: ${parsed.error}`;
  }
  return keys.length > 0 ? { kind: "keys", keys } : { kind: "none", why };
}
