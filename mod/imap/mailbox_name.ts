/** Mailbox names on the wire: modified UTF-7 (RFC 3501 5.1.3), or UTF-8 once it was enabled (RFC 6855). */

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+,";
// deno-lint-ignore no-control-regex -- a name may not hold controls in any form
const CONTROLS = /[\u0000-\u001f\u007f-\u009f]/;

/**
 * Unicode of a modified UTF-7 name, in NFC, "INBOX" in capitals; null if it is not valid: raw 8-bit, an unfinished or wrongly padded shift,
 * printable ASCII that was shifted, lone surrogates, controls. The check is strict so that a name has one spelling.
 */
export function decodeMailboxName(wire: string): string | null {
  if (CONTROLS.test(wire)) return null;
  if (!wire.includes("&") && /^[ -~]*$/.test(wire)) return canonical(wire);
  let name = "";
  for (let at = 0; at < wire.length;) {
    const c = wire.charCodeAt(at);
    if (c > 0x7e) return null;
    if (c !== 0x26) {
      name += wire[at++];
      continue;
    }
    const end = wire.indexOf("-", at);
    if (end < 0) return null;
    if (end === at + 1) {
      name += "&";
    } else {
      const shifted = decodeShift(wire.slice(at + 1, end));
      // Two shifts in a row would be a second spelling of one.
      if (shifted === null || (wire[end + 1] === "&" && wire[end + 2] !== "-")) return null;
      name += shifted;
    }
    at = end + 1;
  }
  return canonical(name);
}

/** A name as it is on the wire when UTF-8 was enabled: null where it holds controls. */
export function decodeUtf8Name(text: string): string | null {
  return CONTROLS.test(text) || /[\u2028\u2029\ufffd]/.test(text) ? null : canonical(text);
}

/** Modified UTF-7 of a Unicode name. Reverses `decodeMailboxName`. */
export function encodeMailboxName(name: string): string {
  if (/^[ -%'-~]*$/.test(name)) return name;
  return name.replace(/&|[^ -~]+/g, (run) => run === "&" ? "&-" : `&${encodeShift(run)}-`);
}

function canonical(name: string): string {
  return /^inbox$/i.test(name) ? "INBOX" : name.normalize("NFC");
}

function decodeShift(text: string): string | null {
  let bits = 0;
  let held = 0;
  let decoded = "";
  for (const c of text) {
    const value = ALPHABET.indexOf(c);
    if (value < 0) return null;
    bits = ((bits << 6) | value) & 0x3fffff;
    held += 6;
    if (held < 16) continue;
    held -= 16;
    const unit = (bits >> held) & 0xffff;
    if ((unit >= 0x20 && unit < 0x7f) || unit < 0x20) return null;
    decoded += String.fromCharCode(unit);
  }
  // What is left may only be padding: less than a whole sextet, all zero.
  if (held >= 6 || (bits & ((1 << held) - 1)) !== 0) return null;
  return decoded !== "" && decoded.isWellFormed() && !CONTROLS.test(decoded) ? decoded : null;
}

function encodeShift(text: string): string {
  let encoded = "";
  let bits = 0;
  let held = 0;
  for (let i = 0; i < text.length; i++) {
    bits = ((bits << 16) | text.charCodeAt(i)) >>> 0;
    held += 16;
    while (held >= 6) {
      held -= 6;
      encoded += ALPHABET[(bits >>> held) & 63];
    }
    bits &= (1 << held) - 1;
  }
  if (held > 0) encoded += ALPHABET[(bits << (6 - held)) & 63];
  return encoded;
}
