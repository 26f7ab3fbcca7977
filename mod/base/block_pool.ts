/** Octets of one block. */
export const BLOCK: number = 256 * 1024;

/**
 * Memory for the bodies of messages that arrive: blocks, lent up to a bound for all together, so that what many peers send at once is known and
 * held back at once. Blocks that come back serve the next message: fresh memory costs the system more than the copy into it.
 */
export class BlockPool {
  #limit: number;
  /** Octets. */
  #lent = 0;
  readonly #free: Uint8Array<ArrayBuffer>[] = [];
  /** The fewest that were free since the last `tidy`. */
  #idle = 0;

  /** `limit`: octets lent at most. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Another bound, for blocks to come. */
  limit(octets: number): void {
    this.#limit = octets;
  }

  /** Octets that are lent or claimed. */
  get lent(): number {
    return this.#lent;
  }

  /** Counts memory of the caller's own towards the bound; false, and nothing is counted, where it does not fit. Then `release` it. */
  claim(octets: number): boolean {
    if (this.#lent + octets > this.#limit) return false;
    this.#lent += octets;
    return true;
  }

  /** What was claimed is no longer held. */
  release(octets: number): void {
    this.#lent -= octets;
  }

  /** A block, whatever is in it; null when so much is lent that what arrives is better put on disk. Give it back. */
  take(): Uint8Array<ArrayBuffer> | null {
    if (!this.claim(BLOCK)) return null;
    const block = this.#free.pop();
    this.#idle = Math.min(this.#idle, this.#free.length);
    return block ?? new Uint8Array(BLOCK);
  }

  /** Takes back what `take` gave. Nobody may look at it any more. */
  give(block: Uint8Array<ArrayBuffer>): void {
    this.release(BLOCK);
    this.#free.push(block);
  }

  /** Gives back to the system what nobody needed since the last call. */
  tidy(): void {
    // The engine would keep them for as long as the machine has memory; an array that was transferred away has none.
    for (const block of this.#free.splice(0, this.#idle)) block.buffer.transfer(0);
    this.#idle = this.#free.length;
  }
}
