/** DKIM-Signature fields, read and judged by themselves: everything of RFC 6376 6.1.1 that needs neither key nor message. */
import { parseDomain } from "../../mail/address.ts";
import type { DkimResult } from "../types.ts";
import type { BodyCover, Canonicalization } from "./body_hasher.ts";
import { keyName } from "./key_lookup.ts";
import { base64Value, colonList, parseTagList, type TagList, withoutBlanks } from "./tag_list.ts";

/** What a signature says of itself, as far as it can be read; "" where it cannot. */
export interface SignatureClaims {
  /** d=, A-labels in lower case. */
  readonly domain: string;
  readonly selector: string;
  /** i=, or "@" with d=. */
  readonly identity: string;
  readonly algorithm: string;
  /** b= without white space. */
  readonly signature: string;
}

/** What checking it takes. */
export interface Signature {
  readonly keyType: "rsa" | "ed25519";
  readonly signature: Uint8Array<ArrayBuffer>;
  readonly bodyHash: Uint8Array;
  readonly headerCanon: Canonicalization;
  readonly body: BodyCover;
  /** h=, lower case. */
  readonly names: readonly string[];
  /** The domain of i= is d= itself and not below it. */
  readonly exactIdentity: boolean;
}

export interface Fault {
  readonly result: DkimResult;
  readonly why: string;
}

export type ParsedSignature =
  | { readonly ok: true; readonly claims: SignatureClaims; readonly value: Signature }
  | { readonly ok: false; readonly claims: SignatureClaims; readonly fault: Fault };

const ALGORITHMS: Readonly<Record<string, "rsa" | "ed25519">> = {
  "rsa-sha256": "rsa",
  "ed25519-sha256": "ed25519",
};
const CANON = /^(simple|relaxed)(?:\/(simple|relaxed))?$/;
const FIELD_NAME = /^[!-9;-~]+$/;
/** Octets of i= that are believed to be an identity. */
const LONGEST_IDENTITY = 512;
const SHA256_OCTETS = 32;

/** Reads the value of a DKIM-Signature field. `now` in milliseconds since 1970, against x=. */
export function parseSignature(value: Uint8Array, now: number): ParsedSignature {
  const list = parseTagList(value);
  if (!list.ok) return { ok: false, claims: NO_CLAIMS, fault: broken(`the signature has ${list.error}`) };
  const tags = list.value;
  const claims = claimsOf(tags);
  const read = new TagReader(tags, claims, now).read();
  return "why" in read ? { ok: false, claims, fault: read } : { ok: true, claims, value: read };
}

export const NO_CLAIMS: SignatureClaims = {
  domain: "",
  selector: "",
  identity: "",
  algorithm: "",
  signature: "",
};

function claimsOf(tags: TagList): SignatureClaims {
  const text = (name: string) => tags.get(name) ?? "";
  const parsed = parseDomain(text("d"));
  const domain = parsed.ok && !parsed.value.startsWith("[") ? parsed.value : "";
  const selector = parseDomain(text("s"));
  const identity = text("i");
  return {
    domain,
    selector: selector.ok ? selector.value : "",
    identity: tags.has("i")
      ? withoutBlanks(identity).slice(0, LONGEST_IDENTITY)
      : domain === ""
      ? ""
      : `@${domain}`,
    algorithm: /^[!-~]{1,40}$/.test(text("a")) ? text("a").toLowerCase() : "",
    signature: withoutBlanks(text("b")),
  };
}

/** RFC 8601 2.7.1: what cannot be read is "neutral"; what can be read and never be right is "permerror" (RFC 6376 6.1.1: PERMFAIL). */
function broken(why: string): Fault {
  return { result: "neutral", why };
}

function wrong(why: string): Fault {
  return { result: "permerror", why };
}

class TagReader {
  readonly #tags: TagList;
  readonly #claims: SignatureClaims;
  readonly #now: number;

