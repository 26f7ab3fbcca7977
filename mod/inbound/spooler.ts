import type { Body } from "../base/body.ts";
import type { Clock } from "../base/clock.ts";
import { readFileStream } from "../base/file_stream.ts";
import { type Fs, isFsError, type WritableFile } from "../base/fs.ts";
import { SMTP_DATA_TOTAL } from "../base/limits.ts";
import type { Log } from "../base/log.ts";
import type { Random } from "../base/random.ts";
import type { Spooler, SpoolWriter } from "../smtp/ports.ts";

const PREFIX = "in-";

/**
 * Spool files for messages that arrive, one a message, in a folder of their own (DATA/queue/tmp). They are never synced: nobody was
 * promised anything while a message lies here only. `sweep` removes what a crash left over.
 */
export class FsSpooler implements Spooler {
  readonly #fs: Fs;
  readonly #folder: string;
  readonly #random: Random;
  readonly #log: Log;

  /** `folder`: absolute path; made when first needed. */
  constructor(fs: Fs, folder: string, random: Random, log: Log) {
    this.#fs = fs;
    this.#folder = folder;
    this.#random = random;
    this.#log = log;
  }

  async start(): Promise<SpoolWriter> {
    const name = Array.from(this.#random.bytes(12), (b) => b.toString(16).padStart(2, "0")).join("");
    const path = `${this.#folder}/${PREFIX}${name}`;
    return new SpoolFile(this.#fs, path, await this.#create(path), this.#log);
  }

  /**
   * Removes spool files that nobody can be writing any more (another process may share the folder): those untouched for twice as long
   * as a message may take. Gives how many; never throws.
   */
  async sweep(clock: Clock): Promise<number> {
    let removed = 0;
    try {
      for (const { name, kind } of await this.#fs.list(this.#folder)) {
        const path = `${this.#folder}/${name}`;
        const stat = kind === "file" && name.startsWith(PREFIX) ? await this.#fs.stat(path) : null;
        if (stat && clock.now() - stat.mtime > 2 * SMTP_DATA_TOTAL && await this.#fs.remove(path)) removed++;
      }
    } catch (e) {
      // No folder: nothing was ever spooled.
      if (!isFsError(e, "not-found")) {
        this.#log.warn("spool not swept", { path: this.#folder, why: String(e) });
      }
    }
    return removed;
  }

  async #create(path: string): Promise<WritableFile> {
    try {
      return await this.#fs.create(path);
    } catch (e) {
      if (!isFsError(e, "not-found")) throw e;
      await this.#fs.makeDir(this.#folder);
      return await this.#fs.create(path);
    }
  }
}

class SpoolFile implements SpoolWriter {
  readonly #fs: Fs;
  readonly #path: string;
  readonly #log: Log;
  #file: WritableFile | null;
  #size = 0;
  #gone = false;

  constructor(fs: Fs, path: string, file: WritableFile, log: Log) {
    this.#fs = fs;
    this.#path = path;
    this.#file = file;
    this.#log = log;
  }

  async write(bytes: Uint8Array): Promise<void> {
    if (!this.#file) throw new TypeError("Cannot write to a spool file that is finished");
    await this.#file.write(bytes);
    this.#size += bytes.length;
  }

  async finish(): Promise<Body> {
    const file = this.#file;
    this.#file = null;
    await file?.close();
    return {
      size: this.#size,
      memory: null,
      stream: () => readFileStream(this.#fs, this.#path, 0, this.#size),
      dispose: () => this.abort(),
    };
  }

  async abort(): Promise<void> {
    if (this.#gone) return;
    this.#gone = true;
    try {
      const file = this.#file;
      this.#file = null;
      await file?.close();
    } catch (e) {
      this.#log.debug("spool file not closed", { path: this.#path, why: String(e) });
    }
    try {
      await this.#fs.remove(this.#path);
    } catch (e) {
      this.#log.warn("spool file left over", { path: this.#path, why: String(e) });
    }
  }
}
