/**
 * Tells a client that waits that its command is under way, and how far (RFC 9585). A timer does, so whatever a command waits for is covered; it
 * runs only between two tasks of the event loop, and the commands of `LONG` write each response in one: none is cut in two. What writes one in
 * pieces calls `hold` first.
 */
import type { Clock } from "../base/clock.ts";
import { IMAP_PROGRESS } from "../base/limits.ts";
import type { Output } from "./output.ts";
import type { Command, Verb } from "./types.ts";

/** Commands that may take long; those that are true say how many messages they looked at. */
const LONG: ReadonlyMap<Verb, boolean> = new Map<Verb, boolean>([
  ["SELECT", false],
  ["EXAMINE", false],
  ["STATUS", false],
  ["LIST", false],
  ["NOTIFY", false],
  ["DELETE", false],
  ["RENAME", false],
  ["SEARCH", true],
  ["ESEARCH", false],
  ["SORT", false],
  ["THREAD", false],
  ["STORE", true],
  ["COPY", false],
  ["MOVE", false],
  ["EXPUNGE", false],
  ["FETCH", false], // until its first response: sizes of a foreign Maildir are found out before
]);

export class Progress {
  readonly #clock: Pick<Clock, "after">;
  readonly #out: Output;
  readonly #tag: string;
  readonly #counts: boolean;
  #done: number | null = null;
  #goal: number | null = null;
  #cancel: () => void;

  /** Of a command that begins; null for one that is never long. `end` it. */
  static of(
    command: Pick<Command, "tag" | "verb">,
    clock: Pick<Clock, "after">,
    out: Output,
  ): Progress | null {
    const counts = LONG.get(command.verb);
    return counts === undefined ? null : new Progress(command.tag, counts, clock, out);
  }

  private constructor(tag: string, counts: boolean, clock: Pick<Clock, "after">, out: Output) {
    this.#tag = tag;
    this.#counts = counts;
    this.#clock = clock;
    this.#out = out;
    this.#cancel = this.#arm();
  }

  /** Messages that are done with, of `goal`. Left out where the command does more than that. */
  count(done: number, goal: number): void {
    if (this.#counts) this.steps(done, goal);
  }

  /** Parts of the whole command that are done, of `goal`. */
  steps(done: number, goal: number): void {
    this.#done = Math.min(done, goal);
    this.#goal = goal;
  }

  /** Nothing more is told: a response is about to be written in pieces. */
  hold(): void {
    this.#cancel();
  }

  end(): void {
    this.#cancel();
  }

  #arm(): () => void {
    return this.#clock.after(IMAP_PROGRESS, () => {
      this.#cancel = this.#arm();
      this.#tell();
    });
  }

  #tell(): void {
    // To who does not read what is there already, nothing is added.
    if (this.#out.sending) return;
    const goal = this.#goal === null || this.#goal === 0 ? "NIL" : String(this.#goal);
    this.#out.line(`* OK [INPROGRESS ("${this.#tag}" ${this.#done ?? "NIL"} ${goal})] Still at it`);
    // A connection that is gone is found out by the command itself.
    this.#out.flush().catch(() => {});
  }
}
