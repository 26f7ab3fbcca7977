/**
 * How much mail an account has, as Maildir++ keeps it: `maildirsize` in the account's root. Its first line is the bound ("5000000S,1000C"), each line
 * after it an amount and a number of messages to add up. Dovecot and Courier keep the same file. Invariants, all of Maildir++:
 * - Whoever adds or removes mail appends a line; nobody changes one. No lock is needed.
 * - It is counted anew, and replaced as a whole, when it is not there, cannot be read, has grown long, or has another bound; and before mail is
 *   refused, unless that was done a moment ago.
 * - It is a cache: losing it, or a line in a crash, costs a count. Sizes are those on disk.
 */
import { fromUtf8, utf8 } from "../base/bytes.ts";
import { isFsError } from "../base/fs.ts";
import { FOLDER_SEEN } from "../base/limits.ts";
import type { Quota, QuotaLimit } from "../store/store.ts";
import { sizeIn } from "./file_name.ts";
import { isDir, REMOVED_PREFIX } from "./layout.ts";
import type { Ports } from "./ports.ts";
import { inSlices } from "./slices.ts";

const LONGEST = 5120; // octets; longer ones are counted anew (Maildir++)
const FRESH = 15 * 60_000; // a count this young is believed when mail does not fit (Maildir++)

/** What a `maildirsize` says. */
export interface MaildirSize extends QuotaLimit {
  readonly used: { readonly octets: number; readonly messages: number };
  /** Lines but the first. */
  readonly lines: number;
}

/** Reads a `maildirsize`; null when it is none. */
export function parseMaildirSize(text: string): MaildirSize | null {
  const [definition = "", ...rest] = text.split("\n");
  // Without its end the last line may be half of one.
  if (rest.pop() !== "") return null;
  const limit: { octets: number | null; messages: number | null } = { octets: null, messages: null };
  for (const part of definition.split(",")) {
    const [, digits = "", unit] = /^(\d{1,15})([SC])$/.exec(part.trim()) ?? [];
    // 0 is none, to Dovecot.
    if (unit === "S") limit.octets = Number(digits) || null;
    else if (unit === "C") limit.messages = Number(digits) || null;
    else if (part !== "") return null;
  }
  let octets = 0;
  let messages = 0;
  for (const line of rest) {
    const [, size, count] = /^\s*(-?\d{1,15})\s+(-?\d{1,9})\s*$/.exec(line) ?? [];
    if (size === undefined) return null;
    octets += Number(size);
    messages += Number(count);
  }
  return { ...limit, used: { octets, messages }, lines: rest.length };
}

/** The first line of a `maildirsize`, without its end. */
export function formatLimit(limit: QuotaLimit): string {
  return [
    ...(limit.octets === null ? [] : [`${limit.octets}S`]),
    ...(limit.messages === null ? [] : [`${limit.messages}C`]),
  ].join(",");
}

function sameLimit(a: QuotaLimit, b: QuotaLimit): boolean {
  return a.octets === b.octets && a.messages === b.messages;
}

/** Gives back what `QuotaFile.reserve` set aside. */
export type Release = () => void;

const NOTHING_HELD: Release = () => {};

export class QuotaFile {
  readonly #ports: Ports;
  readonly #root: string;
  readonly #limit: () => QuotaLimit | null;
  /** On its way into the account, and not counted yet. */
  readonly #held = { octets: 0, messages: 0 };
  #counting: Promise<MaildirSize> | null = null;
  /** Monotonic time at which there was neither a bound nor a file. */
  #absent = -Infinity;

  /** `root` is the account's folder; `limit` its bounds as they are at the moment. */
  constructor(ports: Ports, root: string, limit: () => QuotaLimit | null) {
    this.#ports = ports;
    this.#root = root;
    this.#limit = limit;
  }

  get path(): string {
    return `${this.#root}/maildirsize`;
  }

