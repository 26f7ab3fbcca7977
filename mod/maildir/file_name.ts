/**
 * Names of message files, as Dovecot writes them: `TIME.M<usec>P<pid>.<host>,S=<octets>,W=<octets with CRLF>:2,<flags>`. The part before
 * ":2," is the base: it never changes while the message lives, the flags after it do. Flags are D F R S T and a-z (keywords), in
 * ASCII order; letters we do not know, and what comes after a second comma, are kept.
 */
import type { Clock } from "../base/clock.ts";
import type { Random } from "../base/random.ts";
import { ANSWERED, DELETED, DRAFT, type FlagBits, FLAGGED, KEYWORD_SHIFT, SEEN } from "../store/store.ts";

const INFO = ":2,";
const LETTERS: readonly (readonly [string, FlagBits])[] = [
  ["D", DRAFT],
  ["F", FLAGGED],
  ["R", ANSWERED],
  ["S", SEEN],
  ["T", DELETED],
];
const SYSTEM: ReadonlyMap<string, FlagBits> = new Map(LETTERS);
const SMALL_A = 97;

/** The part of a file's name that stays the same. Foreign names may have another info part (":1,"), or none. */
export function baseOf(file: string): string {
  const colon = file.indexOf(":");
  return colon < 0 ? file : file.slice(0, colon);
}

/** The flags in a file's name. Files in new/ have none, whatever they are called. */
export function flagsOf(file: string): FlagBits {
  const at = file.indexOf(INFO);
  let bits = 0;
  if (at < 0) return bits;
  for (let i = at + INFO.length; i < file.length; i++) {
    const code = file.charCodeAt(i);
    if (code === 0x2c) break;
    if (code >= SMALL_A && code < SMALL_A + 26) bits |= 1 << (KEYWORD_SHIFT + code - SMALL_A);
    else bits |= SYSTEM.get(file[i] as string) ?? 0;
  }
  return bits;
}

/** The same file with these flags; unknown letters and extensions of the old name stay. */
export function withFlags(file: string, flags: FlagBits): string {
  const at = file.indexOf(INFO);
  const base = baseOf(file);
  const info = at < 0 ? "" : file.slice(at + INFO.length);
  const comma = info.indexOf(",");
  const old = comma < 0 ? info : info.slice(0, comma);
  let letters = lettersOf(flags);
  const kept = [...old].filter((c) => !SYSTEM.has(c) && !(c >= "a" && c <= "z") && c !== "/");
  if (kept.length > 0) letters = [...new Set([...letters, ...kept])].sort().join("");
  return base + INFO + letters + (comma < 0 ? "" : info.slice(comma));
}

/** Flag letters in ASCII order. */
export function lettersOf(flags: FlagBits): string {
  let letters = "";
  for (const [letter, bit] of LETTERS) if (flags & bit) letters += letter;
  if (flags >>> KEYWORD_SHIFT === 0) return letters;
  for (let k = 0; k < 26; k++) {
    if (flags & (1 << (KEYWORD_SHIFT + k))) letters += String.fromCharCode(SMALL_A + k);
  }
  return letters;
}

/** A size in the name: `S` octets on disk, `W` octets with CRLF line ends; -1 when it is not told. */
export function sizeIn(file: string, field: "S" | "W"): number {
  const key = field === "S" ? ",S=" : ",W=";
  const at = file.indexOf(key);
  if (at < 0) return -1;
  let value = 0;
  let i = at + key.length;
  const start = i;
  for (; i < file.length; i++) {
    const digit = file.charCodeAt(i) - 0x30;
    if (digit < 0 || digit > 9) break;
    value = value * 10 + digit;
  }
  return i > start && Number.isSafeInteger(value) ? value : -1;
}

/** What a name says of when its file came, read once where many are put in order. */
export interface Arrival {
  readonly base: string;
  readonly seconds: number;
  readonly micros: number;
}

export function arrivalIn(base: string): Arrival {
  return { base, seconds: leadingNumber(base), micros: micros(base) };
}

/** Order in which new files get their UIDs: by the time in the name, then by its microseconds, then by name. */
export function compareArrivals(a: Arrival, b: Arrival): number {
  const order = a.seconds - b.seconds || a.micros - b.micros;
  return order || (a.base < b.base ? -1 : a.base > b.base ? 1 : 0);
}

/** The same of two names. */
export function compareArrival(a: string, b: string): number {
  return compareArrivals(arrivalIn(a), arrivalIn(b));
}

/** When a file got its name, in milliseconds since 1970, by the name itself: with the message, that is. null where it does not tell. */
export function arrivalOf(file: string): number | null {
  const seconds = /^(\d{9,10})\./.exec(file)?.[1];
  return seconds === undefined ? null : Number(seconds) * 1000;
}

function leadingNumber(file: string): number {
  const n = parseInt(file, 10);
  return Number.isNaN(n) ? Infinity : n;
}

function micros(file: string): number {
  const m = /^\d+\.M(\d{1,9})/.exec(file);
  return m ? Number(m[1]) : 0;
}

/** Makes names that no one else makes: time to the microsecond, never twice; process; a random mark of this start; host. */
export class NameMaker {
  readonly #clock: Clock;
  readonly #tail: string;
  #last = 0;

  constructor(clock: Clock, random: Random, pid: number, hostname: string) {
    this.#clock = clock;
    const mark = [...random.bytes(2)].map((b) => b.toString(16).padStart(2, "0")).join("");
    // Maildir's rule for hosts with characters that mean something in a name.
    const host = hostname.replace(/[/:,\s]/g, (c) => `\\0${c.charCodeAt(0).toString(8)}`) || "localhost";
    this.#tail = `P${pid}R${mark}.${host}`;
  }

  /** A new base, without sizes. */
  next(): string {
    const now = Math.floor(this.#clock.now()) * 1000;
    this.#last = now > this.#last ? now : this.#last + 1;
    const seconds = Math.floor(this.#last / 1e6);
    return `${seconds}.M${this.#last - seconds * 1e6}${this.#tail}`;
  }

  /** A new base with sizes. */
  sized(size: number, virtualSize: number): string {
    return `${this.next()},S=${size},W=${virtualSize}`;
  }
}
