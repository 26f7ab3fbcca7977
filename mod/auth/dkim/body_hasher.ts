/**
 * Body hashes of a message while it passes (RFC 6376 3.7): SHA-256 over canonical forms, for any number of signatures at once. Each
 * canonicalisation is computed and hashed once, however many signatures use it; l= takes a copy of the running hash at its octet.
 */
import { createHash, type Hash } from "node:crypto";
import { type BodyCanon, bodyCanon } from "./body_canon.ts";

export type Canonicalization = "simple" | "relaxed";

/** What a signature covers: a canonical form, and of it the first `length` octets (l=) or all (null). */
export interface BodyCover {
  readonly canon: Canonicalization;
  readonly length: number | null;
}

export interface BodyHash {
  /** SHA-256; null where the body is shorter than l= says. */
  readonly digest: Uint8Array | null;
  /** Canonical octets that l= leaves out. */
  readonly unsigned: number;
}

export class BodyHasher {
  readonly #forms: ReadonlyMap<Canonicalization, HashedForm>;

  /** `covers`: all that will be asked for. */
  constructor(covers: readonly BodyCover[]) {
    const forms = new Map<Canonicalization, HashedForm>();
    for (const canon of ["simple", "relaxed"] as const) {
      const lengths = covers.filter((c) => c.canon === canon).map((c) => c.length);
      if (lengths.length > 0) forms.set(canon, new HashedForm(canon, lengths));
    }
    this.#forms = forms;
  }

  /** Octets of the body as they come, in any chunking; nothing is kept. */
  write(chunk: Uint8Array): void {
    for (const form of this.#forms.values()) form.canon.write(chunk);
  }

  /** The body is whole; then ask for `hash`. */
  end(): void {
    for (const form of this.#forms.values()) form.end();
  }

  /** The hash of one of the constructor's covers, after `end`. */
  hash(cover: BodyCover): BodyHash {
    const form = this.#forms.get(cover.canon);
    if (!form) {
      throw new TypeError(`Cannot tell the hash of a ${cover.canon} body: not asked for at the start`);
    }
    return form.hash(cover.length);
  }
}

/** One canonical form on its way through one hash. */
class HashedForm {
  readonly canon: BodyCanon;
  readonly #digests = new Map<number | null, Uint8Array>();
  /** Lengths of l= to come, the nearest last. */
  readonly #marks: number[];
  /** Some cover wants it whole. */
  readonly #whole: boolean;
  readonly #hash: Hash = createHash("sha256");
  #length = 0;

  constructor(canon: Canonicalization, lengths: readonly (number | null)[]) {
    this.canon = bodyCanon(canon, (view) => this.#push(view));
    this.#whole = lengths.includes(null);
    this.#marks = [...new Set(lengths.filter((l) => l !== null))].sort((a, b) => b - a);
    this.#mark(0);
  }

  end(): void {
    this.canon.end();
    if (this.#whole) this.#digests.set(null, this.#hash.digest());
  }

  hash(length: number | null): BodyHash {
    const digest = this.#digests.get(length) ?? null;
    return { digest, unsigned: length === null ? 0 : Math.max(0, this.#length - length) };
  }

  #push(view: Uint8Array): void {
    let rest = view;
    for (;;) {
      const mark = this.#marks.at(-1);
      if (mark === undefined || mark > this.#length + rest.length) break;
      const part = rest.subarray(0, mark - this.#length);
      this.#hash.update(part);
      this.#length = mark;
      rest = rest.subarray(part.length);
      this.#mark(mark);
    }
    if (this.#whole || this.#marks.length > 0) this.#hash.update(rest);
    this.#length += rest.length;
  }

  #mark(at: number): void {
    if (this.#marks.at(-1) !== at) return;
    this.#marks.pop();
    this.#digests.set(at, this.#hash.copy().digest());
  }
}
