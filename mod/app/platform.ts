import type { Clock } from "../base/clock.ts";
import type { Fs } from "../base/fs.ts";
import type { Log } from "../base/log.ts";
import type { Random } from "../base/random.ts";

/** The machine, as everything below gets it. */
export interface Platform {
  readonly fs: Fs;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly pid: number;
  /** This machine's own name, for file names in Maildirs. */
  readonly machine: string;
  readonly version: string;
  readonly commit: string | null;
}
