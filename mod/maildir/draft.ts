import { CR, LF } from "../base/bytes.ts";
import { isFsError, type WritableFile } from "../base/fs.ts";
import { BODY_IN_MEMORY } from "../base/limits.ts";
import { err, ok, type Result } from "../base/result.ts";
import type { Draft, NamedFlags, Uid } from "../store/store.ts";
import type { Folder } from "./folder.ts";
import type { Ports } from "./ports.ts";

/** A message being written for an APPEND: in memory while it is small, else in a file in tmp/. */
export class MaildirDraft implements Draft {
  readonly #ports: Ports;
  readonly #path: string;
  readonly #name: string;
  #chunks: Uint8Array[] = [];
  #file: WritableFile | null = null;
  #written = false;
  #size = 0;
  #bare = 0;
  #last = 0;
  #over = false;

  /** `tmp` is the account's folder for it. */
  constructor(ports: Ports, tmp: string) {
    this.#ports = ports;
    this.#name = ports.names.next();
    this.#path = `${tmp}/${this.#name}`;
  }

  /** Where it lies once finished. */
  get path(): string {
    return this.#path;
  }

  /** The base its file is to have. */
  get base(): string {
    return `${this.#name},S=${this.#size},W=${this.#size + this.#bare}`;
  }

  /** Octets so far, as they lie on disk. */
  get size(): number {
    return this.#size;
  }

  async write(chunk: Uint8Array): Promise<void> {
    if (this.#over) throw new TypeError("Cannot write to a draft that was committed or aborted");
    this.#count(chunk);
    if (!this.#file && this.#size <= BODY_IN_MEMORY) {
      this.#chunks.push(chunk.slice());
      return;
    }
    this.#file ??= await this.#spill();
    await this.#file.write(chunk);
  }

  /** Contents, and the time if one is given, are on the medium when it resolves. */
  async finish(time: number | null): Promise<void> {
    if (this.#over) throw new TypeError("Cannot commit a draft twice");
    this.#over = true;
    if (!this.#file) {
      await this.#ports.fs.createWith(this.#path, this.#chunks, 0o600, time ?? undefined);
      this.#written = true;
      this.#chunks = [];
      return;
    }
    const file = this.#file;
    this.#file = null;
    try {
      if (time !== null) await this.#ports.fs.setTime(this.#path, time);
      await file.sync();
    } finally {
      await file.close();
    }
  }

  async abort(): Promise<void> {
    if (this.#over) return;
    this.#over = true;
    await this.discard();
  }

  /** Takes away what there is of it in tmp/. */
  async discard(): Promise<void> {
    this.#chunks = [];
    await this.#file?.close();
    this.#file = null;
    if (this.#written) await this.#ports.fs.remove(this.#path);
    this.#written = false;
  }

  async #spill(): Promise<WritableFile> {
    const file = await this.#ports.fs.create(this.#path);
    this.#written = true;
    for (const chunk of this.#chunks) await file.write(chunk);
    this.#chunks = [];
    return file;
  }

  #count(chunk: Uint8Array): void {
    this.#size += chunk.length;
    for (let i = chunk.indexOf(LF); i >= 0; i = chunk.indexOf(LF, i + 1)) {
      if ((i > 0 ? chunk[i - 1] : this.#last) !== CR) this.#bare++;
    }
    this.#last = chunk[chunk.length - 1] ?? this.#last;
  }
}

/**
 * Puts drafts into a folder, together; where it was removed, renamed or made anew meanwhile, into the one that has its name now, which `find` gives.
 * Throws FsError.
 */
export async function placeDrafts(
  drafts: readonly {
    readonly draft: MaildirDraft;
    readonly flags: NamedFlags;
    readonly internalDate: number | null;
  }[],
  folder: Folder,
  find: () => Promise<Folder | null>,
): Promise<Result<{ readonly uidValidity: number; readonly uids: readonly Uid[] }, "no-mailbox">> {
  const finished = drafts.map(({ draft, internalDate }) => draft.finish(internalDate));
  for (let target = folder;;) {
    try {
      const parts = await Promise.all(drafts.map(async ({ draft, flags, internalDate }, i) => {
        const [bits] = await Promise.all([target.bits(flags), finished[i]]);
        const { path: from, base } = draft;
        return { from, how: "rename" as const, base, flags: bits, internalDate: internalDate ?? -1 };
      }));
      const uids = await target.place(parts);
      return ok({ uidValidity: target.uidValidity, uids });
    } catch (e) {
      const now = isFsError(e, "not-found") ? await find() : target;
      if (now === null) return err("no-mailbox");
      if (now === target) throw e;
      target = now;
    }
  }
}
