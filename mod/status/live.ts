/** Server-sent events: pages are told that something has changed, and load themselves again. */
import { utf8 } from "../base/bytes.ts";
import { LIVE_BEAT, LIVE_LOOK, LIVE_STREAMS } from "../base/limits.ts";
import type { Clock } from "../base/clock.ts";

export interface LivePorts {
  readonly clock: Clock;
  readonly stopping: AbortSignal;
  /** Another text whenever something changed that the pages show. */
  revision(): string;
}

/** The open streams, few at a time. */
export class LiveStreams {
  readonly #ports: LivePorts;
  #open = 0;

  constructor(ports: LivePorts) {
    this.#ports = ports;
  }

  /**
   * A stream that says "changed" after each change, at most every two seconds, and something now and then; null when there are too many. It ends
   * when the server stops, the reader goes, or `allowed` says no.
   */
  open(allowed: () => Promise<boolean>): ReadableStream<Uint8Array> | null {
    if (this.#open >= LIVE_STREAMS) return null;
    this.#open++;
    const { clock, stopping } = this.#ports;
    const gone = new AbortController();
    const end = AbortSignal.any([gone.signal, stopping]);
    let seen = this.#ports.revision();
    let spoke = clock.monotonic();
    let first = true;
    const next = async (): Promise<string | null> => {
      if (first) {
        first = false;
        return "retry: 5000\n\n";
      }
      for (;;) {
        await clock.sleep(LIVE_LOOK, end);
        if (end.aborted || !await allowed()) return null;
        const revision = this.#ports.revision();
        const silent = clock.monotonic() - spoke >= LIVE_BEAT;
        if (revision === seen && !silent) continue;
        const text = revision === seen ? ": still here\n\n" : "data: changed\n\n";
        seen = revision;
        spoke = clock.monotonic();
        return text;
      }
    };
    let counted = true;
    const left = () => {
      if (counted) this.#open--;
      counted = false;
    };
    return new ReadableStream({
      async pull(controller) {
        const text = await next();
        if (text !== null) return controller.enqueue(utf8(text));
        left();
        // The reader may have gone itself, which has closed the stream already.
        if (!gone.signal.aborted) controller.close();
      },
      cancel() {
        gone.abort();
        left();
      },
    }, { highWaterMark: 0 });
  }
}
