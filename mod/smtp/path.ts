/** Paths as MAIL and RCPT carry them (RFC 5321 4.1.2): `<local@domain>`, `<>`, source routes. What is within is mail/address.ts' business. */
import { type Address, formatAddress, parseAddress } from "../mail/address.ts";

/** An address read from a path; null is "<>". */
export interface PathRead {
  readonly address: Address | null;
  /** It holds characters beyond ASCII, and so is only permitted with SMTPUTF8. */
  readonly international: boolean;
  /** Offset of what follows the ">". */
  readonly end: number;
}

// deno-lint-ignore no-control-regex -- ASCII is exactly this range
const ASCII = /^[\x00-\x7f]*$/;

/**
 * Reads a path that starts at `text[at]` with "<", or null if there is none. `bare` permits a local part alone, without a domain:
 * only "postmaster" (RFC 5321 4.1.1.3), which gets the domain "".
 */
export function parsePath(text: string, at: number, bare: boolean): PathRead | null {
  if (text[at] !== "<") return null;
  if (text[at + 1] === ">") return { address: null, international: false, end: at + 2 };
  const close = closingBracket(text, at + 1);
  if (close < 0) return null;
  const inside = text.slice(at + 1, close);
  const address = parseAddress(inside);
  if (!address.ok || address.value.local === "") return null;
  if (address.value.domain === "" && !bare) return null;
  return { address: address.value, international: !ASCII.test(inside), end: close + 1 };
}

/** Offset of the ">" that ends a path; one within a quoted local part does not. -1 if there is none. */
function closingBracket(text: string, from: number): number {
  let quoted = false;
  for (let i = from; i < text.length; i++) {
    const c = text[i];
    if (quoted && c === "\\") i++;
    else if (c === '"') quoted = !quoted;
    else if (c === ">" && !quoted) return i;
  }
  return -1;
}

/** What stands between "<" and ">" of a path. */
export function formatMailbox(address: Address): string {
  return formatAddress(address);
}
