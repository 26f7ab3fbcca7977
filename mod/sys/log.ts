/** The log port over LogTape: one line a decision, for eyes on a terminal, JSON for programs. */
import { configureSync, getLogger, type LogRecord, type Sink } from "@logtape/logtape";
import type { Log, LogFields } from "../base/log.ts";
import { utf8 } from "../base/bytes.ts";
import { LogLines } from "./log_lines.ts";

export type LogLevel = "debug" | "info" | "warning" | "error";
export type LogFormat = "text" | "json";

/** Where lines go; the default is the process's standard error. `urgent`: they warn. */
export type LineWriter = (line: string, urgent: boolean) => void;

/** What may come out a moment later. */
const CALM: ReadonlySet<string> = new Set(["trace", "debug", "info"]);

const COLOURS: Readonly<Record<string, string>> = {
  debug: "\x1b[2m",
  info: "\x1b[32m",
  warning: "\x1b[33m",
  error: "\x1b[31m",
  fatal: "\x1b[31m",
};

/**
 * Sets up logging for the process and gives the root log. Calling it again (reload) changes level and format for all logs.
 * `colours` only when a person looks.
 */
export function setUpLog(
  options: { readonly level: LogLevel; readonly format: LogFormat; readonly colours: boolean },
  write: LineWriter = standardError(),
): Log {
  const format = options.format === "json" ? jsonLine : (r: LogRecord) => textLine(r, options.colours);
  const sink: Sink = (record) => write(format(record), !CALM.has(record.level));
  configureSync({
    reset: true,
    sinks: { out: sink },
    loggers: [
      { category: ["roost"], sinks: ["out"], lowestLevel: options.level },
      { category: ["logtape", "meta"], sinks: ["out"], lowestLevel: "error" },
    ],
  });
  return new TapeLog({});
}

class TapeLog implements Log {
  readonly #fields: LogFields;

  constructor(fields: LogFields) {
    this.#fields = fields;
  }

  debug(event: string, fields?: LogFields): void {
    getLogger("roost").debug(event, { ...this.#fields, ...fields });
  }
  info(event: string, fields?: LogFields): void {
    getLogger("roost").info(event, { ...this.#fields, ...fields });
  }
  warn(event: string, fields?: LogFields): void {
    getLogger("roost").warn(event, { ...this.#fields, ...fields });
  }
  error(event: string, fields?: LogFields, cause?: unknown): void {
    const why = cause instanceof Error
      ? cause.stack ?? cause.message
      : cause === undefined
      ? undefined
      : String(cause);
    getLogger("roost").error(event, {
      ...this.#fields,
      ...fields,
      ...(why === undefined ? {} : { cause: why }),
    });
  }
  with(fields: LogFields): Log {
    return new TapeLog({ ...this.#fields, ...fields });
  }
}

/** `2026-01-02T03:04:05.678Z info mail accepted id=… size=…`; values with spaces or control characters are quoted. */
export function textLine(record: LogRecord, colours: boolean): string {
  const time = new Date(record.timestamp).toISOString();
  const level = record.level.padEnd(7);
  const shown = colours
    ? `\x1b[2m${time}\x1b[0m ${COLOURS[record.level] ?? ""}${level}\x1b[0m`
    : `${time} ${level}`;
  let line = `${shown} ${eventOf(record)}`;
  for (const [key, value] of Object.entries(record.properties)) {
    if (value === undefined || value === null) continue;
    line += ` ${colours ? `\x1b[2m${key}=\x1b[0m` : `${key}=`}${textValue(value)}`;
  }
  return line;
}

/** One JSON object a line: `time`, `level`, `event`, then the fields. */
export function jsonLine(record: LogRecord): string {
  return harmless(JSON.stringify({
    time: new Date(record.timestamp).toISOString(),
    level: record.level,
    event: eventOf(record),
    ...record.properties,
  }));
}

/** JSON leaves some characters as they are that terminals obey: C1 controls, separators of lines, and what turns the direction of writing. */
const OBEYED = /[\u007f-\u009f\u2028-\u202e\u2066-\u2069]/g;

function harmless(json: string): string {
  return json.replace(OBEYED, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

function eventOf(record: LogRecord): string {
  return typeof record.rawMessage === "string" ? record.rawMessage : record.rawMessage.join("");
}

function textValue(value: unknown): string {
  const text = String(value);
  // Whatever a peer put into a field must not make a new line or move the cursor.
  return /^[\x21\x23-\x7e\u00a1-\u2027\u202f-\u2065\u206a-\uffff]+$/.test(text)
    ? text
    : harmless(JSON.stringify(text));
}

function standardError(): LineWriter {
  // A person sees each line as it comes, between what else is shown.
  if (Deno.stderr.isTerminal()) return (line) => toStandardError(`${line}\n`);
  const lines = new LogLines(toStandardError, (ms, fn) => Deno.unrefTimer(setTimeout(fn, ms)));
  globalThis.addEventListener("unload", () => lines.flush());
  return (line, urgent) => lines.add(line, urgent);
}

function toStandardError(text: string): void {
  const bytes = utf8(text);
  try {
    for (let at = 0; at < bytes.length;) at += Deno.stderr.writeSync(bytes.subarray(at));
  } catch {
    // Nobody listens any more (a closed pipe): mail goes on without a log.
  }
}
