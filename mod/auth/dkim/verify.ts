/**
 * Verifying the DKIM signatures of a message while it passes (RFC 6376 6, with RFC 8301, 8463 and 8616). Invariants:
 * - Keys are asked for as soon as the header is there; nothing of the body is kept.
 * - Work is bounded whatever the message holds: so many signatures, one hash of the body for each canonicalisation.
 */
import { DKIM_OUTCOMES, DKIM_SIGNATURES, HEADER_SIZE } from "../../base/limits.ts";
import { sameBytes } from "../../base/bytes.ts";
import type { Resolver } from "../../dns/resolver.ts";
import { type Header, HeaderSplitter, rawField, scanHeader } from "../../mail/header.ts";
import type { DkimOutcome } from "../types.ts";
import { type BodyCover, BodyHasher } from "./body_hasher.ts";
import { type KeyAnswer, lookupKeys } from "./key_lookup.ts";
import type { KeyRecord } from "./key_record.ts";
import { importPublicKey, verifyData } from "./public_key.ts";
import { type Fault, NO_CLAIMS, parseSignature, type Signature, type SignatureClaims } from "./signature.ts";
import { SignedFields } from "./signed_fields.ts";

export interface VerifyPorts {
  readonly resolver: Resolver;
  /** When the message came, in milliseconds since 1970. */
  readonly now: number;
}

/** Takes a message in any chunking, and tells of each signature what it is worth. */
export class DkimVerifier {
  readonly #ports: VerifyPorts;
  readonly #splitter = new HeaderSplitter(HEADER_SIZE);
  #begun: { readonly check: DkimCheck; readonly hasher: BodyHasher } | null = null;

  constructor(ports: VerifyPorts) {
    this.#ports = ports;
  }

