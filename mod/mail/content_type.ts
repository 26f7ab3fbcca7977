/**
 * Structured MIME fields (RFC 2045 5.1, RFC 2183): a value, then parameters. Where a field breaks the grammar this keeps what
 * Dovecot 2.3 keeps, so that BODYSTRUCTURE stays what clients have cached.
 */
import { asciiLower, concat, fromAscii, utf8 } from "../base/bytes.ts";
import { MIME_PARAMETERS } from "../base/limits.ts";
import { unfold } from "./header.ts";
import type { Disposition, Param } from "./types.ts";

const NONE = new Uint8Array(0);
const BACKSLASH = 0x5c;
const EQUALS = 0x3d;
const LPAREN = 0x28;
const PERCENT = 0x25;
const QUOTE = 0x22;
const RPAREN = 0x29;
const SEMICOLON = 0x3b;
const SLASH = 0x2f;
const STAR = 0x2a;

// RFC 2045 5.1 token characters, with all above ASCII: 1. White space: 2.
const CLASS = new Uint8Array(256);
for (let c = 0x21; c < 256; c++) CLASS[c] = c === 0x7f ? 0 : 1;
for (const c of utf8('()<>@,;:\\"/[]?=')) CLASS[c] = 0;
for (const c of utf8(" \t\r\n")) CLASS[c] = 2;

/** A Content-Type: both names empty when the type cannot be read, the subtype when only that cannot. */
export interface ContentType {
  readonly type: Uint8Array;
  readonly subtype: Uint8Array;
  readonly params: readonly Param[];
}

const UNREADABLE: ContentType = { type: NONE, subtype: NONE, params: [] };

/** Reads a Content-Type's value, folded or not. */
export function parseContentType(value: Uint8Array): ContentType {
  const p = new Tokens(unfold(value));
  p.skip();
  const type = p.token();
  p.skip();
  if (p.ended) return { type, subtype: NONE, params: [] };
  if (type.length === 0 || !p.take(SLASH)) return UNREADABLE;
  p.skip();
  const subtype = p.token();
  p.skip();
  if (subtype.length === 0 || (!p.ended && !p.next(SEMICOLON))) return UNREADABLE;
  return { type, subtype, params: joinSections(p.params()) };
}

/** Reads a Content-Disposition's value. A kind that cannot be read is empty; null when nothing can. */
export function parseDisposition(value: Uint8Array): Disposition | null {
  const p = new Tokens(unfold(value));
  p.skip();
  const kind = p.token();
  p.skip();
  return p.broken ? null : { kind, params: joinSections(p.params()) };
}

/** The first word of a Content-Transfer-Encoding; null when there is none. */
export function parseEncoding(value: Uint8Array): Uint8Array | null {
  const p = new Tokens(unfold(value));
  p.skip();
  const word = p.token();
  p.skip();
  return word.length > 0 && p.ended ? word : null;
}

/** The tags of a Content-Language (RFC 3282). */
export function parseLanguages(value: Uint8Array): Uint8Array[] {
  const p = new Tokens(unfold(value));
  const tags: Uint8Array[] = [];
  for (p.skip(); !p.ended && !p.broken && tags.length < MIME_PARAMETERS; p.skip()) {
    const tag = p.token();
    if (tag.length > 0) tags.push(tag);
    else p.pass();
  }
  return tags;
}

interface Section {
  readonly index: number;
  readonly encoded: boolean;
  readonly value: Uint8Array;
}

/**
 * Joins the numbered sections of a value (RFC 2231 3), which then come after the other parameters. Sections with a gap stay as they are.
 */
function joinSections(params: Param[]): Param[] {
  if (!params.some((p) => p.name.includes(STAR))) return params;
  const plain: Param[] = [];
  const groups = new Map<string, { readonly name: string; readonly sections: Section[] }>();
  for (const p of params) {
    const m = /^([^*]*)\*(\d{1,9})(\*?)$/.exec(fromAscii(p.name));
    if (!m) {
      plain.push(p);
      continue;
    }
    const name = m[1] as string;
    const key = asciiLower(name);
    const group = groups.get(key) ?? { name, sections: [] };
    groups.set(key, group);
    group.sections.push({ index: Number(m[2]), encoded: m[3] === "*", value: p.value });
  }
  for (const { name, sections } of groups.values()) plain.push(...joinGroup(name, sections));
  return plain;
}

