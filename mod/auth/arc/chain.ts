/** The ARC sets of a header, read and put in order (RFC 8617 4, 5.2 up to step 3): all that needs neither key nor body. */
import { ARC_SETS } from "../../base/limits.ts";
import { err, ok, type Result } from "../../base/result.ts";
import { parseDomain } from "../../mail/address.ts";
import type { Header, HeaderField } from "../../mail/header.ts";
import { readArcInstance } from "../authres/parse.ts";
import type { BodyCover, Canonicalization } from "../dkim/body_hasher.ts";
import { keyName } from "../dkim/key_lookup.ts";
import { base64Value, colonList, parseTagList, type TagList, withoutBlanks } from "../dkim/tag_list.ts";

/** Who signed, with what. */
export interface ArcSignature {
  /** Place of the field in the header. */
  readonly place: number;
  readonly domain: string;
  readonly selector: string;
  readonly keyType: "rsa" | "ed25519";
  readonly signature: Uint8Array<ArrayBuffer>;
}

export interface ArcMessageSignature extends ArcSignature {
  readonly bodyHash: Uint8Array;
  readonly headerCanon: Canonicalization;
  readonly body: BodyCover;
  /** h=, lower case. */
  readonly names: readonly string[];
}

export interface ArcSet {
  readonly instance: number;
  /** Place of ARC-Authentication-Results in the header. */
  readonly results: number;
  readonly message: ArcMessageSignature;
  readonly seal: ArcSignature & { readonly cv: "none" | "pass" | "fail" };
}

type SetParts = { -readonly [K in keyof Omit<ArcSet, "instance">]?: ArcSet[K] };

const ALGORITHMS: Readonly<Record<string, "rsa" | "ed25519">> = {
  "rsa-sha256": "rsa",
  "ed25519-sha256": "ed25519",
};
const CANON = /^(simple|relaxed)(?:\/(simple|relaxed))?$/;
const SHA256_OCTETS = 32;

/** How many sets a header claims to have, whether they are right or not. */
export function countSeals(header: Header): number {
  return header.fields.reduce((n, f) => f.name === "arc-seal" ? n + 1 : n, 0);
}

/**
 * The chain, first set first; empty when there is none. The error says what is wrong with it: every set must be whole, once, and in turn, and
 * each but the first must have found the chain before it sound. `now` in milliseconds since 1970, against x=.
 */
export function readChain(header: Header, now: number): Result<readonly ArcSet[], string> {
  const sets = new Map<number, SetParts>();
  for (const [place, field] of header.fields.entries()) {
    if (!field.name.startsWith("arc-")) continue;
    const read = readField(header, field, place, now);
    if (read === null) continue;
    if (!read.ok) return read;
    const { instance, part } = read.value;
    const parts = sets.get(instance) ?? {};
    sets.set(instance, parts);
    if (Object.keys(part).some((key) => key in parts)) return err(`set ${instance} has a field twice`);
    Object.assign(parts, part);
  }
  return inOrder(sets);
}

function inOrder(sets: ReadonlyMap<number, SetParts>): Result<readonly ArcSet[], string> {
  const chain: ArcSet[] = [];
  for (let instance = 1; instance <= sets.size; instance++) {
    const { results, message, seal } = sets.get(instance) ?? {};
    if (results === undefined || !message || !seal) return err(`set ${instance} is not whole`);
    if (seal.cv !== (instance === 1 ? "none" : "pass")) {
      return err(
        seal.cv === "fail"
          ? `set ${instance} says that the chain is broken`
          : `cv= of set ${instance} is wrong`,
      );
    }
    chain.push({ instance, results, message, seal });
  }
  return ok(chain);
}

interface Read {
  readonly instance: number;
  readonly part: SetParts;
}

