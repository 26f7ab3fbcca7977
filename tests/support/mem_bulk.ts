import type { BulkRead, BulkReader, BulkRequest } from "../../mod/base/bulk_reader.ts";
import { canonicalInto, endOfHeader } from "../../mod/base/canonical.ts";
import { BULK_FILE } from "../../mod/base/limits.ts";
import type { Fs } from "../../mod/base/fs.ts";

/** A bulk reader without a thread, over any file system: reads when it is told to. */
export class MemBulk implements BulkReader {
  readonly #fs: Pick<Fs, "readInto" | "readHead" | "statSync">;
  /** Requests not answered yet. */
  readonly #waiting: { readonly request: BulkRequest; readonly answer: (read: BulkRead | null) => void }[] =
    [];
  ready = false;
  starts = 0;
  closed = false;
  /** Every file asked for, in order. */
  readonly asked: string[] = [];
  /** Answers whose memory was not given back. */
  out = 0;
  /** Milliseconds that a request seems to take. */
  took = 0;

  constructor(fs: Pick<Fs, "readInto" | "readHead" | "statSync">) {
    this.#fs = fs;
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  start(): void {
    this.starts++;
    this.ready = !this.closed;
  }

  read(request: BulkRequest): Promise<BulkRead | null> | null {
    if (!this.ready) return null;
    this.asked.push(...request.names);
    return new Promise((answer) => this.#waiting.push({ request, answer }));
  }

  /** Answers so many requests. */
  async answer(most = Infinity): Promise<void> {
    for (let i = 0; i < most; i++) {
      const next = this.#waiting.shift();
      if (!next) return;
      this.out++;
      next.answer(this.#readAll(next.request));
      await Promise.resolve();
    }
  }

  /** The thread has died. */
  async die(): Promise<void> {
    this.ready = false;
    for (const { answer } of this.#waiting.splice(0)) answer(null);
    await Promise.resolve();
  }

  close(): void {
    this.closed = true;
    void this.die();
  }

  #readAll({ dir, names, part }: BulkRequest): BulkRead {
    const bytes = new Uint8Array(names.length * BULK_FILE);
    const spans = new Int32Array(2 * names.length).fill(-1);
    const times = new Float64Array(names.length);
    let at = 0;
    for (const [i, name] of names.entries()) {
      const path = `${dir}/${name}`;
      const raw = new Uint8Array(BULK_FILE);
      const size = this.#fs.readInto(path, raw);
      if (size === null || size > raw.length) continue;
      const whole = raw.subarray(0, size);
      times[i] = this.#fs.statSync(path)?.mtime ?? 0;
      spans[2 * i] = at;
      at += canonicalInto(
        part === "whole" ? whole : whole.subarray(0, endOfHeader(whole)),
        bytes.subarray(at),
      );
      spans[2 * i + 1] = at;
    }
    let given = false;
    const done = () => {
      if (!given) this.out--;
      given = true;
      bytes.fill(0); // whoever still looks at it reads nonsense
    };
    return { bytes, spans, times, took: this.took, done };
  }
}