function joinGroup(name: string, sections: Section[]): Param[] {
  sections.sort((a, b) => a.index - b.index);
  if (sections.some((s, i) => s.index !== i)) {
    return sections.map((s) => ({ name: utf8(`${name}*${s.index}${s.encoded ? "*" : ""}`), value: s.value }));
  }
  if (!sections.some((s) => s.encoded)) {
    return [{
      name: utf8(name),
      value: concat(sections.map((s) => s.value)),
    }];
  }
  const values = sections.map((s) => s.encoded ? s.value : percentEncoded(s.value));
  if (!sections[0]?.encoded) values.unshift(utf8("''"));
  return [{ name: utf8(`${name}*`), value: concat(values) }];
}

// Within an encoded value "%" and what is not ASCII may not stand bare.
function percentEncoded(value: Uint8Array): Uint8Array {
  if (!value.some((c) => c === PERCENT || c > 0x7e)) return value;
  let out = "";
  for (const c of value) {
    out += c === PERCENT || c > 0x7e ? `%${c.toString(16).padStart(2, "0")}` : String.fromCharCode(c);
  }
  return utf8(out);
}

class Tokens {
  readonly #bytes: Uint8Array;
  #at = 0;
  /** A comment did not end. */
  broken = false;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** Nothing more can be read. */
  get ended(): boolean {
    return this.#at >= this.#bytes.length && !this.broken;
  }

  next(c: number): boolean {
    return this.#bytes[this.#at] === c;
  }

  take(c: number): boolean {
    if (!this.next(c)) return false;
    this.#at++;
    return true;
  }

  pass(): void {
    this.#at++;
  }

  /** Passes over white space and comments; an unfinished comment is the end of all. */
  skip(): void {
    let depth = 0;
    for (; this.#at < this.#bytes.length; this.#at++) {
      const c = this.#bytes[this.#at] as number;
      if (c === LPAREN) depth++;
      else if (depth === 0 && CLASS[c] !== 2) return;
      else if (c === RPAREN) depth--;
      else if (c === BACKSLASH) this.#at++;
    }
    if (depth > 0) this.broken = true;
  }

  token(): Uint8Array {
    const start = this.#at;
    while (CLASS[this.#bytes[this.#at] ?? 0] === 1) this.#at++;
    return this.#bytes.slice(start, this.#at);
  }

  /** What is left as `; name=value` pairs; words that do not fit are passed over up to the next semicolon. */
  params(): Param[] {
    const found: Param[] = [];
    while (found.length < MIME_PARAMETERS) {
      const at = this.#bytes.indexOf(SEMICOLON, this.#at);
      if (at < 0) break;
      this.#at = at + 1;
      this.skip();
      const name = this.token();
      this.skip();
      if (!this.take(EQUALS)) continue;
      this.skip();
      const value = this.next(QUOTE) ? this.#quoted() : this.next(EQUALS) ? this.#unquoted() : this.token();
      this.skip();
      if (!value || this.broken) break;
      found.push({ name, value });
    }
    return found;
  }

  // Some programs write `name==?utf-8?b?...?=` without the quotes.
  #unquoted(): Uint8Array {
    const start = this.#at;
    while (
      this.#at < this.#bytes.length && CLASS[this.#bytes[this.#at] as number] !== 2 && !this.next(SEMICOLON)
    ) this.#at++;
    return this.#bytes.slice(start, this.#at);
  }

  #quoted(): Uint8Array | null {
    const out = new Uint8Array(this.#bytes.length - this.#at);
    let n = 0;
    for (this.#at++; this.#at < this.#bytes.length; this.#at++) {
      let c = this.#bytes[this.#at] as number;
      if (c === QUOTE) {
        this.#at++;
        return out.slice(0, n);
      }
      if (c === BACKSLASH) {
        if (++this.#at >= this.#bytes.length) break;
        c = this.#bytes[this.#at] as number;
      }
      out[n++] = c;
    }
    return null;
  }
}
