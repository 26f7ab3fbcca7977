/**
 * Takes messages that come from another mail store into a folder, under UIDs that are kept where that can be. Other processes may have the folder open:
 * all goes by the lock of its UID list. Invariants:
 * - A message is known again by the key of its file name, so taking in may be cut off anywhere and begun anew.
 * - A record is on the medium before its file gets its name: whoever sees the file finds its UID.
 */
import { isFsError } from "../base/fs.ts";
import { KEYWORDS, TRANSFER_BATCH } from "../base/limits.ts";
import { keywordNumber } from "../store/flags.ts";
import type { NamedFlags, Uid } from "../store/store.ts";
import { baseOf, withFlags } from "./file_name.ts";
import { findFolder, makeFolder } from "./folder_tree.ts";
import { KeywordFile } from "./keyword_file.ts";
import { folderDir } from "./layout.ts";
import type { Ports } from "./ports.ts";
import { QuotaFile } from "./quota_file.ts";
import { inParallel } from "./slices.ts";
import { UidFile } from "./uid_file.ts";
import type { UidHeader, UidRecord } from "./uid_list.ts";

/** A file to be put into the folder. Its contents are synced. */
export interface IntakePart {
  readonly from: string;
  readonly base: string;
  readonly flags: NamedFlags;
  /** Its UID elsewhere; null for none. */
  readonly uid: Uid | null;
  /** Extension fields for its record in the UID list. */
  readonly extensions?: string;
}

/** What came of a batch. */
export interface IntakeOutcome {
  /** Messages whose UID could not be kept. */
  readonly renumbered: number;
  /** Keywords that got no letter, each as often as messages had it. */
  readonly keywords: readonly string[];
}

const WIDTH = 8;

/** What of a file's name stays the same when sizes are put into it or taken out. */
export function intakeKey(base: string): string {
  return base.replace(/,[SW]=\d*/g, "");
}

export class Intake {
  readonly #ports: Ports;
  readonly #dir: string;
  readonly #uidFile: UidFile;
  readonly #quotaFile: QuotaFile;
  readonly #keywordFile: KeywordFile;
  /** Files that are there, by key: the path, or null for one on its way. */
  readonly #there = new Map<string, string | null>();
  /** The newest records whose files are not there. */
  #records: ReadonlyMap<string, UidRecord> = new Map();

  private constructor(ports: Ports, dir: string, root: string) {
    this.#ports = ports;
    this.#dir = dir;
    this.#uidFile = new UidFile(ports, dir, root);
    this.#quotaFile = new QuotaFile(ports, root, () => null);
    this.#keywordFile = new KeywordFile(ports, dir);
  }

  /** Opens the folder (a canonical name) of the account in `root`, making it if need be. null for a name no folder can have. */
  static async open(ports: Ports, root: string, name: string): Promise<Intake | null> {
    const dir = folderDir(name, ports.separator);
    if (dir === null) return null;
    if (findFolder(ports, root, name) === null) await makeFolder(ports, root, dir);
    const intake = new Intake(ports, dir === "" ? root : `${root}/${dir}`, root);
    await intake.#look();
    return intake;
  }

  /** Files that were there when it was opened, and since. */
  get size(): number {
    return this.#there.size;
  }

  /** Takes over UIDVALIDITY and next UID of the folder's other self, if nothing was ever here; true where UIDs can be kept. */
  async adopt(header: UidHeader): Promise<boolean> {
    return await this.#uidFile.locked(async () => {
      if (this.#there.size === 0 && await this.#uidFile.adopt(header)) return true;
      // The same import, begun before.
      return this.#uidFile.uidValidity === header.uidValidity;
    });
  }

  /** Path of the file with this key; "coming" for one that was reserved; null for none. */
  find(key: string): string | "coming" | null {
    const path = this.#there.get(key);
    return path === undefined ? null : path ?? "coming";
  }

  /** Whether a file may be called so. */
  static mayBe(base: string): boolean {
    // deno-lint-ignore no-control-regex
    return !/[\u0000-\u001f\u007f/:]/.test(base) && base.isWellFormed() && !base.startsWith(".") &&
      new TextEncoder().encode(base).length < 220; // room for sizes and flags
  }

  /** Notes that a file with this key is on its way. */
  reserve(key: string): void {
    this.#there.set(key, null);
  }

  /** Puts files there, in order; durable when it resolves. `keep` says that UIDs are kept as long as they go up. */
  async put(parts: readonly IntakePart[], keep: boolean): Promise<IntakeOutcome> {
    const lacking: string[] = [];
    const bits: number[] = [];
    for (const { flags } of parts) {
      bits.push(flags.system | (await this.#keywordFile.bits(flags.keywords)).bits);
      const names = this.#keywordFile.names;
      for (const k of flags.keywords) {
        const number = keywordNumber(names, k);
        if (number < 0 || number >= KEYWORDS) lacking.push(k);
      }
    }
    const renumbered = await this.#uidFile.locked(async () => {
      const { records, renumbered } = this.#number(parts, keep);
      await this.#uidFile.append(records);
      const cur = `${this.#dir}/cur`;
      await inParallel(parts.map((part, i) => ({ part, i })), WIDTH, async ({ part, i }) => {
        const to = `${cur}/${withFlags(part.base, bits[i] ?? 0)}`;
        await this.#ports.fs.rename(part.from, to);
        this.#there.set(intakeKey(part.base), to);
      });
      await this.#ports.dirSync.sync(cur);
      return renumbered;
    });
    await this.#quotaFile.forget(); // what was taken in is counted with the rest, when somebody asks
    return { renumbered, keywords: lacking };
  }

  /** UIDs for parts that have no record yet. */
  #number(parts: readonly IntakePart[], keep: boolean): { records: UidRecord[]; renumbered: number } {
    const records: UidRecord[] = [];
    let last = this.#uidFile.lastUid;
    let renumbered = 0;
    for (const { base, uid: wanted, extensions = "" } of parts) {
      if (keep && this.#records.has(base)) continue; // cut off between record and file
      const kept = keep && wanted !== null && wanted > last;
      if (!kept && wanted !== null) renumbered++;
      const uid = kept ? wanted : Math.max(this.#uidFile.nextUid, last + 1);
      records.push({ uid, extensions, base });
      last = uid;
    }
    return { records, renumbered };
  }

  async #look(): Promise<void> {
    for (const part of ["new", "cur"]) {
      const path = `${this.#dir}/${part}`;
      try {
        for (const { name, kind } of await this.#ports.fs.list(path)) {
          if (kind === "file" && !name.startsWith(".")) {
            this.#there.set(intakeKey(baseOf(name)), `${path}/${name}`);
          }
        }
      } catch (e) {
        if (!isFsError(e, "not-found")) throw e;
      }
    }
    await this.#keywordFile.refresh();
    const { records } = await this.#uidFile.news();
    // Older ones without a file were removed by somebody.
    const last = [...records].slice(-TRANSFER_BATCH);
    this.#records = new Map(last.filter(([base]) => !this.#there.has(intakeKey(base))));
  }
}
