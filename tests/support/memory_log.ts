import type { Log, LogFields } from "../../mod/base/log.ts";

export interface LogLine {
  readonly level: "debug" | "info" | "warn" | "error";
  readonly event: string;
  readonly fields: LogFields;
}

/** A log that remembers its lines. */
export class MemoryLog implements Log {
  readonly lines: LogLine[];
  readonly #fields: LogFields;

  constructor(lines: LogLine[] = [], fields: LogFields = {}) {
    this.lines = lines;
    this.#fields = fields;
  }

  debug(event: string, fields?: LogFields): void {
    this.#add("debug", event, fields);
  }
  info(event: string, fields?: LogFields): void {
    this.#add("info", event, fields);
  }
  warn(event: string, fields?: LogFields): void {
    this.#add("warn", event, fields);
  }
  error(event: string, fields?: LogFields, cause?: unknown): void {
    this.#add("error", event, cause === undefined ? fields : { ...fields, cause: String(cause) });
  }
  with(fields: LogFields): Log {
    return new MemoryLog(this.lines, { ...this.#fields, ...fields });
  }

  #add(level: LogLine["level"], event: string, fields?: LogFields): void {
    this.lines.push({ level, event, fields: { ...this.#fields, ...fields } });
  }
}
