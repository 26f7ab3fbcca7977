/**
 * Signatures of texts: marks at places that are hashes of the text's trigrams, three characters in a row. A text that lacks the mark of one of a
 * needle's trigrams does not hold the needle; one that has them all may hold it. Texts of headers and of bodies have marks of their own.
 */
import { INDEX_NEEDLE, INDEX_TRIGRAMS } from "../base/limits.ts";
import type { WordText } from "../store/mail_index.ts";

/** Places of a signature. Of a mail of 8,000 characters some 3,000 have a mark; a needle of six characters is wrongly let through once in 3,000 times. */
export const PLACES = 8192;
/** Octets of a signature. */
export const SIGNATURE = PLACES / 8;
/** Marks from which on a text goes on in the next signature: in a full one everything may be. */
const FULL = PLACES / 2;
/** Characters after which the marks are counted. They are more than what two signatures of a text have in common. */
const STRETCH = 1024;
/** Characters at the end of a signature that are also in the next, so that no needle is cut in two. */
const OVERLAP = INDEX_NEEDLE;

const BODY = 0x2545f491;
const HEADERS = 0x6c62272e;
/** Pairs of characters of scripts without spaces, where two are a word. */
const PAIR = 0x1b873593;
const WIDE = 0x2e80;
const HAS_WIDE = /[\u2e80-\uffff]{2}/;

/** The signatures of texts, one after the other; at most `most`, and then `whole` tells whether all of it is in them. */
export function signaturesOf(
  { headers, body }: Pick<WordText, "headers" | "body">,
  most: number,
): { readonly signatures: readonly Uint8Array<ArrayBuffer>[]; readonly whole: boolean } {
  const signer = new Signer(most);
  const whole = body.every((text) => signer.sign(text, BODY)) &&
    headers.every((text) => signer.sign(text, HEADERS));
  return { signatures: signer.signatures, whole };
}

class Signer {
  readonly signatures: Uint8Array<ArrayBuffer>[] = [];
  readonly #most: number;
  #marks = new Int32Array(PLACES / 32);
  /** Characters that may be marked before it can be full. */
  #left = 0;

  constructor(most: number) {
    this.#most = most;
  }

  /** False where there are too many signatures. */
  sign(text: string, kind: number): boolean {
    const pairs = HAS_WIDE.test(text);
    for (let at = 0; at + 2 <= text.length;) {
      if (this.#left <= 0 && !this.#hasRoom()) {
        if (this.signatures.length >= this.#most) return false;
        this.#marks = new Int32Array(PLACES / 32);
        this.signatures.push(new Uint8Array(this.#marks.buffer));
        this.#left = pairs ? FULL / 4 : FULL / 2;
        at = Math.max(0, at - OVERLAP);
      }
      const end = Math.min(text.length, at + STRETCH);
      this.#left -= end - at;
      mark(this.#marks, text, at, end, kind);
      if (pairs) markPairs(this.#marks, text, at, end, kind);
      if (end === text.length) break;
      at = end - 2;
    }
    return true;
  }

  #hasRoom(): boolean {
    if (this.signatures.length === 0 || count(this.#marks) > FULL) return false;
    this.#left = STRETCH;
    return true;
  }
}

/** Marks the trigrams of a text from `at` to `end`. The hot loop of filling: 3 ns a character. */
function mark(marks: Int32Array, text: string, at: number, end: number, kind: number): void {
  let a = text.charCodeAt(at);
  let b = text.charCodeAt(at + 1);
  for (let i = at + 2; i < end; i++) {
    const c = text.charCodeAt(i);
    const hash = mixed(a, b, c, kind);
    marks[hash >>> 24] = (marks[hash >>> 24] as number) | (1 << (hash >>> 19));
    const second = (hash >>> 11) & 0xff;
    marks[second] = (marks[second] as number) | (1 << (hash >>> 6));
    a = b;
    b = c;
  }
}

function markPairs(marks: Int32Array, text: string, at: number, end: number, kind: number): void {
  for (let i = at; i + 1 < end; i++) {
    const a = text.charCodeAt(i);
    const b = text.charCodeAt(i + 1);
    if (a < WIDE || b < WIDE) continue;
    for (const place of placesOf(mixed(a, b, PAIR, kind))) {
      marks[place >>> 5] = (marks[place >>> 5] as number) | (1 << (place & 31));
    }
  }
}

function mixed(a: number, b: number, c: number, kind: number): number {
  const sum = Math.imul(a, 0x9e3779b1) + Math.imul(b, 0x85ebca6b) + Math.imul(c ^ kind, 0xc2b2ae35);
  return Math.imul(sum ^ (sum >>> 15), 0x2c1b3c6d);
}

/** The two places that a hash marks. */
function placesOf(hash: number): readonly [number, number] {
  return [hash >>> 19, (((hash >>> 11) & 0xff) << 5) | ((hash >>> 6) & 31)];
}

function count(marks: Int32Array): number {
  let all = 0;
  for (let word of marks) {
    word -= (word >>> 1) & 0x55555555;
    word = (word & 0x33333333) + ((word >>> 2) & 0x33333333);
    all += Math.imul((word + (word >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
  }
  return all;
}

/**
 * What to ask for a needle: sets of places, of which a signature that may hold it has all of one. null where nothing can be asked: the needle
 * has no trigram. Of long needles the beginning is asked for.
 */
export function questionsOf(needle: string, headers: boolean): readonly (readonly number[])[] | null {
  const kinds = headers ? [BODY, HEADERS] : [BODY];
  const text = needle.slice(0, INDEX_NEEDLE);
  if (text.length === 2 && text.charCodeAt(0) >= WIDE && text.charCodeAt(1) >= WIDE) {
    return kinds.map((kind) => [...placesOf(mixed(text.charCodeAt(0), text.charCodeAt(1), PAIR, kind))]);
  }
  const trigrams = text.length - 2;
  if (trigrams < 1) return null;
  const step = Math.ceil(trigrams / INDEX_TRIGRAMS);
  return kinds.map((kind) => {
    const places = new Set<number>();
    for (let i = 0; i < trigrams; i++) {
      if (i % step !== 0 && i !== trigrams - 1) continue;
      const [first, second] = placesOf(
        mixed(text.charCodeAt(i), text.charCodeAt(i + 1), text.charCodeAt(i + 2), kind),
      );
      places.add(first).add(second);
    }
    return [...places];
  });
}

/** Whether a signature has all places of one of the sets. */
export function maySatisfy(signature: Uint8Array, questions: readonly (readonly number[])[]): boolean {
  return questions.some((places) =>
    places.every((p) => ((signature[p >>> 3] as number) >>> (p & 7) & 1) === 1)
  );
}
