/** xtext (RFC 3461 4): how addresses and IDs stand in parameters. */

const XTEXT = /^(?:[!-*,-<>-~]|\+[0-9A-F]{2})*$/;

/** The text that xtext stands for; null where the grammar is broken or it stands for anything but printable ASCII. */
export function decodeXtext(text: string): string | null {
  if (!XTEXT.test(text)) return null;
  const plain = text.replace(/\+(..)/g, (_, hex: string) => String.fromCharCode(parseInt(hex, 16)));
  return /^[ -~]*$/.test(plain) ? plain : null;
}
