/**
 * A folder of message files, listed only when it may have changed. Its modification time tells, with two reservations: clocks of file systems tick
 * slowly (a change right after a listing may leave the time as it was), and our own changes move it as well. So a listing of a folder that changed
 * within the last two seconds, or that we changed since, is done once more when the folder has come to rest.
 */
import { isFsError } from "../base/fs.ts";
import type { Ports } from "./ports.ts";

const GRANULARITY = 2000; // milliseconds; FAT and old NFS servers are the slowest
const COST_FACTOR = 20; // a re-check may take this part (1/n) of the time at most
const ATTEMPTS = 3;

export interface Listing {
  readonly files: readonly string[];
  /** Whether nothing changed meanwhile: only then is a file that is not listed gone. */
  readonly stable: boolean;
}

export class WatchedDir {
  readonly path: string;
  readonly #ports: Pick<Ports, "fs" | "clock">;
  #known: number | null = null;
  /** Counts the calls of `forget`: one during a listing, or a change of our own, outlasts it. */
  #forgotten = 0;
  #unsure = true;
  #listedAt = 0;
  #cost = 0;

  constructor(ports: Pick<Ports, "fs" | "clock">, path: string) {
    this.#ports = ports;
    this.path = path;
  }

  /** Whether it has to be listed. Throws `not-found` when the folder is gone. */
  due(): boolean {
    const mtime = this.#mtime();
    if (mtime === null || mtime !== this.#known) return true;
    if (!this.#unsure) return false;
    const quiet = this.#ports.clock.now() - mtime;
    const since = this.#ports.clock.monotonic() - this.#listedAt;
    // A time in the future is the clock's fault: then only the pace of listings counts.
    return (quiet > GRANULARITY || quiet < 0) && since > Math.max(GRANULARITY, this.#cost * COST_FACTOR);
  }

  /** Whether it has to be listed once more when it has come to rest. */
  get unsure(): boolean {
    return this.#unsure;
  }

  /** The next `due` says yes. */
  forget(): void {
    this.#known = null;
    this.#forgotten++;
  }

  /** Names of the plain files in it. */
  async list(): Promise<Listing> {
    for (let attempt = 1;; attempt++) {
      const began = this.#ports.clock.monotonic();
      const forgotten = this.#forgotten;
      const before = this.#mtime();
      const entries = await this.#ports.fs.list(this.path);
      const stable = before !== null && before === this.#mtime();
      if (!stable && attempt < ATTEMPTS) continue;
      this.#listedAt = this.#ports.clock.monotonic();
      this.#cost = this.#listedAt - began;
      this.#known = stable && forgotten === this.#forgotten ? before : null;
      const age = this.#ports.clock.now() - (before ?? 0);
      this.#unsure = age < GRANULARITY;
      const files: string[] = [];
      // "." first is how other programs hide what is none of ours (NFS leaves ".nfs" files behind).
      for (const e of entries) if (e.kind === "file" && !e.name.startsWith(".")) files.push(e.name);
      return { files, stable };
    }
  }

  /** Does changes of our own, which need no listing to be known. */
  async own<T>(change: () => Promise<T>): Promise<T> {
    const clean = this.#mtime() === this.#known;
    const forgotten = this.#forgotten;
    try {
      return await change();
    } finally {
      this.#known = clean && forgotten === this.#forgotten ? this.#mtime() : null;
      this.#unsure = true;
      this.#listedAt = this.#ports.clock.monotonic();
    }
  }

  #mtime(): number | null {
    try {
      return this.#ports.fs.statSync(this.path)?.mtime ?? null;
    } catch (e) {
      if (isFsError(e)) return null;
      throw e;
    }
  }
}
