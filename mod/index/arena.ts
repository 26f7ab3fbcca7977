const SIZE = 256 * 1024;

/** A stretch of octets in a chunk that others share. */
export interface Kept {
  readonly chunk: Uint8Array;
  readonly start: number;
  readonly length: number;
}

/**
 * Room for many short texts that wait: an array for each would cost more than the texts, to make and to collect. A chunk goes when nothing of it
 * is held any more.
 */
export class Arena {
  #chunk = new Uint8Array(0);
  #at = 0;

  /** Copies octets. */
  keep(bytes: Uint8Array): Kept {
    const { length } = bytes;
    if (this.#at + length > this.#chunk.length) {
      this.#chunk = new Uint8Array(Math.max(SIZE, length));
      this.#at = 0;
    }
    const kept = { chunk: this.#chunk, start: this.#at, length };
    this.#chunk.set(bytes, this.#at);
    this.#at += length;
    return kept;
  }

  /** Begins a new chunk with what is kept next: of the one at hand nothing is held. */
  clear(): void {
    this.#chunk = new Uint8Array(0);
    this.#at = 0;
  }
}

/** What was kept; a view. */
export function octetsOf({ chunk, start, length }: Kept): Uint8Array {
  return chunk.subarray(start, start + length);
}
