import { LOG_DELAY, LOG_HELD } from "../base/limits.ts";

/**
 * Lines of the log on their way out. What nobody waits for is gathered for a moment and written together: under load a write a line is a tenth of
 * what a message costs. What warns goes out at once, behind all that was gathered.
 */
export class LogLines {
  readonly #write: (text: string) => void;
  readonly #after: (ms: number, fn: () => void) => unknown;
  #held = "";

  /** `write` takes whole lines; `after` calls a function in so many milliseconds. */
  constructor(write: (text: string) => void, after: (ms: number, fn: () => void) => unknown) {
    this.#write = write;
    this.#after = after;
  }

  /** Adds a line, given without its end. */
  add(line: string, urgent: boolean): void {
    const first = this.#held === "";
    this.#held += `${line}\n`;
    if (urgent || this.#held.length > LOG_HELD) this.flush();
    else if (first) this.#after(LOG_DELAY, () => this.flush());
  }

  /** Writes what was gathered. */
  flush(): void {
    if (this.#held === "") return;
    const text = this.#held;
    this.#held = "";
    this.#write(text);
  }
}
