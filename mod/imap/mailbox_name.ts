/** Mailbox names on the wire: modified UTF-7 (RFC 3501 5.1.3), or UTF-8 once it was enabled (RFC 6855). */
import { decodeModifiedUtf7, encodeModifiedUtf7 } from "../store/modified_utf7.ts";

// deno-lint-ignore no-control-regex -- a name may not hold controls in any form
const CONTROLS = /[\u0000-\u001f\u007f-\u009f]/;

/**
 * Unicode of a modified UTF-7 name, in NFC, "INBOX" in capitals; null if it is not valid or holds controls. The check is strict so that a
 * name has one spelling.
 */
export function decodeMailboxName(wire: string): string | null {
  const name = decodeModifiedUtf7(wire);
  return name === null || CONTROLS.test(name) ? null : canonical(name);
}

/** A name as it is on the wire when UTF-8 was enabled: null where it holds controls. */
export function decodeUtf8Name(text: string): string | null {
  return CONTROLS.test(text) || /[\u2028\u2029\ufffd]/.test(text) ? null : canonical(text);
}

/** Modified UTF-7 of a Unicode name. Reverses `decodeMailboxName`. */
export function encodeMailboxName(name: string): string {
  return encodeModifiedUtf7(name);
}

function canonical(name: string): string {
  return /^inbox$/i.test(name) ? "INBOX" : name.normalize("NFC");
}
