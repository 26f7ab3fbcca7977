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

/** Of one session. It has a timer only while commands come: one in ten seconds, however many they are. */
export class Progress {
  readonly #clock: Pick<Clock, "after" | "monotonic">;
  readonly #out: Output;
  /** Of the command under way; null where there is nothing to tell. */
  #tag: string | null = null;
  #counts = false;
  #done: number | null = null;
  #goal: number | null = null;
  /** When it began, or was last told of. */
  #since = 0;
  #cancel: (() => void) | null = null;

  constructor(clock: Pick<Clock, "after" | "monotonic">, out: Output) {
    this.#clock = clock;
    this.#out = out;
  }

  /** Whether commands of this kind may take long. */
  static isLong(verb: Verb): boolean {
    return LONG.has(verb);
  }

  /** A command begins. */
  begin({ tag, verb }: Pick<Command, "tag" | "verb">): void {
    this.#tag = tag;
    this.#counts = LONG.get(verb) === true;
    this.#done = this.#goal = null;
    this.#since = this.#clock.monotonic();
    this.#cancel ??= this.#arm(IMAP_PROGRESS);
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

  /** Nothing more is told of this command: it is over, or a response is about to be written in pieces. */
  hold(): void {
    this.#tag = null;
  }

  /** The session ends. */
  close(): void {
    this.#tag = null;
    this.#cancel?.();
    this.#cancel = null;
  }

  #arm(ms: number): () => void {
    return this.#clock.after(ms, () => {
      this.#cancel = null;
      this.#look();
    });
  }

  #look(): void {
    if (this.#tag === null) return;
    const now = this.#clock.monotonic();
    const left = this.#since + IMAP_PROGRESS - now;
    if (left <= 0) {
      this.#tell(this.#tag);
      this.#since = now;
    }
    this.#cancel = this.#arm(left > 0 ? left : IMAP_PROGRESS);
  }

  #tell(tag: string): void {
    // To who does not read what is there already, nothing is added.
    if (this.#out.sending) return;
    const goal = this.#goal === null || this.#goal === 0 ? "NIL" : String(this.#goal);
    this.#out.line(`* OK [INPROGRESS ("${tag}" ${this.#done ?? "NIL"} ${goal})] Still at it`);
    // A connection that is gone is found out by the command itself.
    this.#out.flush().catch(() => {});
  }
}
