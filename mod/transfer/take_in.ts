/**
 * Takes a source's folders into the Maildir of an account, in batches: while one is put on the medium the next is read. Whatever was taken in by a
 * run that was cut off is known again, by its file name and contents.
 */
import { createHash } from "node:crypto";
import { readFileStream } from "../base/file_stream.ts";
import { isFsError } from "../base/fs.ts";
import { BODY_IN_MEMORY, TRANSFER_BATCH, TRANSFER_BATCH_OCTETS } from "../base/limits.ts";
import { MaildirDraft } from "../maildir/draft.ts";
import { sizeIn } from "../maildir/file_name.ts";
import { Intake, intakeKey, type IntakePart } from "../maildir/intake.ts";
import type { Ports } from "../maildir/ports.ts";
import type { QuotaFile } from "../maildir/quota_file.ts";
import { inParallel } from "../maildir/slices.ts";
import type { Tally } from "./tally.ts";
import type { SourceFolder, SourceMessage } from "./types.ts";

/** Where mail goes. */
export interface Target {
  readonly ports: Ports;
  /** The account's folder. */
  readonly root: string;
  /** null where there is no bound to keep. */
  readonly quota: QuotaFile | null;
}

/** Messages that are ready to be put there. */
interface Batch {
  readonly items: Item[];
  octets: number;
}

interface Item {
  readonly draft: MaildirDraft;
  readonly time: number | null;
  readonly part: IntakePart;
}

const WIDTH = 8;
const HASH_KEPT = 24; // hexadecimal digits: 96 bits tell messages apart

/** Takes in one folder. False when the account is full: then nothing more can be taken in. Throws FsError. */
export async function takeIn(
  target: Target,
  folder: SourceFolder,
  tally: Tally,
  progress: () => void,
): Promise<boolean> {
  const intake = await Intake.open(target.ports, target.root, folder.name);
  if (!intake) {
    tally.lose(folder.name, "the folder", "its name is too long for a folder here");
    return true;
  }
  tally.folders++;
  const keep = folder.uids !== null && await intake.adopt(folder.uids);
  if (folder.uids && !keep) {
    tally.note(`${folder.name}: messages get new UIDs, since the folder has given out its own before`);
  }
  tally.already += folder.without?.((base) => intake.find(intakeKey(base)) !== null) ?? 0;
  const taking = new Taking(target, intake, folder.name, keep, tally);
  try {
    for await (const message of folder.messages()) {
      if (!await taking.add(message)) break;
      progress();
    }
    await taking.end();
  } catch (e) {
    await taking.abort();
    throw e;
  }
  return !taking.full;
}

class Taking {
  readonly #target: Target;
  readonly #intake: Intake;
  readonly #name: string;
  readonly #keep: boolean;
  readonly #tally: Tally;
  readonly #times = new Map<string, number>();
  #batch: Batch = { items: [], octets: 0 };
  #putting: Promise<void> = Promise.resolve();
  full = false;

  constructor(target: Target, intake: Intake, name: string, keep: boolean, tally: Tally) {
    this.#target = target;
    this.#intake = intake;
    this.#name = name;
    this.#keep = keep;
    this.#tally = tally;
  }

  /** False when no more can be taken in. */
  async add(message: SourceMessage): Promise<boolean> {
    const item = await this.#take(message);
    if (item) {
      this.#batch.items.push(item);
      this.#batch.octets += Math.min(item.draft.size, BODY_IN_MEMORY);
      const { items, octets } = this.#batch;
      if (items.length >= TRANSFER_BATCH || octets >= TRANSFER_BATCH_OCTETS) await this.#flush();
    }
    return !this.full;
  }

  async end(): Promise<void> {
    await this.#flush();
    await this.#putting;
  }

