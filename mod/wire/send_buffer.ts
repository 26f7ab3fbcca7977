import { EMPTY, utf8 } from "../base/bytes.ts";
import { BufferPool } from "./buffer_pool.ts";
import type { Conn } from "./conn.ts";

/** Octets an array begins with where there is none to use again, and where more than these are needed. */
const LITTLE = 1024;
const MUCH = 64 * 1024;

/**
 * Gathers what is to be sent, so that many replies go out in one write. Its array is lent to the connection and used again, by whomever, where
 * that can be done; while nothing is gathered `release` gives it back.
 */
export class SendBuffer {
  readonly #conn: Pick<Conn, "write" | "lend">;
  readonly #pool: BufferPool | null;
  #array: Uint8Array = EMPTY;
  #at = 0;

  constructor(conn: Pick<Conn, "write" | "lend">, pool: BufferPool | null) {
    this.#conn = conn;
    this.#pool = pool;
  }

  /** Octets gathered and not sent. */
  get length(): number {
    return this.#at;
  }

  /** Text, as UTF-8. */
  text(text: string): void {
    this.bytes(utf8(text));
  }

  /** Octets, which are copied. */
  bytes(bytes: Uint8Array): void {
    const needed = this.#at + bytes.length;
    if (needed > this.#array.length) this.#grow(needed);
    this.#array.set(bytes, this.#at);
    this.#at = needed;
  }

  /** Sends what was gathered; resolves when the peer takes it at a pace that keeps memory bounded. Nothing may be added meanwhile. */
  async flush(): Promise<void> {
    if (this.#at === 0) return;
    const array = this.#array;
    const octets = array.subarray(0, this.#at);
    this.#at = 0;
    this.#array = EMPTY;
    if (!this.#pool || !this.#conn.lend) return await this.#conn.write(octets);
    await this.#conn.lend(octets);
    if (BufferPool.keeps(array)) this.#array = array;
  }

  /** Gives the array back if nothing waits in it. */
  release(): void {
    if (this.#at > 0) return;
    this.#pool?.give(this.#array);
    this.#array = EMPTY;
  }

  #grow(needed: number): void {
    const kept = this.#array.length === 0 ? this.#pool?.take() ?? EMPTY : EMPTY;
    if (kept.length >= needed) {
      this.#array = kept;
      return;
    }
    const least = needed > LITTLE ? MUCH : LITTLE;
    const larger = new Uint8Array(Math.max(needed, least, 2 * this.#array.length));
    larger.set(this.#array.subarray(0, this.#at));
    this.#array = larger;
  }
}
