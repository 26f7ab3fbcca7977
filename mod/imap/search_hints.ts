/** What the full-text index says of a search: in which messages a text is for certain not. */
import type { WordIndex } from "../store/mail_index.ts";
import type { Message, Uid } from "../store/store.ts";
import type { Needle } from "./search_key.ts";
import type { Slice } from "./slice.ts";

/** Messages asked about at a time: at first, and at most. */
const FIRST = 500;
const MOST = 8000;
/** Milliseconds a question should take. */
const SHORT = 1;
const LONG = 4;
/** A question is worth a look at the clock. */
const QUESTION_WORK = 64 * 1024;

export class SearchHints {
  readonly #words: WordIndex;
  readonly #needles: readonly Needle[];
  readonly #view: readonly Message[];
  readonly #monotonic: () => number;
  #size = FIRST;
  /** What was asked about last, up to this UID; for each needle the messages that may hold it, null for all. */
  #to: Uid = 0;
  #held: (ReadonlySet<Uid> | null)[] = [];

  constructor(
    words: WordIndex,
    needles: readonly Needle[],
    view: readonly Message[],
    monotonic: () => number,
  ) {
    this.#words = words;
    this.#needles = needles;
    this.#view = view;
    this.#monotonic = monotonic;
  }

  /** Whether `of` was asked about so far up. Messages come in ascending order. */
  knows(uid: Uid): boolean {
    return uid <= this.#to;
  }

  /** Finds out about the message with this sequence number and some after it; in ascending order. */
  async ask(seq: number, slice: Slice): Promise<void> {
    const from = this.#view[seq - 1]?.uid ?? 0;
    const last = this.#view[Math.min(seq - 1 + this.#size, this.#view.length) - 1]?.uid ?? 0;
    const to = Math.min(last, this.#words.upTo);
    if (from > to) return;
    this.#held = [];
    for (const needle of this.#needles) {
      const start = this.#monotonic();
      // It may have lost its end since the last question.
      const uids = this.#words.upTo >= to ? this.#words.mayHold(needle, from, to) : null;
      this.#held.push(uids && new Set(uids));
      const took = this.#monotonic() - start;
      if (took > LONG) this.#size = Math.max(FIRST / 10, this.#size >> 1);
      else if (took < SHORT) this.#size = Math.min(MOST, this.#size * 2);
      await slice.spend(QUESTION_WORK);
    }
    this.#to = to;
  }

  /** For each needle false when it is not in the message, else null; null when nothing is known. */
  of(uid: Uid): readonly (false | null)[] | null {
    if (uid > this.#to) return null;
    return this.#held.map((held) => held === null || held.has(uid) ? null : false);
  }
}
