/**
 * Writers of IMAP responses (RFC 3501 7) into a ResponseBuffer. What other people wrote is quoted or sent as a literal here, and
 * only here; all other text is our own.
 */
import { fromAscii, holdsNul, utf8 } from "../base/bytes.ts";
import type { FlagBits } from "../store/store.ts";
import { KEYWORD_SHIFT } from "../store/store.ts";
import { encodeMailboxName } from "./mailbox_name.ts";
import { ResponseBuffer } from "./response_buffer.ts";
import { writeSet } from "./set.ts";
import type { PartialRange, SearchReturn, StatusItem } from "./types.ts";

const SPACE = 0x20;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN = 0x28;
const CLOSE = 0x29;
const SYSTEM_FLAGS = ["\\Seen", "\\Answered", "\\Flagged", "\\Deleted", "\\Draft"];
/** What stands for NUL, which no IMAP string may hold; Dovecot writes the same. */
const NUL_SUBSTITUTE = 0x80;

/** A status response. `code` goes without its brackets; `text` is one line of our own. */
export function writeStatus(
  out: ResponseBuffer,
  tag: string,
  state: "OK" | "NO" | "BAD" | "BYE" | "PREAUTH",
  code: string | null,
  text: string,
): void {
  out.ascii(tag);
  out.byte(SPACE);
  out.ascii(state);
  if (code !== null) {
    out.ascii(" [");
    out.ascii(code);
    out.byte(0x5d);
  }
  out.byte(SPACE);
  out.text(text === "" ? state : text);
  writeEnd(out);
}

/** CRLF. */
export function writeEnd(out: ResponseBuffer): void {
  out.byte(0x0d);
  out.byte(0x0a);
}

/** `* n EXISTS`, RECENT or EXPUNGE. */
export function writeCount(out: ResponseBuffer, n: number, what: "EXISTS" | "RECENT" | "EXPUNGE"): void {
  out.ascii("* ");
  out.number(n);
  out.byte(SPACE);
  out.ascii(what);
  writeEnd(out);
}

/** A list of flags by name: "(\Seen work)". */
export function writeFlagList(out: ResponseBuffer, names: readonly string[]): void {
  out.byte(OPEN);
  for (let i = 0; i < names.length; i++) {
    if (i > 0) out.byte(SPACE);
    out.text(names[i] ?? "");
  }
  out.byte(CLOSE);
}

/** A message's flags; `keywords` are the mailbox's. */
export function writeFlags(
  out: ResponseBuffer,
  bits: FlagBits,
  keywords: readonly string[],
  recent: boolean,
): void {
  writeFlagList(out, flagNames(bits, keywords, recent));
}

/** Names of the flags that are set, \Recent last of the system flags. */
export function flagNames(bits: FlagBits, keywords: readonly string[], recent: boolean): string[] {
  const names = SYSTEM_FLAGS.filter((_, i) => (bits & (1 << i)) !== 0);
  if (recent) names.push("\\Recent");
  for (let i = 0; bits >>> (KEYWORD_SHIFT + i) !== 0 && KEYWORD_SHIFT + i < 32; i++) {
    const keyword = keywords[i];
    if ((bits & (1 << (KEYWORD_SHIFT + i))) !== 0 && keyword) names.push(keyword);
  }
  return names;
}

/** A string: quoted where that is possible, else a literal. */
export function writeString(out: ResponseBuffer, bytes: Uint8Array): void {
  let escapes = 0;
  for (let i = 0; i < bytes.length; i++) {
    const c = bytes[i] ?? 0;
    if (c >= 0x7f || (c < SPACE && c !== 0x09)) return writeLiteral(out, bytes);
    if (c === QUOTE || c === BACKSLASH) escapes++;
  }
  out.byte(QUOTE);
  if (escapes === 0) {
    out.bytes(bytes);
  } else {
    for (let i = 0; i < bytes.length; i++) {
      const c = bytes[i] ?? 0;
      if (c === QUOTE || c === BACKSLASH) out.byte(BACKSLASH);
      out.byte(c);
    }
  }
  out.byte(QUOTE);
}

