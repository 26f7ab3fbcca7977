import { asciiLower, utf8 } from "../base/bytes.ts";
import { ADDRESS_DOMAIN, ADDRESS_LOCAL } from "../base/limits.ts";
import { err, ok, type Result } from "../base/result.ts";

/**
 * A mailbox address past the parser. `local` is the local part without quoting (so it may hold any octet a quoted string may; for
 * SMTPUTF8 any UTF-8 text in NFC), in the case it came in. `domain` is lower-case A-labels, or an address literal with its brackets.
 */
export interface Address {
  readonly local: string;
  readonly domain: string;
}

/** Why text is not an address. `too-long` also where only a label is. */
export type AddressError = "syntax" | "bad-domain" | "too-long";

// RFC 5322 3.2.3 atext; RFC 6531 3.3 adds all that is not ASCII. C1 controls, line separators and lone surrogates stay out.
const DOT_ATOM =
  /^(?:[A-Za-z0-9!#$%&'*+\-/=?^_`{|}~]|[^\0-\x9f\u2028\u2029\p{Cs}])+(?:\.(?:[A-Za-z0-9!#$%&'*+\-/=?^_`{|}~]|[^\0-\x9f\u2028\u2029\p{Cs}])+)*$/u;
// RFC 5321 4.1.2 Quoted-string: printable ASCII and space, quoted pairs of the same; RFC 6531 as above.
const QUOTED = /^"((?:[\x20\x21\x23-\x5b\x5d-\x7e]|\\[\x20-\x7e]|[^\0-\x9f\u2028\u2029\p{Cs}])*)"$/u;
// The underscore is not in RFC 5321 but in names that resolve.
const ASCII_DOMAIN = /^[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?(?:\.[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?)*$/;
const SOURCE_ROUTE = /^@[^:@\s"<>]+(?:,@[^:@\s"<>]+)*:/;
const OCTET = "(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])";
const IPV4 = new RegExp(`^${OCTET}(?:\\.${OCTET}){3}$`);
const FATAL = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const ASCII_ONLY = /^[\0-\x7f]*$/;

/**
 * Reads what stands between "<" and ">" of an SMTP path: a Mailbox (RFC 5321 4.1.2, RFC 6531 3.3). A source route before it is dropped
 * (RFC 5321 4.1.1.3). A bare "postmaster" in any case is an address with domain "" (RFC 5321 4.5.1).
 */
export function parseAddress(input: string | Uint8Array): Result<Address, AddressError> {
  let text: string;
  if (typeof input === "string") text = input;
  else {
    // Octets that are not UTF-8 name no one.
    try {
      text = FATAL.decode(input);
    } catch {
      return err("syntax");
    }
  }
  if (text.length > 4 * (ADDRESS_LOCAL + ADDRESS_DOMAIN)) return err("too-long");
  if (text.startsWith("@")) text = text.replace(SOURCE_ROUTE, "");
  if (text.length === 10 && asciiLower(text) === "postmaster") return ok({ local: text, domain: "" });
  const at = domainSeparator(text);
  if (at <= 0) return err("syntax");
  const local = parseLocalPart(text.slice(0, at));
  if (!local.ok) return local;
  const domain = parseDomain(text.slice(at + 1));
  if (!domain.ok) return domain;
  return ok({ local: local.value, domain: domain.value });
}

/** A local part as written, quoted or not, to its bare form in NFC. */
export function parseLocalPart(text: string): Result<string, AddressError> {
  let local: string;
  if (text.startsWith('"')) {
    const quoted = QUOTED.exec(text)?.[1];
    if (quoted === undefined) return err("syntax");
    local = quoted.replace(/\\(.)/g, "$1");
  } else {
    if (!DOT_ATOM.test(text)) return err("syntax");
    local = text;
  }
  if (!ASCII_ONLY.test(local)) local = local.normalize("NFC");
  return utf8(local).length > ADDRESS_LOCAL ? err("too-long") : ok(local);
}

/** A domain name (U-labels become A-labels) or an address literal, in lower case. */
export function parseDomain(text: string): Result<string, AddressError> {
  if (text.startsWith("[")) return parseLiteral(text);
  let domain = asciiLower(text);
  if (!ASCII_ONLY.test(domain)) {
    // The URL parser knows IDNA but also percent escapes, ports and numbers: hand it letters only, and take back names only.
    if (!/^[^\0-\x2c\x2f\x3a-\x5e\x60\x7b-\x9f]+$/.test(domain) || domain.length > ADDRESS_DOMAIN) {
      return err("bad-domain");
    }
    const url = URL.parse(`http://${domain}/`);
    if (!url || IPV4.test(url.hostname) || url.port !== "" || url.username !== "") return err("bad-domain");
    domain = url.hostname;
  }
  if (domain.length > ADDRESS_DOMAIN) return err("too-long");
  if (!ASCII_DOMAIN.test(domain)) return err(domain === "" ? "syntax" : "bad-domain");
  return domain.split(".").some((label) => label.length > 63) ? err("too-long") : ok(domain);
}

/** As SMTP and mail headers write it: the local part quoted where it must be. */
export function formatAddress(address: Address): string {
  const local = DOT_ATOM.test(address.local) ? address.local : `"${address.local.replace(/["\\]/g, "\\$&")}"`;
  return address.domain === "" ? local : `${local}@${address.domain}`;
}

/** A path with its angle brackets; null is the null reverse-path. */
export function formatPath(address: Address | null): string {
  return address ? `<${formatAddress(address)}>` : "<>";
}

/** Whether both lead to the same mailbox. ASCII case of the local part does not count: no server of today gives it meaning. */
export function sameAddress(a: Address, b: Address): boolean {
  return asciiLower(a.domain) === asciiLower(b.domain) && asciiLower(a.local) === asciiLower(b.local);
}

/** Whether SMTPUTF8 is needed to name it (RFC 6531). */
export function needsUtf8(address: Address): boolean {
  return !ASCII_ONLY.test(address.local);
}

/** Offset of the "@" that ends the local part, or -1. In a quoted local part others may come before it. */
function domainSeparator(text: string): number {
  if (!text.startsWith('"')) return text.indexOf("@");
  for (let i = 1; i < text.length; i++) {
    if (text[i] === "\\") i++;
    else if (text[i] === '"') return text[i + 1] === "@" ? i + 1 : -1;
  }
  return -1;
}

// RFC 5321 4.1.3. Literals of other kinds ("[x-tag:...]") name nothing we can reach.
function parseLiteral(text: string): Result<string, AddressError> {
  if (!text.endsWith("]") || text.length > 60) return err("bad-domain");
  const inside = text.slice(1, -1);
  if (IPV4.test(inside)) return ok(`[${inside}]`);
  const six = /^ipv6:([0-9a-f:.]+)$/i.exec(inside)?.[1];
  const host = six === undefined ? undefined : URL.parse(`http://[${six}]/`)?.hostname;
  return host ? ok(`[IPv6:${host.slice(1, -1)}]`) : err("bad-domain");
}
