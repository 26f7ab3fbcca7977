/**
 * Puts message files into a folder with their UIDs: for APPEND, COPY and MOVE, and for deliveries into a folder that somebody watches. All that is
 * asked for while one batch is under way shares the next one's lock, sync of the UID list and sync of the folder.
 */
import { isFsError } from "../base/fs.ts";
import type { FlagBits, Uid } from "../store/store.ts";
import { linkOrCopy } from "./file_copy.ts";
import { baseOf, withFlags } from "./file_name.ts";
import { FolderMessage, type FolderState } from "./folder_state.ts";
import { syncFolder } from "./folder_sync.ts";
import { originField } from "./object_id.ts";
import { inParallel, inSlices, Turns } from "./slices.ts";
import type { UidRecord } from "./uid_list.ts";

/** A file to be put into cur/ under a new base. Its contents are synced. */
export interface Part {
  readonly from: string;
  /** `link` leaves the other name where it is. */
  readonly how: "rename" | "link";
  readonly base: string;
  readonly flags: FlagBits;
  /** Milliseconds since 1970, or -1 where it is not known. */
  readonly internalDate: number;
  /** Of a copy: what its message is known by. */
  readonly origin?: string;
}

/** What is put there together: all or none. */
interface Group {
  readonly parts: readonly Part[];
  readonly done: (uids: readonly Uid[]) => void;
  readonly failed: (why: unknown) => void;
}

interface Delivered {
  readonly file: string;
  readonly floor: Uid;
}

interface Placed {
  readonly group: Group;
  readonly messages: readonly FolderMessage[];
}

const WIDTH = 8;

export class Placing {
  readonly #state: FolderState;
  #groups: Group[] = [];
  #delivered: Delivered[] = [];
  #scheduled = false;

  constructor(state: FolderState) {
    this.#state = state;
  }

  /** Puts the parts there; gives their UIDs, durable as the files are. */
  place(parts: readonly Part[]): Promise<readonly Uid[]> {
    if (parts.length === 0) return Promise.resolve([]);
    return new Promise((done, failed) => {
      this.#groups.push({ parts, done, failed });
      this.#schedule();
    });
  }

