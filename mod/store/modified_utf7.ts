/** Modified UTF-7, how mailbox names travel in IMAP4rev1 and lie on disk in Maildir++ (RFC 3501 5.1.3). */

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+,";

/** Text to modified UTF-7 (ASCII). */
export function encodeModifiedUtf7(text: string): string {
  return text.replace(/&|[^\x20-\x7e]+/g, (run) => run === "&" ? "&-" : `&${encodeUnits(run)}-`);
}

/** Modified UTF-7 to text, or null when it is not in its one right form (bad base64, ASCII within base64, 8-bit, null shifts). */
export function decodeModifiedUtf7(encoded: string): string | null {
  if (/[^\x20-\x7e]/.test(encoded)) return null;
  let text = "";
  for (let at = 0; at < encoded.length;) {
    const shift = encoded.indexOf("&", at);
    if (shift < 0) return text + encoded.slice(at);
    const end = encoded.indexOf("-", shift);
    if (end < 0) return null;
    text += encoded.slice(at, shift);
    const part = end === shift + 1 ? "&" : decodeUnits(encoded.slice(shift + 1, end));
    // A shift right after another one could have been one shift: two spellings of a name must not exist.
    if (part === null || (part !== "&" && encoded[end + 1] === "&" && encoded[end + 2] !== "-")) return null;
    text += part;
    at = end + 1;
  }
  return text;
}

function encodeUnits(run: string): string {
  let out = "";
  let bits = 0;
  let held = 0;
  for (let i = 0; i < run.length; i++) {
    bits = ((bits << 16) | run.charCodeAt(i)) & 0x3fffff;
    held += 16;
    while (held >= 6) {
      held -= 6;
      out += ALPHABET[(bits >>> held) & 63];
    }
  }
  return held > 0 ? out + ALPHABET[(bits << (6 - held)) & 63] : out;
}

function decodeUnits(encoded: string): string | null {
  let text = "";
  let bits = 0;
  let held = 0;
  for (const char of encoded) {
    const value = ALPHABET.indexOf(char);
    if (value < 0) return null;
    bits = ((bits << 6) | value) & 0x3fffff;
    held += 6;
    if (held < 16) continue;
    held -= 16;
    const unit = (bits >>> held) & 0xffff;
    if (unit >= 0x20 && unit <= 0x7e) return null;
    text += String.fromCharCode(unit);
  }
  const padded = held < 6 && (bits & ((1 << held) - 1)) === 0;
  return padded && text.length > 0 && text.isWellFormed() ? text : null;
}
