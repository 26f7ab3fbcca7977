/** What a log line may carry: flat, small, never message text, passwords or keys. */
export type LogFields = Readonly<Record<string, string | number | boolean | null | undefined>>;

/**
 * The log port. One line a decision: `event` is a short constant phrase ("mail accepted"), everything variable goes
 * into `fields`, so that lines can be searched and counted.
 */
export interface Log {
  debug(event: string, fields?: LogFields): void;
  info(event: string, fields?: LogFields): void;
  warn(event: string, fields?: LogFields): void;
  /** `cause` is an exception that was not foreseen; its stack goes to the log. */
  error(event: string, fields?: LogFields, cause?: unknown): void;
  /** A log whose lines all carry `fields` too. */
  with(fields: LogFields): Log;
}