/** null: not one of the three fields. */
function readField(
  header: Header,
  field: HeaderField,
  place: number,
  now: number,
): Result<Read, string> | null {
  const value = header.bytes.subarray(field.valueStart, field.end);
  switch (field.name) {
    case "arc-authentication-results": {
      // Of the results nothing hangs on the chain but their being there.
      const instance = readArcInstance(value);
      return instance === null
        ? err("an ARC-Authentication-Results cannot be read")
        : ok({ instance, part: { results: place } });
    }
    case "arc-message-signature":
    case "arc-seal": {
      const list = parseTagList(value);
      const name = field.name === "arc-seal" ? "ARC-Seal" : "ARC-Message-Signature";
      const instance = list.ok ? instanceOf(list.value) : null;
      if (!list.ok || instance === null) return err(`an ${name} cannot be read`);
      const part = field.name === "arc-seal"
        ? readSeal(list.value, place)
        : readMessage(list.value, place, now);
      return part.ok ? ok({ instance, part: part.value }) : err(`${name} ${instance}: ${part.error}`);
    }
    default:
      return null;
  }
}

function instanceOf(tags: TagList): number | null {
  const text = tags.get("i") ?? "";
  const instance = /^[0-9]{1,2}$/.test(text) ? Number(text) : 0;
  return instance >= 1 && instance <= ARC_SETS ? instance : null;
}

/** RFC 8617 4.1.3. */
function readSeal(tags: TagList, place: number): Result<SetParts, string> {
  const signed = readSignature(tags, place);
  if (!signed.ok) return signed;
  // A seal that said what it covers could say so wrongly.
  if (tags.has("h")) return err("h= is not permitted");
  const cv = (tags.get("cv") ?? "").toLowerCase();
  if (cv !== "none" && cv !== "pass" && cv !== "fail") return err("cv= is missing or wrong");
  return ok({ seal: { ...signed.value, cv } });
}

/** RFC 8617 4.1.2. l= is not taken: what comes after it would travel under the seal. */
function readMessage(tags: TagList, place: number, now: number): Result<SetParts, string> {
  const signed = readSignature(tags, place);
  if (!signed.ok) return signed;
  if (tags.has("l")) return err("l= is not permitted");
  const bodyHash = base64Value(tags.get("bh") ?? "");
  if (bodyHash?.length !== SHA256_OCTETS) return err("bh= is no hash");
  const canon = CANON.exec(withoutBlanks(tags.get("c") ?? "simple/simple").toLowerCase());
  if (!canon) return err("c= names an unknown canonicalization");
  const names = colonList(tags.get("h") ?? "");
  if (!names.includes("from")) return err("From is not signed");
  if (names.includes("arc-seal")) return err("h= names ARC-Seal");
  const expires = tags.get("x");
  if (expires !== undefined && !(/^[0-9]{1,12}$/.test(expires) && now <= Number(expires) * 1000)) {
    return err("it has expired");
  }
  const body: BodyCover = { canon: canon[2] === "relaxed" ? "relaxed" : "simple", length: null };
  const headerCanon = canon[1] === "relaxed" ? "relaxed" : "simple";
  return ok({ message: { ...signed.value, bodyHash, headerCanon, body, names } });
}

function readSignature(tags: TagList, place: number): Result<ArcSignature, string> {
  const text = (name: string) => withoutBlanks(tags.get(name) ?? "");
  const algorithm = text("a").toLowerCase();
  const keyType = Object.hasOwn(ALGORITHMS, algorithm) ? ALGORITHMS[algorithm] : undefined;
  if (!keyType) return err("a= names an unknown algorithm");
  const [domain, selector] = [text("d"), text("s")].map((t) => parseDomain(t));
  if (!domain?.ok || !selector?.ok || keyName(domain.value, selector.value) === null) {
    return err("d= and s= name no key");
  }
  const signature = base64Value(text("b"));
  if (!signature) return err("b= is no base64");
  return ok({ place, domain: domain.value, selector: selector.value, keyType, signature });
}
