/**
 * SASLprep (RFC 4013), as SCRAM asks of names and passwords. Where it is less than the letter: NFKC is that of today's Unicode, not of 3.2;
 * unassigned code points are let through, as in a query (RFC 3454 7: passwords hold emoji by now); the two sides of the bidi rule are told
 * apart by script, which for all living right-to-left scripts is the same.
 */

/** RFC 3454 B.1, commonly mapped to nothing. */
const NOTHING = /[\u00ad\u034f\u1806\u180b-\u180d\u200b-\u200d\u2060\ufe00-\ufe0f\ufeff]/gu;

/** RFC 3454 C.1.2, spaces beyond ASCII; U+200B, which stands in both tables, is taken for nothing. */
const SPACES = /[\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]/gu;

/** RFC 3454 C.2.1, C.2.2 controls; C.3 private use; C.4 non-characters; C.5 surrogates; C.6 to C.9. */
const PROHIBITED =
  // deno-lint-ignore no-control-regex
  /[\u0000-\u001f\u007f-\u009f\u06dd\u070f\u180e\u2028\u2029\u2061-\u2063\u206a-\u206f\ufff9-\uffff\u{1d173}-\u{1d17a}\ue000-\uf8ff\u{f0000}-\u{10ffff}\ufdd0-\ufdef\u2ff0-\u2ffb\u0340\u0341\u200e\u200f\u202a-\u202e\u{e0001}\u{e0020}-\u{e007f}]|\p{Noncharacter_Code_Point}|\p{Surrogate}/u;

const RIGHT_TO_LEFT =
  /[\p{Script=Hebrew}\p{Script=Arabic}\p{Script=Syriac}\p{Script=Thaana}\p{Script=Nko}\p{Script=Samaritan}\p{Script=Mandaic}]/u;
const LETTER = /\p{L}/u;

/** The prepared text, or null when it holds what no name or password may (RFC 4013 2.3, 2.4). */
export function saslPrep(text: string): string | null {
  // Nearly every name and password.
  if (/^[ -~]*$/.test(text)) return text;
  const prepared = text.replace(SPACES, " ").replace(NOTHING, "").normalize("NFKC");
  return PROHIBITED.test(prepared) || breaksBidi(prepared) ? null : prepared;
}

/** RFC 3454 6: text with a right-to-left letter has no left-to-right one, and begins and ends with right-to-left ones. */
function breaksBidi(text: string): boolean {
  if (!RIGHT_TO_LEFT.test(text)) return false;
  const signs = [...text];
  if (signs.some((s) => LETTER.test(s) && !RIGHT_TO_LEFT.test(s))) return true;
  return !RIGHT_TO_LEFT.test(signs[0] ?? "") || !RIGHT_TO_LEFT.test(signs.at(-1) ?? "");
}
