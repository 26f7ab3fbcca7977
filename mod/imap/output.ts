import { EMPTY } from "../base/bytes.ts";
import { IMAP_OUTPUT } from "../base/limits.ts";
import { BufferPool } from "../wire/buffer_pool.ts";
import { ResponseBuffer } from "./response_buffer.ts";

/** Octets that are worth a buffer of its own size. */
const SMALLEST = 2048;
const LARGEST = 32 * 1024;

/** How arrays are had again once they are sent. */
export interface Lending {
  readonly pool: BufferPool;
  /** As `Conn.lend`; null where the connection has no such thing at the moment. */
  lend(bytes: Uint8Array): Promise<void> | null;
}

/**
 * Where responses go: gathered in a buffer, handed to the connection in large chunks. Nothing is sent but by `flush`, so a
 * command that writes much looks at `full` as it goes. An idle session holds no buffer; its array is lent to the connection and used
 * again, by whomever, where that can be done.
 */
export class Output {
  readonly #send: (bytes: Uint8Array) => Promise<void>;
  readonly #lending: Lending | null;
  #buffer: ResponseBuffer | null = null;
  /** Octets the next buffer begins with: what the last answer took, so that clients who ask for one message after the other cost no growing. */
  #size = SMALLEST;
  #sending: Promise<void> | null = null;

  /** `send` resolves when the peer takes octets at a pace that keeps memory bounded, and throws when it is gone. */
  constructor(send: (bytes: Uint8Array) => Promise<void>, lending: Lending | null = null) {
    this.#send = send;
    this.#lending = lending;
  }

  /** What responses are written into. Do not keep it across `flush` or `release`. */
  get buffer(): ResponseBuffer {
    return this.#buffer ??= new ResponseBuffer(this.#size, this.#lending?.pool.take() ?? EMPTY);
  }

  /** Octets not yet flushed. */
  get length(): number {
    return this.#buffer?.length ?? 0;
  }

  /** Time to flush. */
  get full(): boolean {
    return this.length >= IMAP_OUTPUT;
  }

  /** One response line; `text` is ASCII without CRLF. */
  line(text: string): void {
    const buffer = this.buffer;
    buffer.ascii(text);
    buffer.ascii("\r\n");
  }

  /** Whether the peer has yet to take what was flushed. */
  get sending(): boolean {
    return this.#sending !== null;
  }

  /** Sends what was gathered, after what is being sent. */
  async flush(): Promise<void> {
    while (this.#sending !== null) await this.#sending;
    if (this.#buffer === null || this.#buffer.length === 0) return;
    const buffer = this.#buffer;
    const lent = this.#lending?.lend(buffer.view) ?? null;
    if (lent === null) {
      const bytes = buffer.take();
      this.#size = Math.min(Math.max(SMALLEST, bytes.length), LARGEST);
      return await this.#sent(this.#send(bytes));
    }
    // Whoever writes meanwhile has another one.
    this.#buffer = null;
    await this.#sent(lent);
    buffer.truncate(0);
    if (this.#buffer === null && BufferPool.keeps(buffer.array)) this.#buffer = buffer;
    else this.#lending?.pool.give(buffer.array);
  }

  async #sent(sending: Promise<void>): Promise<void> {
    this.#sending = sending;
    try {
      await sending;
    } finally {
      this.#sending = null;
    }
  }

  /** What was gathered, for who sends it by other means (STARTTLS). */
  take(): Uint8Array {
    return this.buffer.take();
  }

  /** Gives the buffer's memory back if nothing is unsent. */
  release(): void {
    if (this.#buffer === null || this.length > 0) return;
    this.#lending?.pool.give(this.#buffer.array);
    this.#buffer = null;
  }
}
