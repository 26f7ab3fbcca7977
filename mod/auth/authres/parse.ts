/**
 * Authentication-Results (RFC 8601 2.2) and ARC-Authentication-Results (RFC 8617 4.1.1), read. What large receivers write against the grammar
 * is taken too: values with "/" and "=" out of quotes, properties without a type ("action=none").
 */
import { asciiLower, fromUtf8 } from "../../base/bytes.ts";
import { AUTHRES_RESULTS, AUTHRES_SIZE } from "../../base/limits.ts";

/** "header.d=example.org": type "header", name "d". Type and name in lower case; the type is "" where none is written. */
export interface Property {
  readonly type: string;
  readonly name: string;
  readonly value: string;
}

/** What one method found. Method and result in lower case. */
export interface MethodResult {
  readonly method: string;
  readonly result: string;
  readonly reason: string;
  readonly properties: readonly Property[];
}

export interface AuthResults {
  /** Who says so (authserv-id), as written. */
  readonly id: string;
  readonly results: readonly MethodResult[];
}

export interface ArcAuthResults extends AuthResults {
  /** i=, 1 to 50. */
  readonly instance: number;
}

// RFC 2045 5.1 token, and what RFC 6532 adds.
const TOKEN = /(?:[!#$%&'*+\-.0-9A-Z^_`a-z{|}~]|[^\0-\x7f])+/y;
const KEYWORD = /[A-Za-z0-9_](?:[A-Za-z0-9_-]*[A-Za-z0-9_])?/y;
const QUOTED = /"((?:[^"\\]|\\[^])*)"/y;
/** A value as people write it: up to white space, a comment or the end of the result. */
const LOOSE = /[^\s;()"]+/y;
const DIGITS = /[0-9]{1,9}/y;
const INSTANCE = /[iI]\s*=\s*([0-9]{1,2})\s*;/y;

/** Reads the value of an Authentication-Results field, folded or not. null where it is none. */
export function parseAuthResults(value: Uint8Array): AuthResults | null {
  return value.length > AUTHRES_SIZE ? null : new Scanner(fromUtf8(value)).payload();
}

/** The instance of an ARC-Authentication-Results field, whatever its results look like. null where it has none. */
export function readArcInstance(value: Uint8Array): number | null {
  return value.length > AUTHRES_SIZE ? null : new Scanner(fromUtf8(value)).instance();
}

/** Reads the value of an ARC-Authentication-Results field. null where it is none. */
export function parseArcAuthResults(value: Uint8Array): ArcAuthResults | null {
  if (value.length > AUTHRES_SIZE) return null;
  const scanner = new Scanner(fromUtf8(value));
  const instance = scanner.instance();
  const payload = instance === null ? null : scanner.payload();
  return instance === null || !payload ? null : { instance, ...payload };
}

/** The text without its comments (RFC 5322 3.2.2), nested ones too; one that never ends runs to the end. Quoted strings are left alone. */
export function withoutComments(text: string): string {
  let out = "";
  let depth = 0;
  let quoted = false;
  for (let i = 0; i < text.length; i++) {
    const c = text[i] as string; // within the length
    if (c === "\\" && (depth > 0 || quoted)) {
      if (depth === 0) out += c + (text[i + 1] ?? "");
      i++;
      continue;
    }
    if (depth === 0 && c === '"') quoted = !quoted;
    if (!quoted && c === "(") depth++;
    if (depth === 0) out += c;
    else if (!quoted && c === ")") depth--;
  }
  return out;
}

class Scanner {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  instance(): number | null {
    this.#skip();
    const n = Number(this.#take(INSTANCE)?.[1] ?? 0);
    return n >= 1 && n <= 50 ? n : null;
  }

  payload(): AuthResults | null {
    this.#skip();
    const id = this.#take(QUOTED)?.[1]?.replace(/\\([^])/g, "$1") ?? this.#take(TOKEN)?.[0];
    if (id === undefined) return null;
    this.#skip();
    this.#take(DIGITS); // the version: there is only 1
    const results: MethodResult[] = [];
    for (;;) {
      this.#skip();
      if (this.#at >= this.#text.length) return { id, results };
      if (!this.#literal(";")) return null;
      this.#skip();
      // Some end the last result with a semicolon, too.
      if (this.#at >= this.#text.length) return { id, results };
      const result = this.#result();
      if (result === null || results.length >= AUTHRES_RESULTS) return null;
      if (result.method !== "none" || result.result !== "") results.push(result);
    }
  }

  #result(): MethodResult | null {
    const method = this.#take(KEYWORD)?.[0];
    if (method === undefined) return null;
    this.#skip();
    if (this.#literal("/")) {
      this.#skip();
      if (!this.#take(DIGITS)) return null;
      this.#skip();
    }
    if (!this.#literal("=")) {
      // RFC 8601 2.2 no-result
      const none = asciiLower(method) === "none";
      return none ? { method: "none", result: "", reason: "", properties: [] } : null;
    }
    this.#skip();
    const result = this.#take(KEYWORD)?.[0];
    if (result === undefined) return null;
    let reason = "";
    const properties: Property[] = [];
    for (;;) {
      this.#skip();
      const next = this.#text[this.#at];
      if (next === undefined || next === ";") break;
      const property = this.#property();
      if (property === null || properties.length >= AUTHRES_RESULTS) return null;
      if (property.type === "" && property.name === "reason") reason = property.value;
      else properties.push(property);
    }
    return { method: asciiLower(method), result: asciiLower(result), reason, properties };
  }

  #property(): Property | null {
    const first = this.#take(KEYWORD)?.[0];
    if (first === undefined) return null;
    this.#skip();
    let type = "";
    let name = first;
    if (this.#literal(".")) {
      this.#skip();
      const second = this.#take(KEYWORD)?.[0];
      if (second === undefined) return null;
      type = first;
      name = second;
      this.#skip();
    }
    if (!this.#literal("=")) return null;
    this.#skip();
    const value = this.#value();
    return value === null ? null : { type: asciiLower(type), name: asciiLower(name), value };
  }

  /** `value`, or an address: a quoted local part goes on with "@" and the domain. */
  #value(): string | null {
    const quoted = this.#take(QUOTED)?.[1]?.replace(/\\([^])/g, "$1");
    if (quoted === undefined) return this.#take(LOOSE)?.[0] ?? null;
    return this.#text[this.#at] === "@" ? quoted + (this.#take(LOOSE)?.[0] ?? "") : quoted;
  }

  #take(pattern: RegExp): RegExpExecArray | null {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text);
    if (found) this.#at += found[0].length;
    return found;
  }

  #literal(c: string): boolean {
    if (this.#text[this.#at] !== c) return false;
    this.#at++;
    return true;
  }

  /** Passes over white space and comments. What never ends is left standing, and is no result then. */
  #skip(): void {
    for (;;) {
      const c = this.#text[this.#at];
      if (c === " " || c === "\t" || c === "\r" || c === "\n") this.#at++;
      else if (c !== "(" || !this.#comment()) return;
    }
  }

  #comment(): boolean {
    let depth = 0;
    for (let i = this.#at; i < this.#text.length; i++) {
      const c = this.#text[i];
      if (c === "\\") i++;
      else if (c === "(") depth++;
      else if (c === ")" && --depth === 0) {
        this.#at = i + 1;
        return true;
      }
    }
    return false;
  }
}
