import type { Clock } from "../base/clock.ts";
import type { DirSync } from "../base/durable.ts";
import type { Fs } from "../base/fs.ts";
import type { Log } from "../base/log.ts";
import type { Random } from "../base/random.ts";
import type { Aheads } from "./aheads.ts";
import type { Locks } from "./dot_lock.ts";
import type { NameMaker } from "./file_name.ts";
import type { UidValidities } from "./uid_validity.ts";

/** What every part of the Maildir store works with. */
export interface Ports {
  readonly fs: Fs;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly dirSync: DirSync;
  readonly names: NameMaker;
  readonly hostname: string;
  readonly pid: number;
  /** Between levels of names as clients see them; on disk it is always ".". */
  readonly separator: string;
  readonly locks: Locks;
  readonly validities: UidValidities;
  /** By what messages are read before they are asked for; without it none are. */
  readonly aheads?: Aheads;
}