/** Octets as a string may hold them, as many as there are: NUL is replaced (RFC 9051 4.3). Without one, the array itself. */
export function withoutNul(bytes: Uint8Array): Uint8Array {
  return holdsNul(bytes) ? bytes.map((c) => c === 0 ? NUL_SUBSTITUTE : c) : bytes;
}

/** A literal of these octets; NUL is replaced. */
export function writeLiteral(out: ResponseBuffer, bytes: Uint8Array): void {
  writeLiteralHeader(out, bytes.length);
  out.bytes(withoutNul(bytes));
}

/** "{size}" and CRLF: exactly `size` octets must follow. */
export function writeLiteralHeader(out: ResponseBuffer, size: number): void {
  out.byte(0x7b);
  out.number(size);
  out.byte(0x7d);
  writeEnd(out);
}

/** A string, or NIL. */
export function writeNstring(out: ResponseBuffer, bytes: Uint8Array | null): void {
  if (bytes === null) out.ascii("NIL");
  else writeString(out, bytes);
}

/** An atom where that is possible, else a string. */
export function writeAstring(out: ResponseBuffer, text: string): void {
  // "NIL" would be read as one by careless clients.
  if (/^[!#$&'+-Z^-z|}~[\]]+$/.test(text) && !/^nil$/i.test(text)) out.ascii(text);
  else writeString(out, utf8(text));
}

/** A mailbox name, as modified UTF-7 or (once UTF8=ACCEPT is enabled, RFC 6855 3) as quoted UTF-8. */
export function writeMailbox(out: ResponseBuffer, name: string, utf8Enabled: boolean): void {
  if (!utf8Enabled || /^[ -~]*$/.test(name)) return writeAstring(out, encoded(name, utf8Enabled));
  out.byte(QUOTE);
  out.text(name.replace(/["\\]/g, "\\$&"));
  out.byte(QUOTE);
}

function encoded(name: string, utf8Enabled: boolean): string {
  return utf8Enabled ? name : encodeMailboxName(name);
}

/** One mailbox of a LIST or LSUB answer (RFC 3501 7.2.2, RFC 5258). */
export interface ListedMailbox {
  /** Null: no levels. */
  readonly separator: string | null;
  readonly name: string;
  /** Without backslash: "HasChildren", "Sent". */
  readonly attributes: readonly string[];
  /** CHILDINFO (RFC 5258 3.5): "SUBSCRIBED"; empty for none. */
  readonly childInfo?: readonly string[];
  /** OLDNAME (RFC 9051 7.3.1): what the mailbox was called before, or was asked to be. */
  readonly oldName?: string;
}

/** `* LIST (...) "." name` */
export function writeList(
  out: ResponseBuffer,
  kind: "LIST" | "LSUB",
  listed: ListedMailbox,
  utf8Enabled: boolean,
): void {
  out.ascii("* ");
  out.ascii(kind);
  out.byte(SPACE);
  writeFlagList(out, listed.attributes.map((a) => `\\${a}`));
  out.byte(SPACE);
  if (listed.separator === null) out.ascii("NIL");
  else writeString(out, utf8(listed.separator));
  out.byte(SPACE);
  writeMailbox(out, listed.name, utf8Enabled);
  if (listed.childInfo && listed.childInfo.length > 0) {
    out.ascii(` ("CHILDINFO" (${listed.childInfo.map((c) => `"${c}"`).join(" ")}))`);
  }
  if (listed.oldName !== undefined) {
    out.ascii(' ("OLDNAME" (');
    writeMailbox(out, listed.oldName, utf8Enabled);
    out.ascii("))");
  }
  writeEnd(out);
}

/** `* STATUS name (MESSAGES 3 ...)` in the order of `values`. */
export function writeMailboxStatus(
  out: ResponseBuffer,
  name: string,
  values: readonly (readonly [StatusItem, number | string])[],
  utf8Enabled: boolean,
): void {
  out.ascii("* STATUS ");
  writeMailbox(out, name, utf8Enabled);
  out.ascii(" (");
  for (let i = 0; i < values.length; i++) {
    const value = values[i];
    if (!value) continue;
    if (i > 0) out.byte(SPACE);
    out.ascii(value[0]);
    out.byte(SPACE);
    if (typeof value[1] === "number") out.number(value[1]);
    else out.ascii(value[1]);
  }
  out.byte(CLOSE);
  writeEnd(out);
}

/** `* SEARCH 2 5`. */
export function writeSearch(
  out: ResponseBuffer,
  numbers: readonly number[],
  modSeq: number | null = null,
): void {
  writeNumbers(out, "* SEARCH", numbers, modSeq);
}

/** `* SORT 5 2` (RFC 5256 4). */
export function writeSort(
  out: ResponseBuffer,
  numbers: readonly number[],
  modSeq: number | null = null,
): void {
  writeNumbers(out, "* SORT", numbers, modSeq);
}

function writeNumbers(
  out: ResponseBuffer,
  name: string,
  numbers: readonly number[],
  modSeq: number | null,
): void {
  out.ascii(name);
  for (let i = 0; i < numbers.length; i++) {
    out.byte(SPACE);
    out.number(numbers[i] ?? 0);
  }
  if (modSeq !== null) out.ascii(` (MODSEQ ${modSeq})`);
  writeEnd(out);
}

/** Results as ESEARCH tells them. */
export interface SearchResults {
  readonly tag: string;
  readonly uid: boolean;
  /** In order. */
  readonly found: readonly number[];
  readonly returns: readonly SearchReturn[];
  /** What PARTIAL asked for. */
  /** RFC 7162 3.1.5: the highest of what was found. */
  readonly modSeq?: number | null;
  readonly part?: { readonly range: PartialRange; readonly numbers: readonly number[] } | null;
  /** Where they are (RFC 7377 2.1). */
  readonly mailbox?: { readonly name: string; readonly uidValidity: number; readonly utf8: boolean } | null;
}

/** `* ESEARCH (TAG "a") UID COUNT 3 ALL 1:3` (RFC 4731 3.1). */
export function writeEsearch(
  out: ResponseBuffer,
  { tag, uid, found, returns, part, modSeq = null, mailbox }: SearchResults,
): void {
  out.ascii(`* ESEARCH (TAG "${tag}"`);
  if (mailbox) {
    out.ascii(" MAILBOX ");
    writeMailbox(out, mailbox.name, mailbox.utf8);
    number(out, " UIDVALIDITY ", mailbox.uidValidity);
  }
  out.byte(CLOSE);
  if (uid) out.ascii(" UID");
  const first = found[0];
  const last = found[found.length - 1];
  if (first !== undefined && last !== undefined) {
    if (returns.includes("MIN")) number(out, " MIN ", first);
    if (returns.includes("MAX")) number(out, " MAX ", last);
    if (returns.includes("ALL")) {
      out.ascii(" ALL ");
      writeSet(out, found);
    }
  }
  if (returns.includes("COUNT")) number(out, " COUNT ", found.length);
  if (returns.includes("RELEVANCY") && first !== undefined) {
    const ends = Number(returns.includes("MIN")) + Number(returns.includes("MAX"));
    const told = part?.numbers.length ?? (returns.includes("ALL") || ends === 0 ? found.length : ends);
    // RFC 6203 4: 100 is most relevant; whatever was found matches wholly.
    out.ascii(` RELEVANCY (${Array(told).fill("100").join(" ")})`);
  }
  if (part) {
    const sign = part.range.fromEnd ? "-" : "";
    out.ascii(` PARTIAL (${sign}${part.range.from}:${sign}${part.range.to} `);
    if (part.numbers.length === 0) out.ascii("NIL");
    else writeSet(out, part.numbers);
    out.byte(CLOSE);
  }
  if (modSeq !== null) number(out, " MODSEQ ", modSeq);
  writeEnd(out);
}

/** Response code COPYUID (RFC 4315 3): `from` and `to` pairwise. */
export function copyUidCode(uidValidity: number, from: readonly number[], to: readonly number[]): string {
  return `COPYUID ${uidValidity} ${setText(from)} ${setText(to)}`;
}

/** Response code APPENDUID (RFC 4315 3). */
export function appendUidCode(uidValidity: number, uids: readonly number[]): string {
  return `APPENDUID ${uidValidity} ${setText(uids)}`;
}

function setText(numbers: readonly number[]): string {
  const out = new ResponseBuffer(64);
  writeSet(out, numbers);
  return fromAscii(out.take());
}

function number(out: ResponseBuffer, name: string, value: number): void {
  out.ascii(name);
  out.number(value);
}
