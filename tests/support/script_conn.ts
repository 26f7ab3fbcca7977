import { concat, fromUtf8, utf8 } from "../../mod/base/bytes.ts";
import { type Conn, ConnectionLost, type Endpoint, type TlsInfo } from "../../mod/wire/conn.ts";

/**
 * A connection without a socket. The test feeds octets as the peer (in any chunking) and looks at what was written.
 * `startTls` succeeds at once and from then on `tls` is set; it refuses when fed octets were not read, as the real one does.
 */
export class ScriptConn implements Conn {
  readonly remote: Endpoint;
  readonly local: Endpoint = { address: "127.0.0.1", port: 25 };
  tls: TlsInfo | null = null;
  /** Every write, in order. */
  readonly written: Uint8Array[] = [];
  /** The last idle time asked for, milliseconds. */
  idle = 0;
  closed = false;
  destroyed = false;
  #fed: Uint8Array[] = [];
  #ended = false;
  #readers: (() => void)[] = [];
  #writers: { readonly after: number; readonly wake: () => void }[] = [];
  #total = 0;

  constructor(remote: Endpoint = { address: "192.0.2.1", port: 40000 }, tls: TlsInfo | null = null) {
    this.remote = remote;
    this.tls = tls;
  }

  /** Octets from the peer; text is sent as UTF-8, exactly as given (write the CRLFs). Cut into pieces of `size` octets if given. */
  feed(data: string | Uint8Array, size = Infinity): this {
    const bytes = typeof data === "string" ? utf8(data) : data;
    for (let at = 0; at < bytes.length; at += size) {
      this.#fed.push(bytes.slice(at, Math.min(bytes.length, at + size)));
    }
    this.#wake();
    return this;
  }

  get ended(): boolean {
    return this.#ended || this.closed || this.destroyed;
  }

  /** The peer ends its side. */
  end(): this {
    this.#ended = true;
    this.#wake();
    return this;
  }

  /** All that was written so far, as text. */
  get output(): string {
    return fromUtf8(concat(this.written));
  }

  /** Resolves with all output once it holds `text` after offset `from`; rejects if the connection closes before. */
  async until(text: string, from = 0): Promise<string> {
    while (!this.output.slice(from).includes(text)) {
      if (this.closed || this.destroyed) {
        throw new Error(`Closed before "${text}" was written: ${this.output.slice(from)}`);
      }
      await this.#change();
    }
    return this.output;
  }

  /** Resolves with the next write; rejects if the connection closes before. */
  async wrote(): Promise<void> {
    const before = this.#total;
    while (this.#total === before) {
      if (this.closed || this.destroyed) throw new Error("Closed before anything was written");
      await this.#change();
    }
  }

  async #change(): Promise<void> {
    const after = this.#total;
    await new Promise<void>((wake) => this.#writers.push({ after, wake }));
  }

  setIdle(ms: number): void {
    this.idle = ms;
  }

  async read(): Promise<Uint8Array | null> {
    for (;;) {
      if (this.destroyed) throw new ConnectionLost("closed");
      const chunk = this.#fed.shift();
      if (chunk) return chunk;
      if (this.#ended || this.closed) return null;
      await new Promise<void>((r) => this.#readers.push(r));
    }
  }

  readNow(): Uint8Array | null {
    return this.#fed.shift() ?? null;
  }

  write(bytes: Uint8Array): Promise<void> {
    if (this.closed || this.destroyed) return Promise.reject(new ConnectionLost("closed"));
    this.written.push(bytes.slice());
    this.#total += bytes.length;
    const waiting = this.#writers;
    this.#writers = [];
    for (const w of waiting) w.wake();
    return Promise.resolve();
  }

  async startTls(announce: Uint8Array | null): Promise<void> {
    if (this.#fed.length > 0) throw new ConnectionLost("tls", "plain octets before the handshake");
    if (announce) await this.write(announce);
    this.tls = { protocol: "TLSv1.3", cipher: "TLS_AES_128_GCM_SHA256", serverName: null };
  }

  close(): Promise<void> {
    this.closed = true;
    this.#wake();
    this.#wakeWriters();
    return Promise.resolve();
  }

  destroy(): void {
    this.destroyed = true;
    this.#wake();
    this.#wakeWriters();
  }

  #wake(): void {
    const readers = this.#readers;
    this.#readers = [];
    for (const r of readers) r();
  }

  #wakeWriters(): void {
    const waiting = this.#writers;
    this.#writers = [];
    for (const w of waiting) w.wake();
  }
}
