/** Messages we write ourselves: bounces, notices. Octets with CRLF, lines folded, nothing that can break out of its field. */
import { utf8 } from "../base/bytes.ts";
import { type Address, formatAddress } from "./address.ts";
import { encodeWords } from "./encoded_word.ts";

const FOLD = 76; // characters a line may have before it is folded; RFC 5322 2.1.1 recommends 78

/** A field: its name and its value, which is ASCII or, in SMTPUTF8 messages, UTF-8. */
export type Field = readonly [name: string, value: string];

/** A header block without the blank line: each field folded, control characters made spaces. */
export function formatFields(fields: readonly Field[]): string {
  return fields.map(([name, value]) => foldField(name, value)).join("");
}

/** A field with its line end, folded at spaces where its lines grow too long. */
export function foldField(name: string, value: string): string {
  const words = oneLine(value).split(" ").filter((w) => w !== "");
  let line = `${name}:`;
  let out = "";
  words.forEach((word, i) => {
    if (i > 0 && line.length + 1 + word.length > FOLD) {
      out += `${line}\r\n`;
      line = "";
    }
    line += ` ${word}`;
  });
  return `${out}${line}\r\n`;
}

/** Text with control characters, line ends among them, made spaces: it can neither end a field nor a line. */
export function oneLine(text: string): string {
  // deno-lint-ignore no-control-regex -- control characters are what it is about
  return text.replace(/[\0-\x1f\x7f-\x9f\u2028\u2029]+/g, " ").trim();
}

/** `Name <local@domain>` for From and To; the name quoted or in encoded words as it needs. */
export function formatNamed(name: string, address: Address): string {
  const path = `<${formatAddress(address)}>`;
  const clean = oneLine(name);
  if (clean === "") return path;
  const encoded = encodeWords(clean);
  if (encoded !== clean || /^[A-Za-z0-9!#$%&'*+\-/=?^_`{|}~ ]+$/.test(clean)) return `${encoded} ${path}`;
  return `"${clean.replace(/["\\]/g, "\\$&")}" ${path}`;
}

/** Lines of text with CRLF, each ended. */
export function formatLines(text: string): string {
  return text.replace(/\r\n|\r|\n/g, "\n").replace(/\n*$/, "\n").replace(/\n/g, "\r\n");
}

/** A plain text message. MIME fields are added; `subject` is encoded as it needs. */
export function composeText(fields: readonly Field[], subject: string, text: string): Uint8Array {
  const all: Field[] = [
    ...fields,
    ["Subject", encodeWords(oneLine(subject))],
    ["MIME-Version", "1.0"],
    ["Content-Type", "text/plain; charset=utf-8"],
    ["Content-Transfer-Encoding", isAscii(text) ? "7bit" : "8bit"],
  ];
  return utf8(`${formatFields(all)}\r\n${formatLines(text)}`);
}

/** Whether all characters are ASCII. */
export function isAscii(text: string): boolean {
  return /^[\0-\x7f]*$/.test(text);
}
