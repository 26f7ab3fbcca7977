/**
 * LIST patterns (RFC 3501 6.3.8): "*" stands for anything, "%" for anything within one level. All positions a pattern can be in are
 * followed at once, so no pattern makes the time explode. "INBOX" as first level matches in any case (RFC 3501 5.1).
 */
import { asciiLower } from "../base/bytes.ts";
import { MAILBOX_NAME } from "../base/limits.ts";

const INBOX = "INBOX";

export class ListPattern {
  readonly #pattern: string;
  readonly #separator: string;

  /** `pattern` with its reference name before it, in Unicode. */
  constructor(pattern: string, separator: string) {
    // A run of wildcards is one: "*" if there is one among them.
    this.#pattern = pattern.replace(/[*%]{2,}/g, (run) => run.includes("*") ? "*" : "%");
    this.#separator = separator;
  }

  /** Whether a mailbox name (or a level above one) matches. */
  matches(name: string): boolean {
    // More letters than any name has can match nothing; this also bounds the work.
    if (this.#pattern.length > 2 * MAILBOX_NAME + 1) return false;
    // What clients ask as a rule, of thousands of names.
    if (this.#pattern === "*") return true;
    if (this.#pattern === "%") return !name.includes(this.#separator);
    const folded = name === INBOX || name.startsWith(INBOX + this.#separator) ? INBOX.length : 0;
    let states: Set<number> = this.#skip(new Set(), 0);
    for (let i = 0; i < name.length && states.size > 0; i++) {
      const next = new Set<number>();
      for (const at of states) this.#step(next, at, name[i] ?? "", i < folded);
      states = next;
    }
    return states.has(this.#pattern.length);
  }

  #step(next: Set<number>, at: number, c: string, fold: boolean): void {
    const p = this.#pattern[at];
    if (p === undefined) return;
    if (p === "*") this.#skip(next, at);
    else if (p === "%") {
      if (c !== this.#separator) this.#skip(next, at);
    } else if (p === c || (fold && asciiLower(p) === asciiLower(c))) this.#skip(next, at + 1);
  }

  /** Adds a position, and what follows it if it is a wildcard that stands for nothing. */
  #skip(states: Set<number>, at: number): Set<number> {
    states.add(at);
    const p = this.#pattern[at];
    if (p === "*" || p === "%") states.add(at + 1);
    return states;
  }
}
