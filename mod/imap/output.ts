import { IMAP_OUTPUT } from "../base/limits.ts";
import { ResponseBuffer } from "./response_buffer.ts";

/**
 * Where responses go: gathered in a buffer, handed to the connection in large chunks. Nothing is sent but by `flush`, so a
 * command that writes much looks at `full` as it goes. An idle session holds no buffer.
 */
export class Output {
  readonly #send: (bytes: Uint8Array) => Promise<void>;
  #buffer: ResponseBuffer | null = null;
  #sending: Promise<void> | null = null;

  /** `send` resolves when the peer takes octets at a pace that keeps memory bounded, and throws when it is gone. */
  constructor(send: (bytes: Uint8Array) => Promise<void>) {
    this.#send = send;
  }

  /** What responses are written into. Do not keep it across `flush` or `release`. */
  get buffer(): ResponseBuffer {
    return this.#buffer ??= new ResponseBuffer(2048);
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
    this.#sending = this.#send(this.#buffer.take());
    try {
      await this.#sending;
    } finally {
      this.#sending = null;
    }
  }

  /** What was gathered, for who sends it by other means (STARTTLS). */
  take(): Uint8Array {
    return this.buffer.take();
  }

  /** Gives the buffer's memory back; nothing may be unsent. */
  release(): void {
    if (this.length === 0) this.#buffer = null;
  }
}