  /** Octets of the message as they come, line ends CRLF; not kept after the call. */
  write(chunk: Uint8Array): void {
    if (this.#begun) return this.#begun.hasher.write(chunk);
    const taken = this.#splitter.write(chunk);
    if (this.#splitter.done) this.#begin().hasher.write(chunk.subarray(taken));
  }

  /** The message is whole: an outcome for each signature, in the order of the header; none when nobody signed. Never rejects. */
  async finish(): Promise<readonly DkimOutcome[]> {
    if (this.#splitter.overflow) {
      return [outcomeOf(NO_CLAIMS, { result: "policy", why: "the header is too long to be checked" })];
    }
    const { check, hasher } = this.#begun ?? this.#begin();
    hasher.end();
    return await check.finish(hasher);
  }

  #begin(): { readonly check: DkimCheck; readonly hasher: BodyHasher } {
    const header = scanHeader(this.#splitter.header());
    const check = new DkimCheck(header, new SignedFields(header), this.#ports);
    return this.#begun = { check, hasher: new BodyHasher(check.covers) };
  }
}

interface Checked {
  readonly claims: SignatureClaims;
  /** What is wrong with it before any key, or what to check. */
  readonly step: Fault | Pending;
}

interface Pending {
  /** Place of the field in the header. */
  readonly place: number;
  readonly signature: Signature;
  readonly keys: Promise<KeyAnswer>;
}

/** The signatures of one header, for those who split and hash a message for several checks at once. */
export class DkimCheck {
  readonly #header: Header;
  readonly #fields: SignedFields;
  readonly #signatures: readonly Checked[];
  /** What the body's hasher must be made for. */
  readonly covers: readonly BodyCover[];

  /** Begins to ask for keys. */
  constructor(header: Header, fields: SignedFields, { resolver, now }: VerifyPorts) {
    this.#header = header;
    this.#fields = fields;
    const asked = new Map<string, Promise<KeyAnswer>>();
    const ask = ({ domain, selector }: SignatureClaims): Promise<KeyAnswer> => {
      const name = `${selector} ${domain}`;
      const known = asked.get(name) ?? lookupKeys(resolver, domain, selector);
      asked.set(name, known);
      return known;
    };
    const signatures: Checked[] = [];
    for (const [place, field] of header.fields.entries()) {
      if (field.name !== "dkim-signature") continue;
      if (signatures.length >= DKIM_OUTCOMES) break;
      if (signatures.length >= DKIM_SIGNATURES) {
        signatures.push({ claims: NO_CLAIMS, step: TOO_MANY });
        continue;
      }
      const parsed = parseSignature(header.bytes.subarray(field.valueStart, field.end), now);
      const step = parsed.ok ? { place, signature: parsed.value, keys: ask(parsed.claims) } : parsed.fault;
      signatures.push({ claims: parsed.claims, step });
    }
    this.#signatures = signatures;
    this.covers = signatures.flatMap(({ step }) => "place" in step ? [step.signature.body] : []);
  }

  /** The outcomes, once `hasher` has seen the body's end. */
  async finish(hasher: BodyHasher): Promise<readonly DkimOutcome[]> {
    const outcomes: DkimOutcome[] = [];
    const prefix = prefixLength(this.#signatures.map(({ claims }) => claims.signature));
    for (const { claims, step } of this.#signatures) {
      const shown = { ...claims, signature: claims.signature.slice(0, prefix) };
      outcomes.push("place" in step ? await this.#check(shown, step, hasher) : outcomeOf(shown, step));
    }
    return outcomes;
  }

  async #check(claims: SignatureClaims, pending: Pending, hasher: BodyHasher): Promise<DkimOutcome> {
    const { signature, place } = pending;
    const answer = await pending.keys;
    if (answer.kind === "temp") return outcomeOf(claims, { result: "temperror", why: answer.why });
    if (answer.kind === "none") return outcomeOf(claims, { result: "permerror", why: answer.why });
    const body = hasher.hash(signature.body);
    const sound = body.digest !== null && sameBytes(body.digest, signature.bodyHash);
    const field = this.#header.fields[place];
    const raw = field ? rawField(this.#header, field) : new Uint8Array(0);
    let made: Uint8Array<ArrayBuffer> | null = null;
    const data = () => made ??= this.#fields.data(signature.names, signature.headerCanon, raw, place);
    let tried: Tried | null = null;
    // RFC 6376 6.1.2 4: of several keys any may fit.
    for (const record of answer.keys) {
      tried = await tryKey(record, signature, sound, data);
      if (tried.fault === null) break;
    }
    const fault = tried?.fault ?? null;
    const outcome = outcomeOf(claims, fault ?? { result: "pass", why: unsignedReason(body.unsigned) });
    return {
      ...outcome,
      testing: tried?.testing ?? false,
      keyBits: tried?.keyBits ?? null,
      unsigned: fault ? 0 : body.unsigned,
    };
  }
}

const TOO_MANY: Fault = { result: "policy", why: `more than ${DKIM_SIGNATURES} signatures` };

interface Tried {
  readonly fault: Fault | null;
  readonly testing: boolean;
  readonly keyBits: number | null;
}

/** Whether one key of the selector fits (RFC 6376 6.1.2, 6.1.3). `sound`: the body's hash is the one signed. */
async function tryKey(
  record: KeyRecord,
  signature: Signature,
  sound: boolean,
  data: () => Uint8Array<ArrayBuffer>,
): Promise<Tried> {
  const { testing } = record;
  const not = (result: Fault["result"], why: string, keyBits: number | null = null): Tried => {
    return { fault: { result, why }, testing, keyBits };
  };
  if (record.key === null) return not("permerror", "the key is revoked");
  if (record.type !== signature.keyType) return not("permerror", "the key is of another kind than a= says");
  if (record.hashes && !record.hashes.includes("sha256")) {
    return not("permerror", "the key is not for SHA-256");
  }
  if (!record.forMail) return not("permerror", "the key is not for mail");
  if (record.exact && !signature.exactIdentity) {
    return not("permerror", "the key is not for subdomains in i=");
  }
  const key = await importPublicKey(record.type, record.key);
  if (!key.ok) {
    const { kind, why, bits } = key.error;
    return not(kind === "weak" ? "policy" : "permerror", why, bits);
  }
  const keyBits = key.value.type === "rsa" ? key.value.bits : null;
  if (!sound) return not("fail", "the body has been changed", keyBits);
  if (await verifyData(key.value, data(), signature.signature)) return { fault: null, testing, keyBits };
  return not("fail", "the signed header has been changed, or the key", keyBits);
}

function unsignedReason(unsigned: number): string {
  return unsigned === 0 ? "" : `l= leaves ${unsigned} octets of the body unsigned`;
}

function outcomeOf(claims: SignatureClaims, { result, why }: Fault): DkimOutcome {
  return { ...claims, result, reason: why, testing: false, keyBits: null, unsigned: 0 };
}

/** So many characters of each b= that no two are alike (RFC 6008 4): eight, or few more. Where those do not do, one is a copy of another. */
function prefixLength(signatures: readonly string[]): number {
  const known = signatures.filter((s) => s !== "");
  for (let length = 8; length <= 16; length++) {
    if (new Set(known.map((s) => s.slice(0, length))).size === known.length) return length;
  }
  return 8;
}
