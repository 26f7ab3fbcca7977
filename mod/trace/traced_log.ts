/** A log that hands decisions about mail to the tracer: one line a decision, so the lines are the trace. */
import type { Log, LogFields } from "../base/log.ts";
import { isTraced } from "./events.ts";
import type { Tracer } from "./types.ts";

export class TracedLog implements Log {
  readonly #to: Log;
  readonly #tracer: Tracer;
  readonly #fields: LogFields | null;

  /** `fields`: what the lines carry of `to`. */
  constructor(to: Log, tracer: Tracer, fields: LogFields | null = null) {
    this.#to = to;
    this.#tracer = tracer;
    this.#fields = fields;
  }

  debug(event: string, fields?: LogFields): void {
    this.#to.debug(event, fields);
  }
  info(event: string, fields?: LogFields): void {
    this.#note(event, fields);
    this.#to.info(event, fields);
  }
  warn(event: string, fields?: LogFields): void {
    this.#note(event, fields);
    this.#to.warn(event, fields);
  }
  error(event: string, fields?: LogFields, cause?: unknown): void {
    this.#note(event, cause === undefined ? fields : { ...fields, why: reasonOf(cause) });
    this.#to.error(event, fields, cause);
  }
  with(fields: LogFields): Log {
    return new TracedLog(this.#to.with(fields), this.#tracer, { ...this.#fields, ...fields });
  }

  #note(event: string, fields: LogFields = {}): void {
    if (!isTraced(event)) return;
    this.#tracer.note(event, this.#fields ? { ...this.#fields, ...fields } : fields);
  }
}

/** Without the stack, which is for the log. */
function reasonOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
