/** A connection whose octets travel compressed, both ways, from some moment on (RFC 4978). */
import { type Conn, ConnectionLost, type Endpoint, type TlsInfo } from "./conn.ts";

/** Octets compressed in one go, so that nobody waits long. */
const PIECE = 64 * 1024;

/** What compresses for one connection; made anew for each. */
export interface Compression {
  /** What the peer can turn into all of `bytes` as soon as it has it. */
  compress(bytes: Uint8Array): Uint8Array;
  /** Takes what came from the peer. Only after `expanded` gave null. */
  expand(bytes: Uint8Array): void;
  /** The next octets, few at a time however many they become; null when more must come first. Throws ConnectionLost when they are broken. */
  expanded(): Promise<Uint8Array | null>;
  close(): void;
}

export class CompressedConn implements Conn {
  readonly #conn: Conn;
  readonly #compression: Compression;

  constructor(conn: Conn, compression: Compression) {
    this.#conn = conn;
    this.#compression = compression;
  }

  get remote(): Endpoint {
    return this.#conn.remote;
  }

  get local(): Endpoint {
    return this.#conn.local;
  }

  get tls(): TlsInfo | null {
    return this.#conn.tls;
  }

  get ended(): boolean {
    return this.#conn.ended;
  }

  setIdle(ms: number): void {
    this.#conn.setIdle(ms);
  }

  async read(): Promise<Uint8Array | null> {
    for (;;) {
      const octets = await this.#compression.expanded();
      if (octets !== null) return octets;
      const raw = await this.#conn.read();
      if (raw === null) return null;
      this.#compression.expand(raw);
    }
  }

  /** Expanding takes time: there is never anything at once. */
  readNow(): null {
    return null;
  }

  async write(bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length; at += PIECE) {
      await this.#conn.write(this.#compression.compress(bytes.subarray(at, at + PIECE)));
    }
  }

  startTls(): Promise<void> {
    return Promise.reject(new ConnectionLost("tls", "compression is active"));
  }

  async close(): Promise<void> {
    this.#compression.close();
    await this.#conn.close();
  }

  destroy(): void {
    this.#compression.close();
    this.#conn.destroy();
  }
}
