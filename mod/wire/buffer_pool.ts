/** Octets of an array that is kept: room for a piece of a long answer (IMAP_OUTPUT) and the message that overshoots it. */
const SMALLEST = 64 * 1024;
const LARGEST = 128 * 1024;
/** Arrays kept: few connections write in the same moment. */
const KEPT = 4;

/**
 * Arrays that answers are written into, used again and again by all connections: memory that is new costs the system a fault every 4 KiB, which is
 * as much as all else that is done to them.
 */
export class BufferPool {
  readonly #kept: Uint8Array[] = [];

  /** One that nobody uses, the last one given back; null when there is none. What it holds is anything. */
  take(): Uint8Array | null {
    return this.#kept.pop() ?? null;
  }

  /** Gives back what nobody looks at any more; a few are kept. */
  give(array: Uint8Array): void {
    if (BufferPool.keeps(array) && this.#kept.length < KEPT) this.#kept.push(array);
  }

  /** Whether an array is of a size that is used again. */
  static keeps({ length }: Uint8Array): boolean {
    return length >= SMALLEST && length <= LARGEST;
  }
}
