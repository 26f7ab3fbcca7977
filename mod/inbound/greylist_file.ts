/** Keeps the greylist across restarts: read at the start, saved now and then where it changed, and at the end. */
import { fromUtf8, utf8 } from "../base/bytes.ts";
import type { Clock } from "../base/clock.ts";
import type { Fs } from "../base/fs.ts";
import { GREY_FILE, GREY_SAVE } from "../base/limits.ts";
import type { Log } from "../base/log.ts";
import type { Greylist } from "./checks/greylist.ts";

export interface GreylistFilePorts {
  readonly fs: Fs;
  readonly clock: Clock;
  readonly log: Log;
}

export class GreylistFile {
  readonly #list: Greylist;
  readonly #path: string;
  readonly #ports: GreylistFilePorts;
  #cancel: () => void = () => {};
  #saving: Promise<void> | null = null;
  /** The revision that is in the file. */
  #saved = 0;

  /** `path`: absolute; its folder is there. */
  constructor(list: Greylist, path: string, ports: GreylistFilePorts) {
    this.#list = list;
    this.#path = path;
    this.#ports = ports;
  }

  /** Reads what was saved, and saves from then on. A file that cannot be read is none: its triplets are asked once more. */
  async open(): Promise<void> {
    const { fs, log } = this.#ports;
    try {
      const octets = await fs.readFile(this.#path, GREY_FILE);
      if (octets) this.#list.restore(fromUtf8(octets));
    } catch (e) {
      log.warn("greylist not read", { path: this.#path, why: String(e) });
    }
    this.#saved = this.#list.revision;
    this.#arm();
  }

  /** Saves for the last time. */
  async close(): Promise<void> {
    this.#cancel();
    await this.#saving;
    await this.#save();
  }

  #arm(): void {
    this.#cancel = this.#ports.clock.after(GREY_SAVE, () => {
      this.#saving = this.#save().then(() => {
        this.#saving = null;
      });
      this.#arm();
    });
  }

  /** The old file stays until the new one is whole. Never throws. */
  async #save(): Promise<void> {
    const { revision } = this.#list;
    if (revision === this.#saved) return;
    const { fs, clock, log } = this.#ports;
    const fresh = `${this.#path}.new`;
    try {
      const pieces: Uint8Array[] = [];
      for (const piece of this.#list.pieces()) {
        pieces.push(utf8(piece));
        await clock.sleep(0);
      }
      await fs.remove(fresh);
      await fs.createWith(fresh, pieces);
      await fs.rename(fresh, this.#path);
      this.#saved = revision;
    } catch (e) {
      log.warn("greylist not saved", { path: this.#path, why: String(e) });
    }
  }
}
