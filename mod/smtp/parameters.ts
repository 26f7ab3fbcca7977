/** Parameters of MAIL and RCPT (RFC 5321 4.1.1.11), each by the grammar of the RFC that brought it. */
import { asciiLower, asciiUpper } from "../base/bytes.ts";
import { err, ok, type Result } from "../base/result.ts";
import { decodeXtext } from "./xtext.ts";

/** Parameters of MAIL. */
export interface MailParameters {
  /** RFC 1870: octets as announced, or null. */
  readonly size: number | null;
  /** RFC 6152, 3030. */
  readonly body: "7bit" | "8bitmime" | "binarymime" | null;
  /** RFC 6531. */
  readonly smtpUtf8: boolean;
  /** DSN (RFC 3461 4.3, 4.4): what a report of failure brings back, and the sender's name for the message, xtext decoded. */
  readonly ret?: "full" | "headers";
  readonly envelopeId?: string;
  /** RFC 8689 3: no hop without TLS and a certificate that is valid. */
  readonly requireTls?: true;
  /** RFC 6710 4.1: -9 to 9, higher first; 0 where none is given. */
  readonly priority?: number;
  /** RFC 2852 4: to be delivered within so many seconds, which may be over for mode "notify". */
  readonly by?: { readonly seconds: number; readonly mode: "return" | "notify"; readonly trace?: true };
  /** RFC 4865 4: not to be sent before; in milliseconds from now, or since 1970. */
  readonly hold?: { readonly kind: "for" | "until"; readonly ms: number };
}

export type Notify = "never" | "success" | "failure" | "delay";

/** Parameters of RCPT: DSN (RFC 3461 4.1, 4.2). */
export interface RecipientParameters {
  /** "never" stands alone. None given means failure and delay. */
  readonly notify?: readonly Notify[];
  /** "rfc822;user@example.org", xtext decoded. */
  readonly originalRecipient?: string;
}

export type ParameterFault = "bad-parameter" | "unknown-parameter";

type Draft<T> = { -readonly [K in keyof T]: T[K] };
/** Reads one parameter; false where its grammar is broken. */
type Reader<T> = (value: string | null, into: Draft<T>) => boolean;

/** RFC 3461 4.2, 4.4. */
const ENVELOPE_ID = 100;
const ORIGINAL_RECIPIENT = 500;

const BODIES: ReadonlyMap<string, MailParameters["body"]> = new Map([
  ["7BIT", "7bit"],
  ["8BITMIME", "8bitmime"],
  ["BINARYMIME", "binarymime"],
]);

const MAIL: ReadonlyMap<string, Reader<MailParameters>> = new Map<string, Reader<MailParameters>>([
  ["SIZE", (value, into) => {
    // RFC 1870 3: 1*20DIGIT
    if (value === null || !/^\d{1,20}$/.test(value)) return false;
    into.size = Number(value);
    return true;
  }],
  ["BODY", (value, into) => {
    into.body = BODIES.get(asciiUpper(value ?? "")) ?? null;
    return into.body !== null;
  }],
  ["SMTPUTF8", (value, into) => {
    into.smtpUtf8 = true;
    return value === null;
  }],
  // RFC 4954 5: xtext or "<>". Read and not passed on, as for an untrusted client.
  ["AUTH", (value) => value !== null && /^(?:<>|(?:[!-*,-<>-~]|\+[0-9A-F]{2})+)$/.test(value)],
  ["REQUIRETLS", (value, into) => {
    into.requireTls = true;
    return value === null;
  }],
  ["MT-PRIORITY", (value, into) => {
    if (value === null || !/^(?:0|-?[1-9])$/.test(value)) return false;
    into.priority = Number(value);
    return true;
  }],
  ["HOLDFOR", (value, into) => {
    // RFC 4865 4.1. Only one of the two may be given.
    if (into.hold || value === null || !/^[1-9]\d{0,8}$/.test(value)) return false;
    into.hold = { kind: "for", ms: Number(value) * 1000 };
    return true;
  }],
  ["HOLDUNTIL", (value, into) => {
    const ms = into.hold || value === null ? null : utcTime(value);
    if (ms === null) return false;
    into.hold = { kind: "until", ms };
    return true;
  }],
  ["BY", (value, into) => {
    const by = /^([+-]?\d{1,9});([NR])(T?)$/i.exec(value ?? "");
    if (!by) return false;
    const seconds = Number(by[1]);
    const mode = asciiUpper(by[2] ?? "") === "R" ? "return" : "notify";
    into.by = { seconds, mode, ...(by[3] ? { trace: true } : {}) };
    // RFC 2852 4: what is to come back needs some time.
    return mode === "notify" || seconds > 0;
  }],
  ["RET", (value, into) => {
    const wanted = asciiUpper(value ?? "");
    if (wanted !== "FULL" && wanted !== "HDRS") return false;
    into.ret = wanted === "FULL" ? "full" : "headers";
    return true;
  }],
  ["ENVID", (value, into) => {
    const id = value === null || value.length > ENVELOPE_ID ? null : decodeXtext(value);
    if (id === null) return false;
    into.envelopeId = id;
    return true;
  }],
]);

