import type { BulkPart, BulkReader } from "../base/bulk_reader.ts";
import { AHEADS } from "../base/limits.ts";
import type { Log } from "../base/log.ts";
import type { Uid } from "../store/store.ts";
import type { Ahead } from "./ahead.ts";
import type { FolderState } from "./folder_state.ts";

interface Tools {
  readonly bulk: BulkReader;
  readonly begin: (state: FolderState, part: BulkPart, uids: Iterable<Uid>, most: number) => Ahead;
}

/** Who of a store's folders reads ahead: so many at once, and with what is brought in when there is first much to read. */
export class Aheads {
  readonly #make: () => Promise<BulkReader>;
  readonly #log: Log;
  readonly #going = new Set<Ahead>();
  #tools: Tools | null = null;
  #loading = false;
  #closed = false;

  constructor(make: () => Promise<BulkReader>, log: Log) {
    this.#make = make;
    this.#log = log;
  }

  /**
   * Begins to read messages before they are asked for, if that can be done now; else null, and with `starts` it can be done soon. Whoever gets one
   * ends it by `end`.
   */
  begin(
    state: FolderState,
    part: BulkPart,
    uids: () => Iterable<Uid>,
    most: number,
    starts: boolean,
  ): Ahead | null {
    if (this.#closed) return null;
    if (!this.#tools?.bulk.ready) {
      if (starts) this.#start();
      return null;
    }
    for (const ahead of this.#going) if (ahead.over) this.#going.delete(ahead);
    if (this.#going.size >= AHEADS) return null;
    const ahead = this.#tools.begin(state, part, uids(), most);
    this.#going.add(ahead);
    ahead.fill();
    return ahead;
  }

  end(ahead: Ahead): void {
    ahead.close();
    this.#going.delete(ahead);
  }

  close(): void {
    this.#closed = true;
    this.#tools?.bulk.close();
  }

  #start(): void {
    if (this.#tools) return this.#tools.bulk.start();
    if (this.#loading) return;
    this.#loading = true;
    this.#load().catch((e) => this.#log.error("nothing can be read ahead", {}, e));
  }

  async #load(): Promise<void> {
    const [{ Ahead }, bulk] = await Promise.all([import("./ahead.ts"), this.#make()]);
    this.#tools = { bulk, begin: (state, part, uids, most) => new Ahead(state, bulk, part, uids, most) };
    if (this.#closed) bulk.close();
    else bulk.start();
  }
}
