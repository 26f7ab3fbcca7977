/** The connection of a client of the crowd, compressed or not. No threads take part: what happens at random happens again. */
import { constants, deflateRawSync, inflateRawSync } from "node:zlib";
import { fromUtf8, utf8 } from "../../mod/base/bytes.ts";
import type { Compression } from "../../mod/wire/compressed_conn.ts";
import type { ScriptConn } from "../support/script_conn.ts";

const PIECE = { finishFlush: constants.Z_SYNC_FLUSH };

/** DEFLATE where each piece that comes was compressed by itself; it is handed on a few octets at a time. */
export class PieceCompression implements Compression {
  #held: Uint8Array = new Uint8Array();

  compress(bytes: Uint8Array): Uint8Array {
    return deflateRawSync(bytes, PIECE);
  }

  expand(bytes: Uint8Array): void {
    this.#held = inflateRawSync(bytes, PIECE);
  }

  expanded(): Promise<Uint8Array | null> {
    const some = this.#held.subarray(0, 17);
    this.#held = this.#held.subarray(17);
    return Promise.resolve(some.length > 0 ? some : null);
  }

  close(): void {}
}

export class CrowdWire {
  readonly #conn: ScriptConn;
  #text = "";
  /** Writes that were taken in. */
  #taken = 0;
  /** The first that is compressed. */
  #compressedFrom = Infinity;

  constructor(conn: ScriptConn) {
    this.#conn = conn;
  }

  /** Whatever is written after this is compressed, both ways. */
  compress(): void {
    this.#compressedFrom = this.#conn.written.length;
  }

  say(text: string): void {
    this.#conn.feed(this.#compressedFrom < Infinity ? deflateRawSync(utf8(text), PIECE) : text);
  }

  /** All that was heard and not taken. */
  get heard(): string {
    const { written } = this.#conn;
    for (; this.#taken < written.length; this.#taken++) {
      const bytes = written[this.#taken] ?? new Uint8Array();
      this.#text += fromUtf8(this.#taken < this.#compressedFrom ? bytes : inflateRawSync(bytes, PIECE));
    }
    return this.#text;
  }

  /** Takes what was heard up to the last end of a line. */
  take(): string {
    const end = this.heard.lastIndexOf("\r\n") + 2;
    const text = end < 2 ? "" : this.#text.slice(0, end);
    this.#text = this.#text.slice(text.length);
    return text;
  }

  /** Resolves once `there` says so of all that was heard. */
  async until(there: (heard: string) => boolean): Promise<void> {
    while (!there(this.heard)) await this.#conn.wrote();
  }

  end(): void {
    this.#conn.end();
  }
}