  /** Whether changes are counted: there is a bound, or another program has one. */
  get counts(): boolean {
    if (this.#limit()) return true;
    const { fs, clock } = this.#ports;
    const now = clock.monotonic();
    if (now - this.#absent < FOLDER_SEEN) return false;
    if (fs.statSync(this.path) !== null) return true;
    this.#absent = now;
    return false;
  }

  /** What there is and may be; null without a bound. Throws FsError. */
  async usage(): Promise<Quota | null> {
    const limit = this.#limit();
    if (!limit) return null;
    const { used } = await this.#read(limit);
    return {
      limit,
      used: { octets: Math.max(0, used.octets), messages: Math.max(0, used.messages) },
    };
  }

  /**
   * Sets room aside for what is about to be added, so that many at once cannot all have the same; null when there is none. Release it after
   * `changed`. Where it cannot be found out there is room: a quota must not cost mail.
   */
  reserve(octets: number, messages: number): Promise<Release | null> {
    return this.#take(octets, messages, true);
  }

  /** Whether there is room now, as `reserve` finds it; nobody else has less by that. */
  async hasRoom(octets: number, messages: number): Promise<boolean> {
    return await this.#take(octets, messages, false) !== null;
  }

  async #take(octets: number, messages: number, hold: boolean): Promise<Release | null> {
    const limit = this.#limit();
    if (!limit) return NOTHING_HELD;
    try {
      const size = await this.#read(limit);
      if (!this.#fits(size, octets, messages)) {
        if (!this.#doubtful(size)) return null;
        if (!this.#fits(await this.#count(limit), octets, messages)) return null;
      }
    } catch (e) {
      if (!isFsError(e)) throw e;
      this.#ports.log.warn("quota not known", { path: this.path, why: e.code });
    }
    if (!hold) return NOTHING_HELD;
    this.#held.octets += octets;
    this.#held.messages += messages;
    let held = true;
    return () => {
      if (!held) return;
      held = false;
      this.#held.octets -= octets;
      this.#held.messages -= messages;
    };
  }

  /** Notes mail that was added, or (negative) removed. Never fails: what cannot be noted is counted anew. */
  async changed(octets: number, messages: number): Promise<void> {
    if ((octets === 0 && messages === 0) || !this.counts) return;
    const { fs } = this.#ports;
    try {
      // Not there: the next question counts, this mail with the rest.
      if (fs.statSync(this.path) === null) return;
      const file = await fs.append(this.path);
      try {
        await file.write(utf8(`${octets} ${messages}\n`));
      } finally {
        await file.close();
      }
    } catch (e) {
      if (!isFsError(e)) throw e;
      await this.forget();
    }
  }

  /** Has all counted anew at the next question. */
  async forget(): Promise<void> {
    try {
      await this.#ports.fs.remove(this.path);
    } catch (e) {
      if (!isFsError(e)) throw e;
      this.#ports.log.warn("quota is not up to date", { path: this.path, why: e.code });
    }
  }

  #fits({ octets: mostOctets, messages: mostMessages, used }: MaildirSize, octets: number, messages: number) {
    return (mostOctets === null || used.octets + this.#held.octets + octets <= mostOctets) &&
      (mostMessages === null || used.messages + this.#held.messages + messages <= mostMessages);
  }

  /** Whether a sum may be wrong: something came after the count, or the count is old. */
  #doubtful(size: MaildirSize): boolean {
    const stat = this.#ports.fs.statSync(this.path);
    return size.lines > 1 || !stat || this.#ports.clock.now() - stat.mtime > FRESH;
  }

  async #read(limit: QuotaLimit): Promise<MaildirSize> {
    const { fs } = this.#ports;
    const bytes = new Uint8Array(LONGEST + 1);
    const length = fs.readInto(this.path, bytes);
    const known = length === null || length > LONGEST
      ? null
      : parseMaildirSize(fromUtf8(bytes.subarray(0, length)));
    // The bound alone is what a power cut may leave of a count.
    if (known && known.lines > 0 && sameLimit(known, limit)) return known;
    return await this.#count(limit);
  }

  /** Counts all there is; one count for all who ask meanwhile. */
  async #count(limit: QuotaLimit): Promise<MaildirSize> {
    this.#counting ??= this.#countNow(limit).finally(() => this.#counting = null);
    return await this.#counting;
  }

  async #countNow(limit: QuotaLimit): Promise<MaildirSize> {
    const { fs, names, log } = this.#ports;
    const used = { octets: 0, messages: 0 };
    for (const { name, kind } of await fs.list(this.#root)) {
      if (kind !== "dir" || !name.startsWith(".") || name.startsWith(REMOVED_PREFIX)) continue;
      if (isDir(fs, `${this.#root}/${name}/cur`)) await this.#add(`${this.#root}/${name}`, used);
    }
    await this.#add(this.#root, used);
    const text = `${formatLimit(limit)}\n${used.octets} ${used.messages}\n`;
    const temporary = `${this.#root}/tmp/${names.next()}`;
    try {
      const file = await fs.create(temporary);
      try {
        await file.write(utf8(text));
      } finally {
        await file.close();
      }
      await fs.rename(temporary, this.path);
    } catch (e) {
      if (!isFsError(e)) throw e;
      // The disk is full or read-only: it is counted again next time.
      log.warn("quota not written down", { path: this.path, why: e.code });
      await fs.remove(temporary).catch(() => false);
    }
    return { ...limit, used, lines: 1 };
  }

  async #add(dir: string, used: { octets: number; messages: number }): Promise<void> {
    const { fs } = this.#ports;
    for (const part of ["new", "cur"]) {
      const entries = await this.#entries(`${dir}/${part}`);
      await inSlices(this.#ports, this.#root, entries, ({ name, kind }) => {
        if (kind !== "file" || name.startsWith(".")) return;
        const told = sizeIn(name, "S");
        const size = told >= 0 ? told : fs.statSync(`${dir}/${part}/${name}`)?.size;
        if (size === undefined) return; // gone meanwhile
        used.octets += size;
        used.messages++;
      });
    }
  }

  async #entries(path: string) {
    try {
      return await this.#ports.fs.list(path);
    } catch (e) {
      if (isFsError(e, "not-found")) return [];
      throw e;
    }
  }
}