  async abort(): Promise<void> {
    await Promise.allSettled([this.#putting, ...this.#batch.items.map(({ draft }) => draft.discard())]);
  }

  /** Hands the batch over, after the one before. */
  async #flush(): Promise<void> {
    await this.#putting;
    const batch = this.#batch;
    this.#batch = { items: [], octets: 0 };
    if (batch.items.length === 0) return;
    this.#putting = this.#put(batch);
    this.#putting.catch(() => {}); // awaited with the next batch
  }

  async #put({ items }: Batch): Promise<void> {
    const { quota } = this.#target;
    const octets = items.reduce((sum, { draft }) => sum + draft.size, 0);
    const release = this.full ? null : quota ? await quota.reserve(octets, items.length) : () => {};
    if (!release) {
      await Promise.all(items.map(({ draft }) => draft.discard()));
      if (!this.full) {
        this.#tally.lose(
          this.#name,
          "all from here on",
          'the quota is used up; raise it ("roost user quota") and run this again',
        );
      }
      this.full = true;
      return;
    }
    try {
      await inParallel(items, WIDTH, ({ draft, time }) => draft.finish(time));
      const { renumbered, keywords } = await this.#intake.put(items.map(({ part }) => part), this.#keep);
      await quota?.changed(octets, items.length);
      if (renumbered > 0 && this.#keep) {
        this.#tally.note(
          `${this.#name}: messages that got new UIDs, since others came in meanwhile`,
          renumbered,
        );
      }
      for (const keyword of keywords) {
        this.#tally.lose(this.#name, `keyword ${keyword} of a message`, NO_LETTER);
      }
      this.#tally.messages += items.length;
      this.#tally.octets += octets;
    } finally {
      release();
    }
  }

  /** Reads one message; null when there is nothing to put there. */
  async #take(message: SourceMessage): Promise<Item | null> {
    const octets = await message.read();
    if (octets.kind !== "octets") {
      if (octets.kind === "gone") this.#tally.gone++;
      else this.#tally.lose(this.#name, message.label, octets.why);
      return null;
    }
    const draft = new MaildirDraft(this.#target.ports, `${this.#target.root}/tmp`);
    const hash = createHash("sha256");
    try {
      for await (const chunk of octets.chunks) {
        hash.update(chunk);
        await draft.write(chunk);
      }
    } catch (e) {
      await draft.abort();
      if (!(e instanceof SourceFault)) throw e;
      this.#tally.lose(this.#name, message.label, e.message);
      return null;
    }
    const digest = hash.digest("hex");
    const key = await this.#newKey(message, draft, digest, octets.time);
    if (key === null) {
      await draft.abort();
      this.#tally.already++;
      return null;
    }
    this.#intake.reserve(key);
    const base = `${key},S=${draft.size},W=${sizeIn(draft.base, "W")}`;
    return {
      draft,
      time: octets.time,
      part: {
        from: draft.path,
        base,
        flags: message.flags,
        uid: message.uid,
        extensions: message.pop3 ?? "",
      },
    };
  }

  /** The name it gets, without sizes; null when it is there already. */
  async #newKey(
    message: SourceMessage,
    draft: MaildirDraft,
    digest: string,
    time: number | null,
  ): Promise<string | null> {
    const mark = digest.slice(0, HASH_KEPT);
    const own = message.base === null ? null : intakeKey(message.base);
    if (own === null || own === "" || !Intake.mayBe(own)) {
      // Known by its contents: the n-th of several that are the same is another message.
      const n = (this.#times.get(mark) ?? 0) + 1;
      this.#times.set(mark, n);
      const seconds = Math.max(0, Math.floor((time ?? 0) / 1000));
      const key = `${seconds}.M${n}H${mark}.import`;
      return this.#intake.find(key) === null ? key : null;
    }
    const there = this.#intake.find(own);
    if (there === null) return own;
    if (there !== "coming" && await this.#same(there, draft.size, digest)) return null;
    // Another message of that name: somebody numbers files by hand.
    const key = `${own}H${mark}`;
    return this.#intake.find(key) === null ? key : null;
  }

  async #same(path: string, size: number, digest: string): Promise<boolean> {
    const { fs } = this.#target.ports;
    try {
      const stat = await fs.stat(path);
      // Flags were changed meanwhile: it was there, under this very name.
      if (!stat) return true;
      if (stat.size !== size) return false;
      const hash = createHash("sha256");
      for await (const chunk of readFileStream(fs, path, 0, stat.size)) hash.update(chunk);
      return hash.digest("hex") === digest;
    } catch (e) {
      if (isFsError(e, "not-found")) return true;
      throw e;
    }
  }
}

const NO_LETTER = "the folder has 26 keywords already, which is all a Maildir can have";

/** The source is broken in a way that costs one message. The message says how. */
export class SourceFault extends Error {
  override readonly name = "SourceFault";
}
