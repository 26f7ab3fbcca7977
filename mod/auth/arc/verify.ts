/**
 * Verifying the ARC chain of a message while it passes (RFC 8617 5.2). Invariants: nothing of the body is kept; at most ARC_SETS sets, each
 * with one seal; of the message signatures the newest alone counts.
 */
import { concat, fromUtf8, sameBytes } from "../../base/bytes.ts";
import { ARC_SETS } from "../../base/limits.ts";
import type { Result } from "../../base/result.ts";
import type { Resolver } from "../../dns/resolver.ts";
import { type Header, rawField, unfold } from "../../mail/header.ts";
import type { BodyCover, BodyHasher } from "../dkim/body_hasher.ts";
import { type KeyAnswer, lookupKeys } from "../dkim/key_lookup.ts";
import type { KeyRecord } from "../dkim/key_record.ts";
import { importPublicKey, verifyData } from "../dkim/public_key.ts";
import { fieldWithoutB, type SignedFields } from "../dkim/signed_fields.ts";
import type { ArcOutcome } from "../types.ts";
import { type ArcSet, type ArcSignature, countSeals, readChain } from "./chain.ts";

export interface ArcPorts {
  readonly resolver: Resolver;
  /** When the message came, in milliseconds since 1970. */
  readonly now: number;
  /** Domains whose seals the config trusts, those below them included. */
  readonly trusted: readonly string[];
}

type Sound = "pass" | { readonly result: "fail" | "temperror"; readonly why: string };

const NONE: ArcOutcome = { result: "none", instances: 0, sealer: "", sealers: [], claims: "", reason: "" };

/** The chain of one header; made when the header is there, finished when the body's hash is. */
export class ArcCheck {
  readonly #header: Header;
  readonly #fields: SignedFields;
  readonly #chain: Result<readonly ArcSet[], string>;
  readonly #keys = new Map<string, Promise<KeyAnswer>>();
  readonly #ports: ArcPorts;
  /** What the body's hasher must be made for. */
  readonly covers: readonly BodyCover[];

  /** Begins to ask for the newest signature's key; for those of the seals once that holds, lest anybody makes us ask for fifty. */
  constructor(header: Header, fields: SignedFields, ports: ArcPorts) {
    this.#header = header;
    this.#fields = fields;
    this.#ports = ports;
    this.#chain = readChain(header, ports.now);
    const newest = this.#chain.ok ? this.#chain.value.at(-1) : undefined;
    this.covers = newest ? [newest.message.body] : [];
    if (newest) void this.#keysOf(newest.message);
  }

  /** The state of the chain, once `hasher` has seen the body's end. Never rejects. */
  async finish(hasher: BodyHasher): Promise<ArcOutcome> {
    if (!this.#chain.ok) {
      const instances = Math.min(countSeals(this.#header), ARC_SETS);
      return { ...NONE, result: "fail", instances, reason: this.#chain.error };
    }
    const chain = this.#chain.value;
    if (chain.length === 0) return NONE;
    const sealers = chain.map((s) => s.seal.domain).reverse();
    const known = { instances: chain.length, sealer: sealers[0] ?? "", sealers };
    const sound = await this.#sound(chain, hasher);
    if (sound === "pass") return { ...known, result: "pass", claims: this.#claims(chain), reason: "" };
    const { result, why } = sound;
    return { ...known, result, claims: result === "temperror" ? this.#claims(chain) : "", reason: why };
  }

  async #sound(chain: readonly ArcSet[], hasher: BodyHasher): Promise<Sound> {
    const newest = chain.at(-1);
    if (!newest) return "pass";
    const { message } = newest;
    const { digest } = hasher.hash(message.body);
    if (!digest || !sameBytes(digest, message.bodyHash)) {
      return { result: "fail", why: `the body has been changed since ${message.domain} signed it` };
    }
    const data = this.#fields.data(
      message.names,
      message.headerCanon,
      this.#raw(message.place),
      message.place,
    );
    const signed = await this.#check(message, data);
    if (signed !== "pass") {
      return { ...signed, why: `ARC-Message-Signature ${newest.instance}: ${signed.why}` };
    }
    for (const set of chain) void this.#keysOf(set.seal);
    for (const set of chain.toReversed()) {
      const sealed = await this.#check(set.seal, this.#sealedData(chain, set));
      if (sealed !== "pass") return { ...sealed, why: `ARC-Seal ${set.instance}: ${sealed.why}` };
    }
    return "pass";
  }

  /** What a seal signs: all sets up to its own, the seal itself without its b= (RFC 8617 5.1.1). */
  #sealedData(chain: readonly ArcSet[], own: ArcSet): Uint8Array<ArrayBuffer> {
    const parts: Uint8Array[] = [];
    for (const set of chain.slice(0, own.instance)) {
      parts.push(
        this.#fields.field(set.results, "relaxed"),
        this.#fields.field(set.message.place, "relaxed"),
      );
      if (set !== own) parts.push(this.#fields.field(set.seal.place, "relaxed"));
    }
    parts.push(fieldWithoutB(this.#raw(own.seal.place), "relaxed"));
    return new Uint8Array(concat(parts));
  }

  async #check(signature: ArcSignature, data: Uint8Array<ArrayBuffer>): Promise<Sound> {
    const answer = await this.#keysOf(signature);
    if (answer.kind === "temp") return { result: "temperror", why: answer.why };
    if (answer.kind === "none") return { result: "fail", why: answer.why };
    let why = "no key fits";
    for (const record of answer.keys) {
      const fault = await tryKey(record, signature, data);
      if (fault === null) return "pass";
      why = fault;
    }
    return { result: "fail", why };
  }

  #keysOf({ domain, selector }: ArcSignature): Promise<KeyAnswer> {
    const name = `${selector} ${domain}`;
    const keys = this.#keys.get(name) ?? lookupKeys(this.#ports.resolver, domain, selector);
    this.#keys.set(name, keys);
    return keys;
  }

  /**
   * The word of the oldest of the trusted sealers that come last. What stands below somebody who is not trusted is worth nothing: seals cover
   * seals and not the message, so anybody could put a good chain under another one's mail and seal that.
   */
  #claims(chain: readonly ArcSet[]): string {
    let oldest: ArcSet | null = null;
    for (const set of chain.toReversed()) {
      if (
        !isTrusted(set.seal.domain, this.#ports.trusted) ||
        !isTrusted(set.message.domain, this.#ports.trusted)
      ) break;
      oldest = set;
    }
    const field = oldest ? this.#header.fields[oldest.results] : undefined;
    return field ? fromUtf8(unfold(this.#header.bytes.subarray(field.valueStart, field.end))) : "";
  }

  #raw(place: number): Uint8Array {
    const field = this.#header.fields[place];
    return field ? rawField(this.#header, field) : new Uint8Array(0);
  }
}

function isTrusted(domain: string, trusted: readonly string[]): boolean {
  return trusted.some((t) => domain === t || domain.endsWith(`.${t}`));
}

/** What is wrong with a key, or null when the signature is its. */
async function tryKey(
  record: KeyRecord,
  { keyType, signature }: ArcSignature,
  data: Uint8Array<ArrayBuffer>,
): Promise<string | null> {
  if (record.key === null) return "the key is revoked";
  if (record.type !== keyType) return "the key is of another kind than a= says";
  if (record.hashes && !record.hashes.includes("sha256")) return "the key is not for SHA-256";
  if (!record.forMail) return "the key is not for mail";
  const key = await importPublicKey(record.type, record.key);
  if (!key.ok) return key.error.why;
  return await verifyData(key.value, data, signature) ? null : "what it covers has been changed, or the key";
}
