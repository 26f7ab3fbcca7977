/**
 * `dovecot-keywords` of one folder: lines `NUMBER NAME`, number 0 being letter "a" in file names. A name, once given a number, keeps it; it is on the
 * medium before any file name carries its letter.
 */
import { fromUtf8, utf8 } from "../base/bytes.ts";
import { folderOf } from "../base/durable.ts";
import type { FileStat } from "../base/fs.ts";
import { KEYWORD_FILE_SIZE, KEYWORD_LENGTH, KEYWORDS } from "../base/limits.ts";
import { keywordNumber, knownBits } from "../store/flags.ts";
import type { FlagBits } from "../store/store.ts";
import { replaceLocked } from "./locked_file.ts";
import type { Ports } from "./ports.ts";
import { Serial } from "./serial.ts";

/** Names by number, "" where a number has none. Lines that make no sense are skipped. */
export function parseKeywords(text: string): string[] {
  const names: string[] = [];
  for (const line of text.split("\n")) {
    const m = /^(\d{1,2}) (.+)$/.exec(line);
    const k = Number(m?.[1] ?? KEYWORDS);
    if (k < KEYWORDS && m?.[2]) names[k] = m[2];
  }
  return Array.from(names, (n) => n ?? "");
}

export function formatKeywords(names: readonly string[]): string {
  return names.map((name, k) => name === "" ? "" : `${k} ${name}\n`).join("");
}

export class KeywordFile {
  readonly #ports: Ports;
  readonly #path: string;
  readonly #serial = new Serial();
  #names: readonly string[] = [];
  #seen: FileStat | null = null;
  /** What was read may still be on its way to the medium, put there by somebody else this very moment. */
  #durable = true;

  constructor(ports: Ports, dir: string) {
    this.#ports = ports;
    this.#path = `${dir}/dovecot-keywords`;
  }

  get names(): readonly string[] {
    return this.#names;
  }

  /** Reads the file again if it changed; true if the names did. */
  async refresh(): Promise<boolean> {
    const stat = this.#ports.fs.statSync(this.#path);
    const old = this.#seen;
    if (stat?.inode === old?.inode && stat?.mtime === old?.mtime && stat?.size === old?.size) return false;
    const bytes = stat && await this.#ports.fs.readFile(this.#path, KEYWORD_FILE_SIZE);
    const names = parseKeywords(fromUtf8(bytes ?? new Uint8Array()));
    this.#seen = stat;
    const same = names.length === this.#names.length && names.every((n, k) => n === this.#names[k]);
    if (same) return false;
    this.#names = names;
    this.#durable = false;
    return true;
  }

  /** Bits for keywords, giving numbers to new ones as long as there are any. */
  async bits(keywords: readonly string[]): Promise<{ readonly bits: FlagBits; readonly grew: boolean }> {
    const known = knownBits(keywords, this.#names);
    if (known.missing.length === 0 && this.#durable) return { bits: known.bits, grew: false };
    return await this.#serial.run(async () => {
      let grew = await this.refresh();
      const { missing } = knownBits(keywords, this.#names);
      if (missing.length > 0) grew = await this.#give(missing.filter(isKeyword)) || grew;
      if (!this.#durable) {
        await this.#ports.dirSync.sync(folderOf(this.#path));
        this.#durable = true;
      }
      return { bits: knownBits(keywords, this.#names).bits, grew };
    });
  }

  async #give(wanted: readonly string[]): Promise<boolean> {
    if (wanted.length === 0 || this.#names.filter((n) => n !== "").length >= KEYWORDS) return false;
    let given = this.#names;
    await replaceLocked(this.#ports, this.#path, KEYWORD_FILE_SIZE, (bytes) => {
      const names = parseKeywords(fromUtf8(bytes));
      for (const keyword of wanted) {
        if (keywordNumber(names, keyword) >= 0) continue;
        // A number without a name may still be in file names as a letter: new names go to the end first.
        const k = names.length < KEYWORDS ? names.length : names.indexOf("");
        if (k < 0) break;
        names[k] = keyword;
      }
      given = names;
      return utf8(formatKeywords(names));
    });
    // Only now: others ask meanwhile.
    this.#names = given;
    this.#durable = true;
    this.#seen = this.#ports.fs.statSync(this.#path);
    return true;
  }
}

/** What may stand in a line of the file. */
function isKeyword(name: string): boolean {
  return /^[^\s\p{Cc}]+$/u.test(name) && utf8(name).length <= KEYWORD_LENGTH;
}
