/** Where the fields lie in a header that ENVELOPE, SEARCH, SORT and THREAD ask for: found in one walk, without allocating. */
import { FieldCursor } from "../mail/header.ts";

/** Told apart by their length first. */
const NAMES = [
  "to",
  "cc",
  "bcc",
  "date",
  "from",
  "sender",
  "subject",
  "reply-to",
  "message-id",
  "references",
  "in-reply-to",
] as const;

export type SpannedField = typeof NAMES[number];

const BY_LENGTH: readonly (readonly number[])[] = Array.from(
  { length: Math.max(...NAMES.map((name) => name.length)) + 1 },
  (_, length) => NAMES.flatMap((name, i) => name.length === length ? [i] : []),
);
const PLACES: ReadonlyMap<string, number> = new Map(NAMES.map((name, i) => [name, i]));
/** Fields that are remembered; of a header with more only these are known. */
const MOST = 64;

/** The fields of one header at a time. */
export class HeaderSpans {
  readonly #which = new Uint8Array(MOST);
  /** Name, value and end of each. */
  readonly #offsets = new Int32Array(MOST * 3);
  readonly #firsts = new Int32Array(NAMES.length);
  #gathered = new Uint8Array(0);
  #count = 0;
  #doubled = false;
  #tooMany = false;

  /** Looks through the header at the start of `header`; octets of the body may follow. */
  read(header: Uint8Array): this {
    this.#count = 0;
    this.#doubled = this.#tooMany = false;
    this.#firsts.fill(-1);
    const cursor = new FieldCursor(header);
    while (cursor.next()) {
      const named = BY_LENGTH[cursor.nameEnd - cursor.start];
      if (named === undefined) continue;
      for (const which of named) if (cursor.is(NAMES[which] ?? "")) this.#add(which, cursor);
    }
    return this;
  }

  /** Fields that were found. */
  get count(): number {
    return this.#count;
  }

  /** Some field is there more than once. */
  get doubled(): boolean {
    return this.#doubled;
  }

  /** There are more fields than were remembered. */
  get tooMany(): boolean {
    return this.#tooMany;
  }

  /** The number of the first field of that name; -1 for none. */
  find(name: SpannedField): number {
    return this.#firsts[PLACES.get(name) ?? 0] ?? -1;
  }

  is(i: number, name: SpannedField): boolean {
    return this.#which[i] === PLACES.get(name);
  }

  /** Offset of the name of field `i`. */
  start(i: number): number {
    return this.#offsets[i * 3] ?? 0;
  }

  /** Offset after its colon. */
  valueStart(i: number): number {
    return this.#offsets[i * 3 + 1] ?? 0;
  }

  /** Offset after its last line end. */
  end(i: number): number {
    return this.#offsets[i * 3 + 2] ?? 0;
  }

  /**
   * The fields that are not one of `but`, one after the other, after an octet `mark`; valid until the next call. null where they are too many, or
   * that is more than `most` octets.
   */
  gathered(header: Uint8Array, mark: number, but: readonly SpannedField[], most: number): Uint8Array | null {
    if (this.#tooMany) return null;
    if (this.#gathered.length < most) this.#gathered = new Uint8Array(most);
    const into = this.#gathered;
    into[0] = mark;
    let at = 1;
    for (let i = 0; i < this.#count; i++) {
      if (but.some((name) => this.is(i, name))) continue;
      const end = this.end(i);
      if (at + end - this.start(i) > most) return null;
      for (let from = this.start(i); from < end; from++) into[at++] = header[from] ?? 0;
    }
    return into.subarray(0, at);
  }

  #add(which: number, cursor: FieldCursor): void {
    if (this.#count === MOST) {
      this.#doubled = this.#tooMany = true;
      return;
    }
    const i = this.#count++;
    if ((this.#firsts[which] ?? -1) < 0) this.#firsts[which] = i;
    else this.#doubled = true;
    this.#which[i] = which;
    this.#offsets[i * 3] = cursor.start;
    this.#offsets[i * 3 + 1] = cursor.valueStart;
    this.#offsets[i * 3 + 2] = cursor.end;
  }
}
