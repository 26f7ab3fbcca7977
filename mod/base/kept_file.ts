/** What is held in memory and may lose a minute: read from a file at the start, saved now and then where it changed, and at the end. */
import { fromUtf8, utf8 } from "./bytes.ts";
import type { Clock } from "./clock.ts";
import type { Fs } from "./fs.ts";
import type { Log } from "./log.ts";

/** What is kept. */
export interface Keepable {
  /** Grows with each change. */
  readonly revision: number;
  /** All of it as text; between two pieces others get their turn. */
  pieces(): Iterable<string>;
  /** Takes over what `pieces` gave; what cannot be read is left out. */
  restore(text: string): void;
}

export interface KeptFilePorts {
  readonly fs: Fs;
  readonly clock: Clock;
  readonly log: Log;
}

export interface KeptFileFacts {
  /** Absolute; its folder is there. */
  readonly path: string;
  /** For the log: "greylist". */
  readonly name: string;
  /** Octets that are read at most. */
  readonly most: number;
  /** Milliseconds between two savings. */
  readonly every: number;
}

export class KeptFile {
  readonly #kept: Keepable;
  readonly #facts: KeptFileFacts;
  readonly #ports: KeptFilePorts;
  #cancel: () => void = () => {};
  #saving: Promise<void> | null = null;
  /** The revision that is in the file. */
  #saved = 0;

  constructor(kept: Keepable, facts: KeptFileFacts, ports: KeptFilePorts) {
    this.#kept = kept;
    this.#facts = facts;
    this.#ports = ports;
  }

  /** Reads what was saved, and saves from then on. */
  async open(): Promise<void> {
    await this.read();
    this.#arm();
  }

  /** Reads what was saved. A file that cannot be read is none. */
  async read(): Promise<void> {
    const { fs, log } = this.#ports;
    const { path, name, most } = this.#facts;
    try {
      const octets = await fs.readFile(path, most);
      if (octets) this.#kept.restore(fromUtf8(octets));
    } catch (e) {
      log.warn(`${name} not read`, { path, why: String(e) });
    }
    this.#saved = this.#kept.revision;
  }

  /** Saves now, where something changed. Never throws. */
  async save(): Promise<void> {
    await this.#saving;
    this.#saving ??= this.#save().finally(() => this.#saving = null);
    await this.#saving;
  }

  /** Saves for the last time. */
  async close(): Promise<void> {
    this.#cancel();
    await this.save();
  }

  #arm(): void {
    this.#cancel = this.#ports.clock.after(this.#facts.every, () => {
      void this.save();
      this.#arm();
    });
  }

  /** The old file stays until the new one is whole. Never throws. */
  async #save(): Promise<void> {
    const { revision } = this.#kept;
    if (revision === this.#saved) return;
    const { fs, clock, log } = this.#ports;
    const { path, name } = this.#facts;
    const fresh = `${path}.new`;
    try {
      const pieces: Uint8Array[] = [];
      for (const piece of this.#kept.pieces()) {
        pieces.push(utf8(piece));
        await clock.sleep(0);
      }
      await fs.remove(fresh);
      await fs.createWith(fresh, pieces);
      await fs.rename(fresh, path);
      this.#saved = revision;
    } catch (e) {
      log.warn(`${name} not saved`, { path, why: String(e) });
    }
  }
}
