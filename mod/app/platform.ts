import type { Clock } from "../base/clock.ts";
import type { Fs } from "../base/fs.ts";
import type { Log } from "../base/log.ts";
import type { Random } from "../base/random.ts";
import type { Timings } from "../status/timings.ts";
import type { Recorder } from "../trace/recorder.ts";
import type { BufferPool } from "../wire/buffer_pool.ts";

/** The machine, as everything below gets it. */
export interface Platform {
  readonly fs: Fs;
  readonly clock: Clock;
  readonly random: Random;
  /** Its decisions about mail are traced. */
  readonly log: Log;
  readonly trace: Recorder;
  readonly pid: number;
  /** This machine's own name, for file names in Maildirs. */
  readonly machine: string;
  /** Where it is counted how long things take. */
  readonly timings: Timings;
  /** Arrays that answers to clients are written into. */
  readonly buffers: BufferPool;
  readonly version: string;
  readonly commit: string | null;
}
