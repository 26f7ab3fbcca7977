import type { IndexPorts } from "../../mod/index/account_file.ts";
import type { FillPorts } from "../../mod/index/folder_words.ts";
import { Turns } from "../../mod/index/turns.ts";
import { DenoFs } from "../../mod/sys/fs.ts";
import { openSqlite } from "../../mod/sys/sqlite.ts";
import { FakeClock } from "./fake_clock.ts";
import { MemFs } from "./mem_fs.ts";
import { MemoryLog } from "./memory_log.ts";
import { SeededRandom } from "./seeded_random.ts";

/** A clock that somebody may set back. */
class SetBackClock extends FakeClock {
  /** Milliseconds it is behind. */
  behind = 0;
  /** Milliseconds that each look at it takes. */
  tick = 0;
  #ticked = 0;

  override monotonic(): number {
    return super.monotonic() + (this.#ticked += this.tick);
  }

  override now(): number {
    return super.now() - this.behind;
  }
}

/** Ports of an index whose databases lie in a folder of their own on the real disk, which is removed at the end. */
export class IndexBench implements AsyncDisposable {
  readonly dir: string;
  readonly clock = new SetBackClock();
  readonly log = new MemoryLog();
  readonly #random = new SeededRandom(7);

  private constructor(dir: string) {
    this.dir = dir;
  }

  static async make(): Promise<IndexBench> {
    return new IndexBench(await Deno.makeTempDir({ prefix: "roost-index-" }));
  }

  /** What a process is handed; files are removed for real. */
  ports(): IndexPorts {
    const fs = new MemFs();
    const remove = async (path: string) => {
      await Deno.remove(path).catch(() => {});
      return true;
    };
    return {
      openDatabase: openSqlite,
      fs: Object.assign(fs, { remove, makeDir: (path: string) => Deno.mkdir(path, { recursive: true }) }),
      clock: this.clock,
      random: this.#random,
      log: this.log,
    };
  }

  /** What who fills a full-text index is handed. */
  fillPorts(): FillPorts {
    return { clock: this.clock, turns: new Turns(), room: () => Promise.resolve(true) };
  }

  /** The same, with all calls of the file system for real. */
  realPorts(): IndexPorts {
    return { ...this.ports(), fs: new DenoFs(this.log) };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.dir, { recursive: true });
  }
}