  /**
   * Tells that a file was delivered into new/: it gets its UID and listeners hear of it, without a listing. `floor` is the next UID from before
   * the file was there.
   */
  delivered(file: string, floor: Uid): void {
    this.#delivered.push({ file, floor });
    this.#schedule();
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    this.#state.serial.run(() => this.#run()).catch((e) => {
      this.#state.ports.log.error("folder update failed", { dir: this.#state.dir }, e);
    });
  }

  async #run(): Promise<void> {
    this.#scheduled = false;
    const groups = this.#groups;
    const delivered = this.#delivered;
    this.#groups = [];
    this.#delivered = [];
    try {
      await this.#state.uidFile.locked(() => this.#state.holding(() => this.#batch(groups, delivered)));
    } catch (e) {
      // Those delivered are found at the next look at the folder; the others must know.
      for (const { file } of delivered) this.#state.pending.delete(file);
      if (delivered.length > 0) this.#state.newDir.forget();
      for (const group of groups) group.failed(e);
      if (groups.length === 0) throw e;
    }
  }

  async #batch(groups: readonly Group[], delivered: readonly Delivered[]): Promise<void> {
    const state = this.#state;
    for (const { file } of delivered) state.pending.delete(file);
    // UIDs that others gave out belong to messages before ours: these come first.
    if (state.loaded && state.uidFile.changed()) await syncFolder(state, true);
    let uid = state.uidFile.nextUid;
    const placed: Placed[] = [];
    const arrived = this.#unknown(delivered).map((file) => new FolderMessage(uid++, file, true));
    await state.curDir.own(async () => {
      const tries = groups.map((group) => {
        const first = uid;
        uid += group.parts.length;
        return this.#put(group, first);
      });
      for (const [i, messages] of (await Promise.all(tries)).entries()) {
        const group = groups[i];
        if (messages && group) placed.push({ group, messages });
      }
    });
    const all = [...arrived, ...placed.flatMap((p) => p.messages)];
    const origins = new Map<Uid, string>();
    for (const { group, messages } of placed) {
      await inSlices(state.ports, state.dir, messages.entries(), ([i, m]) => {
        const origin = group.parts[i]?.origin;
        if (origin !== undefined) origins.set(m.uid, origin);
      });
    }
    const records: UidRecord[] = [];
    await inSlices(state.ports, state.dir, all, ({ uid, base }) => {
      const origin = origins.get(uid);
      records.push({ uid, extensions: origin === undefined ? "" : originField(origin), base });
    });
    try {
      const syncs = [state.uidFile.append(records)];
      if (placed.length > 0) syncs.push(state.ports.dirSync.sync(state.curDir.path));
      await settled(syncs);
    } catch (e) {
      for (const p of placed) await this.#takeBack(p.messages);
      throw e;
    }
    if (state.loaded) { for (const [uid, origin] of origins) state.origins.set(uid, origin); }
    if (state.loaded) await state.add(all);
    else state.unshown ??= all[0]?.uid ?? null;
    for (const p of placed) p.group.done(p.messages.map((m) => m.uid));
  }

  /** Of delivered files, those that no look at the folder has found yet. */
  #unknown(delivered: readonly Delivered[]): string[] {
    const state = this.#state;
    const fresh = new Set<string>();
    if (!state.loaded || delivered.length === 0) return [];
    const floor = Math.min(...delivered.map((d) => d.floor));
    for (let i = state.messages.length - 1; i >= 0; i--) {
      const m = state.messages[i];
      if (!m || m.uid < floor) break;
      if (m.isNew) fresh.add(m.file);
    }
    return delivered.map((d) => d.file).filter((file) =>
      !fresh.has(file) && state.ports.fs.statSync(`${state.newDir.path}/${file}`) !== null
    );
  }

  /** Puts a group's files there; null, with nothing left of them, when one cannot be. */
  async #put(group: Group, first: Uid): Promise<FolderMessage[] | null> {
    const { ports } = this.#state;
    const { fs } = ports;
    const messages: FolderMessage[] = [];
    await inSlices(ports, this.#state.dir, group.parts, ({ base, flags, internalDate }) => {
      const file = withFlags(baseOf(base), flags);
      messages.push(new FolderMessage(first + messages.length, file, false, internalDate));
    });
    this.#state.stir(messages.length);
    const there: FolderMessage[] = [];
    const put = async (message: FolderMessage) => {
      const part = group.parts[message.uid - first];
      if (!part) return;
      const to = this.#state.pathOf(message);
      if (part.how === "rename") await fs.rename(part.from, to);
      else await linkOrCopy(ports, part.from, to, `${this.#state.dir}/tmp/${part.base}`);
      there.push(message);
    };
    try {
      await inParallel(messages, WIDTH, put, new Turns(ports, this.#state.dir));
      return messages;
    } catch (e) {
      await this.#takeBack(there);
      group.failed(e);
      return null;
    }
  }

  async #takeBack(messages: readonly FolderMessage[]): Promise<void> {
    for (const m of messages) {
      try {
        await this.#state.ports.fs.remove(this.#state.pathOf(m));
      } catch (e) {
        if (!isFsError(e)) throw e;
        this.#state.ports.log.warn("cannot take back a file", { path: this.#state.pathOf(m), why: e.code });
      }
    }
    this.#state.curDir.forget();
  }
}

/** Waits for all, then fails if one did: nothing may still be writing when files are taken back. */
async function settled(work: readonly Promise<void>[]): Promise<void> {
  for (const outcome of await Promise.allSettled(work)) {
    if (outcome.status === "rejected") throw outcome.reason;
  }
}
