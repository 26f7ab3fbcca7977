/**
 * Addresses as MAIL and RCPT carry them (RFC 5321 4.1.2, 4.1.3; RFC 6531 3.3): `<local@domain>`, quoted local parts, address
 * literals, source routes (read and thrown away, RFC 5321 appendix C).
 */
import { utf8 } from "../base/bytes.ts";
import { SMTP_DOMAIN, SMTP_LOCAL_PART } from "../base/limits.ts";
import type { Address } from "../mail/address.ts";

/** An address read from a path; null is "<>". */
export interface PathRead {
  readonly address: Address | null;
  /** It holds characters beyond ASCII, and so is only permitted with SMTPUTF8. */
  readonly international: boolean;
  /** Offset of what follows the ">". */
  readonly end: number;
}

// Beyond ASCII everything but C1 controls, surrogates and non-characters counts as a letter (RFC 6531 3.3).
const DOT_STRING =
  /[a-zA-Z0-9!#$%&'*+/=?^_`{|}~\u00a0-\ud7ff\ue000-\ufffd\u{10000}-\u{10fffd}-]+(?:\.[a-zA-Z0-9!#$%&'*+/=?^_`{|}~\u00a0-\ud7ff\ue000-\ufffd\u{10000}-\u{10fffd}-]+)*/uy;
const QUOTED = /"((?:[ !#-[\]-~\u00a0-\ud7ff\ue000-\ufffd\u{10000}-\u{10fffd}]|\\[ -~])*)"/uy;
const DOMAIN = /[a-zA-Z0-9_\u00a0-\ud7ff\ue000-\ufffd\u{10000}-\u{10fffd}.-]+/uy;
const LITERAL = /\[[0-9a-zA-Z:.]+\]/y;
const LABELS = /^(?!-)[a-z0-9_-]{1,63}(?<!-)(?:\.(?!-)[a-z0-9_-]{1,63}(?<!-))*$/;
// deno-lint-ignore no-control-regex -- ASCII is exactly this range
const ASCII = /^[\x00-\x7f]*$/;

/**
 * Reads a path that starts at `text[at]` with "<", or null if there is none. `bare` permits a local part alone, without a domain:
 * only "postmaster" (RFC 5321 4.1.1.3), which gets the domain "".
 */
export function parsePath(text: string, at: number, bare: boolean): PathRead | null {
  if (text[at] !== "<") return null;
  if (text[at + 1] === ">") return { address: null, international: false, end: at + 2 };
  const start = skipRoute(text, at + 1);
  if (start < 0) return null;
  const local = readLocal(text, start);
  if (!local) return null;
  if (text[local.end] === ">") {
    const postmaster = bare && local.value.toLowerCase() === "postmaster";
    return postmaster
      ? { address: { local: local.value, domain: "" }, international: false, end: local.end + 1 }
      : null;
  }
  if (text[local.end] !== "@") return null;
  const domain = readDomain(text, local.end + 1);
  if (!domain || text[domain.end] !== ">") return null;
  const international = !ASCII.test(text.slice(start, domain.end));
  return { address: { local: local.value, domain: domain.value }, international, end: domain.end + 1 };
}

/** Offset after `@one,@two:`, `at` itself when there is no route, -1 when it is broken. */
function skipRoute(text: string, at: number): number {
  let i = at;
  while (text[i] === "@") {
    const domain = readDomain(text, i + 1);
    if (!domain) return -1;
    i = domain.end;
    if (text[i] === ":") return i + 1;
    if (text[i] !== "," || text[i + 1] !== "@") return -1;
    i++;
  }
  return i;
}

interface Part {
  readonly value: string;
  readonly end: number;
}

function readLocal(text: string, at: number): Part | null {
  const quoted = text[at] === '"';
  const pattern = quoted ? QUOTED : DOT_STRING;
  pattern.lastIndex = at;
  const m = pattern.exec(text);
  if (!m) return null;
  const value = (quoted ? (m[1] ?? "").replace(/\\(.)/g, "$1") : m[0]).normalize("NFC");
  if (value === "" || octets(value) > SMTP_LOCAL_PART) return null;
  return { value, end: at + m[0].length };
}

function readDomain(text: string, at: number): Part | null {
  const literal = text[at] === "[";
  const pattern = literal ? LITERAL : DOMAIN;
  pattern.lastIndex = at;
  const m = pattern.exec(text);
  if (!m || m[0].length > SMTP_DOMAIN) return null;
  const value = literal ? canonicalLiteral(m[0]) : canonicalDomain(m[0]);
  return value === null ? null : { value, end: at + m[0].length };
}

/** Lower-case A-labels of a domain, or null when it is none. */
export function canonicalDomain(domain: string): string | null {
  let name = domain.toLowerCase();
  if (!ASCII.test(name)) {
    const a = toAscii(domain);
    if (a === null) return null;
    name = a;
  }
  return name.length <= SMTP_DOMAIN && LABELS.test(name) ? name : null;
}

/** Address literal in canonical form, with brackets (RFC 5321 4.1.3), or null. */
function canonicalLiteral(literal: string): string | null {
  const inner = literal.slice(1, -1);
  if (/^ipv6:/i.test(inner)) {
    const host = hostOf(`[${inner.slice(5)}]`);
    return host === null ? null : `[IPv6:${host.slice(1, -1)}]`;
  }
  return /^\d{1,3}(\.\d{1,3}){3}$/.test(inner) && hostOf(inner) === inner ? literal : null;
}

function toAscii(domain: string): string | null {
  const host = hostOf(domain);
  // The URL parser takes "１２７.1" for an IPv4 address: what has become all digits is no mail domain.
  return host === null || /^[\d.]+$/.test(host) ? null : host;
}

/** Host as the URL standard writes it: IDNA for names, canonical form for addresses. */
function hostOf(text: string): string | null {
  const url = URL.parse(`http://${text}/`);
  return url === null || url.port !== "" || url.username !== "" ? null : url.hostname;
}

function octets(text: string): number {
  return ASCII.test(text) ? text.length : utf8(text).length;
}

/** `local@domain` as it stands between "<" and ">", with quotes where the local part needs them. */
export function formatMailbox(address: Address): string {
  DOT_STRING.lastIndex = 0;
  const m = DOT_STRING.exec(address.local);
  const plain = m !== null && m[0].length === address.local.length;
  const local = plain ? address.local : `"${address.local.replace(/["\\]/g, "\\$&")}"`;
  return address.domain === "" ? local : `${local}@${address.domain}`;
}