  constructor(tags: TagList, claims: SignatureClaims, now: number) {
    this.#tags = tags;
    this.#claims = claims;
    this.#now = now;
  }

  read(): Signature | Fault {
    const missing = ["v", "a", "b", "bh", "d", "h", "s"].find((name) => !this.#tags.has(name));
    if (missing !== undefined) return broken(`the signature has no ${missing}=`);
    if (this.#tags.get("v") !== "1") return broken("v= is not 1");
    const { algorithm, domain, selector } = this.#claims;
    // RFC 8301 3.1: such a signature "has permanently failed".
    if (algorithm === "rsa-sha1") return wrong("rsa-sha1 is not believed any more");
    const keyType = Object.hasOwn(ALGORITHMS, algorithm) ? ALGORITHMS[algorithm] : undefined;
    if (!keyType) return broken("a= names an unknown algorithm");
    if (domain === "") return broken("d= is no domain");
    if (selector === "" || keyName(domain, selector) === null) return broken("s= is no selector");
    const signature = base64Value(this.#text("b"));
    if (!signature) return broken("b= is no base64");
    const bodyHash = base64Value(this.#text("bh"));
    if (bodyHash?.length !== SHA256_OCTETS) return broken("bh= is no hash in base64");
    const canon = CANON.exec(this.#text("c", "simple/simple").toLowerCase());
    if (!canon) return broken("c= names an unknown canonicalization");
    const names = colonList(this.#text("h"));
    if (!names.every((name) => FIELD_NAME.test(name))) return broken("h= is no list of field names");
    const length = this.#number("l", 76);
    if (length === undefined) return broken("l= is no number");
    const fault = this.#otherFault(names);
    if (fault) return fault;
    return {
      keyType,
      signature,
      bodyHash,
      headerCanon: canon[1] === "relaxed" ? "relaxed" : "simple",
      body: { canon: canon[2] === "relaxed" ? "relaxed" : "simple", length },
      names,
      exactIdentity: this.#identityDomain() === domain,
    };
  }

  #otherFault(names: readonly string[]): Fault | null {
    // q= may name methods to come; one we know must be among them.
    if (!colonList(this.#text("q", "dns/txt")).includes("dns/txt")) {
      return broken("q= names no way to the key that we know");
    }
    const time = this.#number("t", 12);
    const expires = this.#number("x", 12);
    if (time === undefined) return broken("t= is no time");
    if (expires === undefined) return broken("x= is no time");
    if (time !== null && expires !== null && expires <= time) return broken("x= is before t=");
    if (!names.includes("from")) return wrong("From is not signed");
    const identityDomain = this.#identityDomain();
    if (identityDomain === null) return broken("i= is no identity");
    const { domain } = this.#claims;
    if (identityDomain !== domain && !identityDomain.endsWith(`.${domain}`)) {
      return wrong("i= is not of the domain of d=");
    }
    // t= in the future is no fault: it would rather be our clock that is wrong (RFC 6376 3.5 leaves it to us).
    // Signatures live for days: minutes between two clocks do not matter to x=, so that nothing is added to it.
    return expires !== null && this.#now > expires * 1000 ? wrong("the signature has expired") : null;
  }

  #text(name: string, absent = ""): string {
    return this.#tags.get(name) ?? absent;
  }

  /** A number of at most so many digits; null without the tag, undefined when it is none. */
  #number(name: string, digits: number): number | null | undefined {
    const text = this.#tags.get(name);
    if (text === undefined) return null;
    return /^[0-9]+$/.test(text) && text.length <= digits ? Number(text) : undefined;
  }

  #identityDomain(): string | null {
    const { identity, domain } = this.#claims;
    if (!this.#tags.has("i")) return domain;
    const at = identity.lastIndexOf("@");
    if (at < 0 || identity.length >= LONGEST_IDENTITY || identity !== this.#text("i")) return null;
    const parsed = parseDomain(identity.slice(at + 1));
    return parsed.ok ? parsed.value : null;
  }
}
