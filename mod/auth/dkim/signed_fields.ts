/** The header as signatures see it: canonical fields (RFC 6376 3.4.1, 3.4.2), those that h= names (5.4.2), a signature without its b= (3.7). */
import { concat, CR, LF } from "../../base/bytes.ts";
import { type Header, rawField } from "../../mail/header.ts";
import type { Canonicalization } from "./body_hasher.ts";

const SPACE = 0x20;
const TAB = 0x09;
const COLON = 0x3a;
const SEMICOLON = 0x3b;
const EQUALS = 0x3d;
const LOWER_B = 0x62;

/** One field, name to line end, in canonical form with its line end. "simple" gives the octets themselves. */
export function canonicalField(raw: Uint8Array, canon: Canonicalization): Uint8Array {
  return canon === "simple" ? raw : relaxedField(raw);
}

/** RFC 6376 3.4.2: name in lower case, no white space around the colon and at the end, elsewhere one space, unfolded. */
function relaxedField(raw: Uint8Array): Uint8Array {
  const out = new Uint8Array(raw.length + 3);
  let n = 0;
  let at = 0;
  for (; at < raw.length && raw[at] !== COLON; at++) {
    const c = raw[at] as number;
    out[n++] = c >= 0x41 && c <= 0x5a ? c + 0x20 : c;
  }
  while (n > 0 && isBlank(out[n - 1])) n--;
  out[n++] = COLON;
  const value = n;
  let blank = false;
  for (at++; at < raw.length; at++) {
    const c = raw[at] as number;
    if (c === SPACE || c === TAB) {
      blank = true;
      continue;
    }
    if (c === LF || (c === CR && raw[at + 1] === LF)) continue;
    if (blank && n > value) out[n++] = SPACE;
    blank = false;
    out[n++] = c;
  }
  out[n++] = CR;
  out[n++] = LF;
  return out.subarray(0, n);
}

function isBlank(c: number | undefined): boolean {
  return c === SPACE || c === TAB;
}

/**
 * A signature field as its own signature covers it: canonical, the value of b= and all white space around it taken out, without the line
 * end (RFC 6376 3.7; RFC 8617 4.1.2 likewise for the fields of ARC).
 */
export function fieldWithoutB(raw: Uint8Array, canon: Canonicalization): Uint8Array {
  const field = canonicalField(emptiedB(withoutLineEnd(raw)), canon);
  return canon === "simple" ? field : withoutLineEnd(field);
}

function withoutLineEnd(raw: Uint8Array): Uint8Array {
  if (raw.at(-1) !== LF) return raw;
  return raw.subarray(0, raw.at(-2) === CR ? -2 : -1);
}

function emptiedB(raw: Uint8Array): Uint8Array {
  for (let start = raw.indexOf(COLON) + 1; start <= raw.length;) {
    const semicolon = raw.indexOf(SEMICOLON, start);
    const end = semicolon < 0 ? raw.length : semicolon;
    const equals = raw.indexOf(EQUALS, start);
    if (equals >= 0 && equals < end && isNameB(raw.subarray(start, equals))) {
      return concat([raw.subarray(0, equals + 1), raw.subarray(end)]);
    }
    start = end + 1;
  }
  return raw;
}

function isNameB(name: Uint8Array): boolean {
  let found = false;
  for (const c of name) {
    if (isBlank(c) || c === CR || c === LF) continue;
    if (found || c !== LOWER_B) return false;
    found = true;
  }
  return found;
}

/** The fields of one message for all its signatures; canonical forms are made once. */
export class SignedFields {
  readonly #header: Header;
  readonly #relaxed = new Map<number, Uint8Array>();
  #byName: ReadonlyMap<string, readonly number[]> | null = null;

  constructor(header: Header) {
    this.#header = header;
  }

  /** A field by its place in the header, canonical, with its line end. */
  field(index: number, canon: Canonicalization): Uint8Array {
    const field = this.#header.fields[index];
    if (!field) throw new RangeError(`Cannot take field ${index}: there are ${this.#header.fields.length}`);
    const raw = rawField(this.#header, field);
    if (canon === "simple") return raw;
    const known = this.#relaxed.get(index);
    if (known) return known;
    const made = relaxedField(raw);
    this.#relaxed.set(index, made);
    return made;
  }

  /**
   * Places of the fields that h= names (lower case), in the order of h=: of several with one name the last first, and a name that comes
   * once more than its fields stands for nothing (RFC 6376 5.4.2). `own`: the signature's own place, which it never covers (3.5).
   */
  pick(names: readonly string[], own: number | null): number[] {
    const byName = this.#byName ??= placesByName(this.#header);
    const left = new Map<string, number>();
    const picked: number[] = [];
    for (const name of names) {
      const places = byName.get(name);
      if (!places) continue;
      let at = left.get(name) ?? places.length;
      if (places[--at] === own) at--;
      left.set(name, Math.max(at, 0));
      const place = places[at];
      if (place !== undefined) picked.push(place);
    }
    return picked;
  }

  /** What a signature signs: the fields of h=, then the signature field `raw` itself, which stands at `own` or is yet to be added (null). */
  data(
    names: readonly string[],
    canon: Canonicalization,
    raw: Uint8Array,
    own: number | null,
  ): Uint8Array<ArrayBuffer> {
    const parts = this.pick(names, own).map((place) => this.field(place, canon));
    parts.push(fieldWithoutB(raw, canon));
    return joined(parts);
  }
}

/** As `concat`, and always octets of their own: what the platform's cryptography is handed. */
function joined(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

function placesByName(header: Header): Map<string, number[]> {
  const places = new Map<string, number[]>();
  header.fields.forEach((field, i) => {
    const known = places.get(field.name);
    if (known) known.push(i);
    else places.set(field.name, [i]);
  });
  return places;
}
