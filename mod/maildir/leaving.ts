import type { FolderMessage, FolderState } from "./folder_state.ts";
import { leaveNew } from "./renaming.ts";

/** Messages that leave new/ in one go. */
const PART = 250;
/** Times as long as a part took, others have the disk and the processor before the next. */
const REST = 5;
/** Milliseconds in which nobody has read a message before the next part begins; and how many times they are waited for at most. */
const QUIET = 20;
const WAITS = 50;

/**
 * Messages that a session was told of, on their way from new/ to cur/. In parts, each asked for when the one before is done, with a rest between
 * them: who opens a folder of very many new messages has commands to give. While one message after the other is read the rest is longer.
 */
export class Leaving {
  readonly #state: FolderState;
  readonly #failed: (why: unknown) => void;
  readonly #reads: () => number;
  readonly #under = new Set<Promise<void>>();
  #hurry = new AbortController();

  /** `failed` is called when the rest stays in new/ for now. `reads` gives another number after each reading of a message. */
  constructor(state: FolderState, failed: (why: unknown) => void, reads: () => number = () => 0) {
    this.#state = state;
    this.#failed = failed;
    this.#reads = reads;
  }

  /** Whether some are on their way. */
  get busy(): boolean {
    return this.#under.size > 0;
  }

  start(messages: readonly FolderMessage[]): void {
    const work = this.#leave(messages).catch(this.#failed).finally(() => this.#under.delete(work));
    this.#under.add(work);
  }

  /** Resolves when none is on its way, sooner than without being asked. */
  async settled(): Promise<void> {
    this.#hurry.abort();
    while (this.busy) await Promise.all(this.#under);
    this.#hurry = new AbortController();
  }

  async #leave(messages: readonly FolderMessage[]): Promise<void> {
    const state = this.#state;
    const { clock } = state.ports;
    for (let at = 0; at < messages.length; at += PART) {
      let began = 0;
      await state.serial.run(async () => {
        began = clock.monotonic();
        const part = messages.slice(at, at + PART).filter((m) => state.fresh.has(m));
        if (part.length > 0) await leaveNew(state, part, (m) => m.flags);
      });
      if (at + PART >= messages.length) return;
      await clock.sleep(REST * (clock.monotonic() - began), this.#hurry.signal);
      await this.#quiet();
    }
  }

  /** Resolves when nobody reads, or was waited for long enough. */
  async #quiet(): Promise<void> {
    const { signal } = this.#hurry;
    for (let waits = 0; waits < WAITS && !signal.aborted; waits++) {
      const before = this.#reads();
      await this.#state.ports.clock.sleep(QUIET, signal);
      if (this.#reads() === before) return;
    }
  }
}
