/** What the reading thread does: many small files, one after the other, into one array. */
import type { BulkRequest } from "../base/bulk_reader.ts";
import { bareLines, canonicalInto, endOfHeader } from "../base/canonical.ts";
import { BULK_FILE, BULK_HEADER } from "../base/limits.ts";
import { readNow } from "./read_now.ts";

/** As `BulkRead`, without the way to give it back. */
export interface FilledBulk {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly spans: Int32Array<ArrayBuffer>;
  readonly times: Float64Array<ArrayBuffer>;
  readonly took: number;
}

/** Reads files into arrays that are used again. */
export class BulkFiles {
  readonly #raw = new Uint8Array(BULK_FILE);
  readonly #stat = { mtime: 0 };

  /** Fills `bytes` with what is asked for. A file that does not fit, or cannot be read, is left out. */
  read({ dir, names, sizes, part }: BulkRequest, bytes: Uint8Array<ArrayBuffer>): FilledBulk {
    const spans = new Int32Array(names.length * 2).fill(-1);
    const times = new Float64Array(names.length);
    const began = performance.now();
    let at = 0;
    for (const [i, name] of names.entries()) {
      const got = this.#readOne(`${dir}/${name}`, part, sizes[i] ?? -1, bytes.subarray(at));
      if (got < 0) continue;
      spans[2 * i] = at;
      spans[2 * i + 1] = at += got;
      times[i] = this.#stat.mtime;
    }
    return { bytes, spans, times, took: performance.now() - began };
  }

  /** Gives how many octets were written to `into`, or -1. */
  #readOne(path: string, part: BulkRequest["part"], size: number, into: Uint8Array): number {
    let raw: Uint8Array | null;
    try {
      raw = part === "whole" ? this.#whole(path) : this.#header(path);
    } catch {
      return -1; // who asked reads it by itself, and hears of the fault then
    }
    if (!raw) return -1;
    if (raw.length === size && part === "whole") {
      if (raw.length > into.length) return -1;
      into.set(raw);
      return raw.length;
    }
    if (2 * raw.length > into.length && raw.length + bareLines(raw) > into.length) return -1;
    return canonicalInto(raw, into);
  }

  #whole(path: string): Uint8Array | null {
    const size = readNow(path, this.#raw, true, this.#stat);
    return size === null || size > this.#raw.length ? null : this.#raw.subarray(0, size);
  }

  #header(path: string): Uint8Array | null {
    const start = this.#raw.subarray(0, BULK_HEADER);
    const size = readNow(path, start, false, this.#stat);
    if (size === null) return null;
    const end = endOfHeader(start.subarray(0, size));
    return end === 0 && size === BULK_HEADER ? null : start.subarray(0, end || size);
  }
}
