import type { LogFields } from "../base/log.ts";

/** One decision, as it is kept: flat, without message text and passwords, since it comes from the log. */
export interface TraceEvent {
  /** Milliseconds since 1970. */
  readonly at: number;
  /** The log's phrase, or "refused": what was refused before any message, counted. */
  readonly event: string;
  /** ID given at reception, as in `Received:`; null where only the queue's is known. */
  readonly trace: string | null;
  /** ID in the queue. */
  readonly queue: string | null;
  readonly fields: LogFields;
}

/** The port that hears of decisions. Neither blocks nor throws. */
export interface Tracer {
  /** `fields` as they stand in the log. */
  note(event: string, fields: LogFields): void;
}

/** How much is kept. */
export interface TraceLimits {
  /** Milliseconds. */
  readonly age: number;
  /** Octets of the file. */
  readonly size: number;
}
