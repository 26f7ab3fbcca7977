const SIZE = 256 * 1024;

interface Chunk {
  bytes: Uint8Array<ArrayBuffer>;
  /** Stretches of it that are kept. */
  held: number;
}

/** A stretch of octets in a chunk that others share. */
export interface Kept {
  readonly chunk: Chunk;
  readonly start: number;
  readonly length: number;
}

/**
 * Room for many short texts that wait: an array for each would cost more than the texts, to make and to collect. A chunk is given back as
 * soon as nothing of it is kept any more; the collector would take its time.
 */
export class Arena {
  #chunk: Chunk = { bytes: new Uint8Array(0), held: 0 };
  #at = 0;

  /** Keeps a copy of octets, until `drop`. */
  keep(bytes: Uint8Array): Kept {
    const { length } = bytes;
    if (this.#at + length > this.#chunk.bytes.length) {
      this.#release(this.#chunk);
      this.#chunk = { bytes: new Uint8Array(Math.max(SIZE, length)), held: 0 };
      this.#at = 0;
    }
    const kept = { chunk: this.#chunk, start: this.#at, length };
    this.#chunk.bytes.set(bytes, this.#at);
    this.#chunk.held++;
    this.#at += length;
    return kept;
  }

  /** Keeps it no more. Once for each. */
  drop({ chunk }: Kept): void {
    chunk.held--;
    if (chunk !== this.#chunk) return this.#release(chunk);
    if (chunk.held > 0) return;
    this.#chunk = { bytes: new Uint8Array(0), held: 0 };
    this.#at = 0;
    this.#release(chunk);
  }

  #release(chunk: Chunk): void {
    if (chunk.held > 0) return;
    chunk.bytes.buffer.transfer(0);
    chunk.bytes = new Uint8Array(0);
  }
}

/** What is kept: a view, good until it is dropped. */
export function octetsOf({ chunk, start, length }: Kept): Uint8Array {
  return chunk.bytes.subarray(start, start + length);
}
