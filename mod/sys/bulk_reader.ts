/**
 * The bulk reader port by a thread. It is started when there is much to read and ended when nobody has read for a while: it is there after 30 ms, of which the
 * platform holds the event loop for 7 to 10 (its own start of a Worker), and holds some 15 MB of memory, part of which stays. Measured: the thread
 * reads a file in 22 us, of which this side has 0.2.
 */
import type { BulkRead, BulkReader, BulkRequest } from "../base/bulk_reader.ts";
import type { Clock } from "../base/clock.ts";
import { BULK_ARRAYS, BULK_IDLE, BULK_RETRY, BULK_WAITING } from "../base/limits.ts";
import type { Log } from "../base/log.ts";
import type { FilledBulk } from "./bulk_files.ts";
import type { ThreadRequest } from "./bulk_thread.ts";

/** As much of a Worker as is used. */
export interface Thread {
  onmessage: ((event: MessageEvent<"ready" | FilledBulk>) => void) | null;
  onerror: ((event: ErrorEvent) => void) | null;
  onmessageerror: ((event: MessageEvent) => void) | null;
  postMessage(message: ThreadRequest, transfer: Transferable[]): void;
  terminate(): void;
}

export interface BulkPorts {
  readonly clock: Pick<Clock, "monotonic" | "after">;
  readonly log: Log;
}

type Answer = (read: BulkRead | null) => void;

export class ThreadReader implements BulkReader {
  readonly #ports: BulkPorts;
  readonly #make: () => Thread;
  #thread: Thread | null = null;
  #ready = false;
  #closed = false;
  /** Monotonic time before which it is not started again after a failure. */
  #notBefore = -Infinity;
  /** Monotonic time of the last request. */
  #used = 0;
  #cancelLook: () => void = () => {};
  /** Who waits, in the order of the requests. */
  readonly #waiting: Answer[] = [];
  /** Arrays to use again. */
  #arrays: ArrayBuffer[] = [];

  /** `make` starts the thread, whose program is bulk_thread.ts. */
  constructor(ports: BulkPorts, make: () => Thread) {
    this.#ports = ports;
    this.#make = make;
  }

  get ready(): boolean {
    return this.#ready && this.#waiting.length < BULK_WAITING;
  }

  start(): void {
    const { clock } = this.#ports;
    if (this.#thread || this.#closed || clock.monotonic() < this.#notBefore) return;
    try {
      const thread = this.#thread = this.#make();
      thread.onmessage = ({ data }) => data === "ready" ? this.#started() : this.#answered(data);
      thread.onerror = (event) => {
        event.preventDefault();
        this.#fail(event.message);
      };
      thread.onmessageerror = () => this.#fail("an answer could not be read");
    } catch (e) {
      return this.#fail(String(e));
    }
    this.#used = clock.monotonic();
    this.#look();
  }

  read(request: BulkRequest): Promise<BulkRead | null> | null {
    const thread = this.#thread;
    if (!thread || !this.ready) return null;
    this.#used = this.#ports.clock.monotonic();
    const array = this.#arrays.pop() ?? null;
    thread.postMessage({ request, array }, array ? [array] : []);
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  close(): void {
    this.#closed = true;
    this.#end();
  }

  #started(): void {
    this.#ready = true;
  }

  #answered(filled: FilledBulk): void {
    let given = false;
    const done = () => {
      if (!given && this.#ready && this.#arrays.length < BULK_ARRAYS) this.#arrays.push(filled.bytes.buffer);
      given = true;
    };
    this.#waiting.shift()?.({ ...filled, done });
  }

  /** Looks now and then whether it is still used. */
  #look(): void {
    const { clock } = this.#ports;
    const left = this.#waiting.length > 0 ? BULK_IDLE : this.#used + BULK_IDLE - clock.monotonic();
    if (left <= 0) return this.#end();
    this.#cancelLook = clock.after(left, () => this.#look());
  }

  #fail(why: string): void {
    const { clock, log } = this.#ports;
    log.warn("thread that reads files failed; they are read without it for now", { why });
    this.#notBefore = clock.monotonic() + BULK_RETRY;
    this.#end();
  }

  #end(): void {
    this.#cancelLook();
    this.#ready = false;
    this.#arrays = [];
    const thread = this.#thread;
    this.#thread = null;
    if (thread) {
      thread.onmessage = thread.onerror = thread.onmessageerror = null;
      thread.terminate();
    }
    for (const answer of this.#waiting.splice(0)) answer(null);
  }
}

/** Starts the thread. `program` is bulk_thread.ts, or what became of it in a build. */
export function startThread(program: URL): Thread {
  return new Worker(program, { type: "module" });
}
