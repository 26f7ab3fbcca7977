/**
 * DEFLATE (RFC 1951) for connections, over node:zlib. What we send is compressed piece by piece, each by itself and ended with a sync flush: to the
 * peer that is one stream, and nothing is held for it in between, where zlib's own state would be 160 KiB. What we get needs the window
 * that RFC 4978 lets the peer use: some 40 KiB.
 */
import { constants, createInflateRaw, deflateRawSync, type InflateRaw } from "node:zlib";
import type { Compression } from "../wire/compressed_conn.ts";
import { ConnectionLost } from "../wire/conn.ts";

/** Less than this does not get smaller. */
const SMALL = 64;
/** Octets handed on at a time: what a few octets become may be very much. */
const CHUNK = 4096;

export class Deflate implements Compression {
  readonly #inflate: InflateRaw = createInflateRaw({ chunkSize: CHUNK });
  /** All that came was taken. */
  #drained = true;
  #over: "broken" | "closed" | null = null;
  #wake: () => void = () => {};

  constructor() {
    this.#inflate.on("readable", () => this.#wake());
    this.#inflate.on("error", () => this.#end("broken"));
  }

  compress(bytes: Uint8Array): Uint8Array {
    if (bytes.length < SMALL) return stored(bytes);
    return deflateRawSync(bytes, { finishFlush: constants.Z_SYNC_FLUSH });
  }

  expand(bytes: Uint8Array): void {
    if (this.#over) return;
    this.#drained = false;
    this.#inflate.write(bytes, () => {
      this.#drained = true;
      this.#wake();
    });
  }

  async expanded(): Promise<Uint8Array | null> {
    for (;;) {
      if (this.#over) throw new ConnectionLost("closed", `compression ${this.#over}`);
      const octets: unknown = this.#inflate.read();
      if (octets instanceof Uint8Array) return octets;
      if (this.#drained) return null;
      await new Promise<void>((wake) => this.#wake = wake);
    }
  }

  close(): void {
    this.#end("closed");
    this.#inflate.destroy();
  }

  #end(why: "broken" | "closed"): void {
    this.#over ??= why;
    this.#wake();
  }
}

/** A block without compression (RFC 1951 3.2.4), not the last one. */
function stored(bytes: Uint8Array): Uint8Array {
  const block = new Uint8Array(5 + bytes.length);
  block[1] = bytes.length;
  block[3] = ~bytes.length;
  block[4] = 0xff;
  block.set(bytes, 5);
  return block;
}