const NOTIFY: ReadonlyMap<string, Notify> = new Map([
  ["SUCCESS", "success"],
  ["FAILURE", "failure"],
  ["DELAY", "delay"],
]);

const RCPT: ReadonlyMap<string, Reader<RecipientParameters>> = new Map<string, Reader<RecipientParameters>>([
  ["NOTIFY", (value, into) => {
    const words = asciiUpper(value ?? "").split(",");
    const wanted = words.flatMap((w) => NOTIFY.get(w) ?? []);
    const never = words.length === 1 && words[0] === "NEVER";
    if (!never && (wanted.length !== words.length || new Set(wanted).size !== wanted.length)) return false;
    into.notify = never ? ["never"] : wanted;
    return true;
  }],
  ["ORCPT", (value, into) => {
    const original = value === null || value.length > ORIGINAL_RECIPIENT ? null : originalRecipient(value);
    if (original === null) return false;
    into.originalRecipient = original;
    return true;
  }],
]);

// Without the "u" flag, which makes it ten times slower: the text was valid UTF-8, so surrogates come in pairs.
const PARAMETER = /^([a-zA-Z0-9][a-zA-Z0-9-]*)(?:=([!-<>-~\u00a0-\uffff]+))?$/;
const NO_MAIL_PARAMETERS: MailParameters = { size: null, body: null, smtpUtf8: false };
const NO_RECIPIENT_PARAMETERS: RecipientParameters = {};

/** What follows the path of MAIL, from offset `at` of `rest`. */
export function parseMailParameters(rest: string, at: number): Result<MailParameters, ParameterFault> {
  return at >= rest.length ? ok(NO_MAIL_PARAMETERS) : read(rest, at, MAIL, { ...NO_MAIL_PARAMETERS });
}

/** What follows the path of RCPT, from offset `at` of `rest`. */
export function parseRecipientParameters(
  rest: string,
  at: number,
): Result<RecipientParameters, ParameterFault> {
  return at >= rest.length ? ok(NO_RECIPIENT_PARAMETERS) : read(rest, at, RCPT, {});
}

function read<T>(
  rest: string,
  at: number,
  readers: ReadonlyMap<string, Reader<T>>,
  into: Draft<T>,
): Result<T, ParameterFault> {
  if (rest[at] !== " ") return err("bad-parameter");
  const seen = new Set<string>();
  for (const word of rest.slice(at).split(" ")) {
    if (word === "") continue;
    const m = PARAMETER.exec(word);
    if (!m) return err("bad-parameter");
    const keyword = asciiUpper(m[1] ?? "");
    // RFC 5321 4.1.1.11: none twice.
    if (seen.has(keyword)) return err("bad-parameter");
    seen.add(keyword);
    const reader = readers.get(keyword);
    if (!reader) return err("unknown-parameter");
    if (!reader(m[2] ?? null, into)) return err("bad-parameter");
  }
  return ok(into);
}

/** RFC 3339 date and time in UTC, in milliseconds since 1970; null where there is no such time. */
function utcTime(text: string): number | null {
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?Z$/.test(text)) return null;
  const time = new Date(text);
  // Of the 30th of February some make the 2nd of March.
  const real = !Number.isNaN(time.getTime()) && time.toISOString().slice(0, 19) === text.slice(0, 19);
  return real ? time.getTime() : null;
}

/** RFC 3461 4.2: "type;xtext". RFC 6533 3 for "utf-8": characters as they are, or as \x{HEX}. */
function originalRecipient(value: string): string | null {
  const [, type, text] = /^([A-Za-z0-9-]+);(.+)$/.exec(value) ?? [];
  if (type === undefined || text === undefined) return null;
  if (asciiLower(type) !== "utf-8") {
    const plain = decodeXtext(text);
    return plain === null ? null : `${type};${plain}`;
  }
  let broken = false;
  const plain = text.replace(
    /\\x\{([0-9A-F]{1,6})\}|\\|\+([0-9A-F]{2})?/g,
    (all, hex?: string, octet?: string) => {
      const code = parseInt(hex ?? octet ?? "", 16);
      // Controls and surrogates would name nobody, and could end a line of the report.
      const usable = code >= 0x20 && code !== 0x7f && !(code >= 0x80 && code < 0xa0) &&
        !(code >= 0xd800 && code < 0xe000) && code <= 0x10ffff && (octet === undefined || code < 0x7f);
      if (!usable) broken = true;
      return usable ? String.fromCodePoint(code) : all;
    },
  );
  // Line separators of Unicode.
  return broken || /[\u0080-\u009f\u2028\u2029]/.test(plain) ? null : `${type};${plain}`;
}
