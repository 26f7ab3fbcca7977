/**
 * What STATUS told of folders that nobody has open, by what they looked like then: a list of thousands with STATUS need not read them all again. A
 * folder's files and their flags are names in new/ and cur/, so nothing changes without these or the UID list changing.
 */
import { STATUSES_KEPT } from "../base/limits.ts";
import type { MailboxStatus } from "../store/store.ts";
import type { Ports } from "./ports.ts";

const GRANULARITY = 2000; // milliseconds; a change so soon after another may leave the time as it was

/** What a folder looks like: the times of its parts. */
export interface Look {
  readonly text: string;
  /** Whether nothing changed of late. */
  readonly settled: boolean;
}

export class KnownStatuses {
  readonly #ports: Pick<Ports, "fs" | "clock">;
  readonly #known = new Map<string, { readonly text: string; readonly status: MailboxStatus }>();

  constructor(ports: Pick<Ports, "fs" | "clock">) {
    this.#ports = ports;
  }

  /** Three looks at the file system. To be taken before the status is. */
  look(dir: string): Look {
    const times: string[] = [];
    let newest = 0;
    for (const part of ["new", "cur", "dovecot-uidlist"]) {
      const stat = this.#ports.fs.statSync(`${dir}/${part}`);
      times.push(stat ? `${stat.inode}.${stat.mtime}.${stat.size}` : "-");
      newest = Math.max(newest, stat?.mtime ?? 0);
    }
    return { text: times.join(" "), settled: this.#ports.clock.now() - newest > GRANULARITY };
  }

  /** The status of a folder that looks like that; null when it is not known. `size`: whether it must be in there. */
  get(dir: string, look: Look, size: boolean): MailboxStatus | null {
    const known = this.#known.get(dir);
    if (!known || known.text !== look.text || (size && known.status.size === null)) return null;
    return known.status;
  }

  /** Takes note. What is recent is a matter of who looked last, and no file tells of it: such a status is not kept. */
  put(dir: string, look: Look, status: MailboxStatus): void {
    this.#known.delete(dir);
    if (!look.settled || status.recent > 0) return;
    this.#known.set(dir, { text: look.text, status });
    if (this.#known.size <= STATUSES_KEPT) return;
    const [oldest] = this.#known.keys();
    if (oldest !== undefined) this.#known.delete(oldest);
  }
}
