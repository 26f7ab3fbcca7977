/** What the index says of a search of header fields: which messages surely have none of the texts in any field that is kept. */
import { utf8 } from "../base/bytes.ts";
import { INDEX_FIELDS_ASKED, INDEX_NEEDLES, INDEX_PENDING } from "../base/limits.ts";
import type { ParsedTexts } from "../store/mail_index.ts";
import type { Message, Uid } from "../store/store.ts";
import { finishFields, isKept, KeptHeader } from "./header_facts.ts";
import type { CompiledSearch, FieldFacts } from "./search_key.ts";

/** A header in which none of the search's texts is. */
const HAS_NONE: FieldFacts = {
  // Searches that ask for the day are not hinted.
  sentDay: 0,
  has: ({ field }) => isKept(field) ? false : null,
};

/** Octets of unfinished fields that one search has the index finish: no more than wait for it anyway. */
const FINISHED = INDEX_PENDING / 2;

export class FieldHints {
  readonly #texts: ParsedTexts;
  readonly #needles: readonly Uint8Array[];
  readonly #view: readonly Message[];
  /** What was asked about last, up to this UID. */
  #to: Uid = 0;
  #known: ReadonlyMap<Uid, Uint8Array | null> = new Map();
  #finished = 0;

  private constructor(texts: ParsedTexts, needles: readonly Uint8Array[], view: readonly Message[]) {
    this.#texts = texts;
    this.#needles = needles;
    this.#view = view;
  }

  /** null where the index is of no use for what is searched. */
  static of(
    texts: ParsedTexts | undefined,
    { fields, fieldNeedles }: CompiledSearch,
    view: readonly Message[],
  ): FieldHints | null {
    if (!texts?.fieldsHolding || fieldNeedles.length === 0 || fields.has("date")) return null;
    // Of one field the text may be there twice, of another not at all: each counts once.
    const wanted = [...new Set(fieldNeedles.map(({ text }) => text))];
    const usable = wanted.length <= INDEX_NEEDLES && wanted.every((text) => text !== "") &&
      fieldNeedles.every(({ inJson }) => inJson);
    return usable ? new FieldHints(texts, wanted.map(utf8), view) : null;
  }

  /** Whether `of` was asked about so far up. Messages come in ascending order. */
  knows(uid: Uid): boolean {
    return uid <= this.#to;
  }

  /** Finds out about the message with this sequence number and some after it, in ascending order. Some 2 ms. */
  ask(seq: number): void {
    const view = this.#view;
    const from = view[seq - 1]?.uid ?? 0;
    this.#to = view[Math.min(seq - 1 + INDEX_FIELDS_ASKED, view.length) - 1]?.uid ?? from;
    this.#known = this.#texts.fieldsHolding?.(this.#needles, from, this.#to) ?? new Map();
  }

  /** What is known of a message's header. */
  of(message: Message): FieldFacts | null {
    const kept = this.#known.get(message.uid);
    if (!kept) return kept === null ? HAS_NONE : null;
    const header = new KeptHeader(kept);
    if (header.raw && this.#finished < FINISHED) {
      this.#finished += kept.length;
      this.#texts.put(message, "FIELDS", kept, finishFields);
    }
    return header;
  }
}
