/**
 * SCRAM (RFC 5802, RFC 7677), server side, for one exchange: client-first, server-first, client-final, server-final, empty. The last
 * message goes out as a challenge, for neither SMTP nor IMAP nor POP3 has room for it in the final reply (RFC 4954 4). Invariants:
 * - The nonce is the client's followed by ours, and must come back whole.
 * - The channel binding must be this connection's, and a client that saw no -PLUS although we offered it has been lied to.
 */
import { EMPTY, utf8 } from "../base/bytes.ts";
import { decodeBase64, encodeBase64 } from "./base64.ts";
import type { Mechanism, SaslStep } from "./mechanism.ts";
import { strictUtf8 } from "./plain.ts";
import { saslPrep } from "./saslprep.ts";
import { checkScramProof, type ScramHash, scramLength, type ScramSecrets } from "./scram_keys.ts";

const MALFORMED: SaslStep = { kind: "malformed" };
const REFUSED: SaslStep = { kind: "refused" };

/** The one channel binding we have (RFC 5929 4). */
const BINDING = "tls-server-end-point";

/** One exchange's circumstances. */
export interface ScramFacts {
  readonly hash: ScramHash;
  /** The -PLUS variant: the client must bind to the channel. */
  readonly plus: boolean;
  /** The tls-server-end-point data of this connection; null in the clear, or where the certificate has none. */
  readonly endPoint: Uint8Array | null;
  /** Whether the client was told of a -PLUS mechanism. */
  readonly plusOffered: boolean;
  /** Our part of the nonce: printable ASCII without commas, never used before. */
  readonly nonce: string;
}

/** client-first-message, taken apart. */
interface ClientFirst {
  /** As sent, up to and with its second comma. */
  readonly gs2Header: string;
  readonly flag: "n" | "y" | "p";
  readonly bare: string;
  readonly user: string;
  readonly nonce: string;
}

export class ScramMechanism implements Mechanism {
  readonly #facts: ScramFacts;
  #first: ClientFirst | null = null;
  #secrets: ScramSecrets | null = null;
  #serverFirst = "";
  #login = "";
  #proved = false;

  constructor(facts: ScramFacts) {
    this.#facts = facts;
  }

  start(initial: Uint8Array | null): SaslStep {
    return initial === null ? { kind: "challenge", bytes: EMPTY } : this.answer(initial);
  }

  answer(response: Uint8Array): SaslStep {
    if (this.#proved) return response.length === 0 ? { kind: "granted", login: this.#login } : MALFORMED;
    const text = strictUtf8(response);
    if (text === null || text.includes("\0")) return MALFORMED;
    return this.#first === null ? this.#clientFirst(text) : this.#clientFinal(this.#first, text);
  }

  #clientFirst(text: string): SaslStep {
    const first = parseClientFirst(text);
    if (first === null || (first.flag === "p") !== this.#facts.plus) return MALFORMED;
    // RFC 5802 6: "y" says that we offered none. If we did, somebody took it out of our list.
    if (first.flag === "y" && this.#facts.plusOffered) return REFUSED;
    const authzid = authzidOf(first.gs2Header);
    const login = saslPrep(first.user);
    if (authzid === null || login === null || login === "") return MALFORMED;
    if (authzid !== "" && authzid !== first.user) return REFUSED;
    this.#first = first;
    this.#login = login;
    return {
      kind: "keys",
      login,
      hash: this.#facts.hash,
      resume: (secrets) => this.#serverFirstFor(first, secrets),
    };
  }

  #serverFirstFor(first: ClientFirst, secrets: ScramSecrets): SaslStep {
    this.#secrets = secrets;
    this.#serverFirst = `r=${first.nonce}${this.#facts.nonce},s=${
      encodeBase64(secrets.salt)
    },i=${secrets.iterations}`;
    return { kind: "challenge", bytes: utf8(this.#serverFirst) };
  }

  #clientFinal(first: ClientFirst, text: string): SaslStep {
    // The proof is the last attribute; what is before it is signed.
    const m = /^(c=([A-Za-z0-9+/]*={0,2}),r=([!-+\--~]+)(?:,[A-Za-ln-z]=[^,]*)*),p=([A-Za-z0-9+/]+={0,2})$/
      .exec(text);
    const binding = m ? decodeBase64(utf8(m[2] ?? "")) : null;
    const proof = m ? decodeBase64(utf8(m[4] ?? "")) : null;
    if (!m || !binding || !proof || this.#secrets === null) return MALFORMED;
    if (proof.length !== scramLength(this.#facts.hash)) return MALFORMED;
    const message = `${first.bare},${this.#serverFirst},${m[1]}`;
    const signature = checkScramProof(this.#facts.hash, this.#secrets.keys, message, proof);
    const bound = encodeBase64(binding) === encodeBase64(this.#expectedBinding(first));
    const wrong = { kind: "unproved", login: this.#login } as const;
    if (m[3] !== first.nonce + this.#facts.nonce || !bound || signature === null) return wrong;
    this.#proved = true;
    return { kind: "challenge", bytes: utf8(`v=${encodeBase64(signature)}`) };
  }

  /** RFC 5802 7, cbind-input. */
  #expectedBinding(first: ClientFirst): Uint8Array {
    const header = utf8(first.gs2Header);
    const data = first.flag === "p" ? this.#facts.endPoint ?? EMPTY : EMPTY;
    const all = new Uint8Array(header.length + data.length);
    all.set(header);
    all.set(data, header.length);
    return all;
  }
}

/** RFC 5802 7, client-first-message. Mandatory extensions ("m=") are not known, so it is malformed with one. */
function parseClientFirst(text: string): ClientFirst | null {
  const m =
    /^((?:([ny])|p=([A-Za-z0-9.-]+)),(?:a=([^,]*))?,)(n=([^,]+),r=([!-+\--~]{1,1024})(?:,[A-Za-ln-z]=[^,]*)*)$/
      .exec(text);
  if (!m || (m[3] !== undefined && m[3] !== BINDING)) return null;
  const user = saslName(m[6] ?? "");
  if (user === null) return null;
  const flag = m[2] === "n" || m[2] === "y" ? m[2] : "p";
  return { gs2Header: m[1] ?? "", flag, bare: m[5] ?? "", user, nonce: m[7] ?? "" };
}

/** The authorization identity of a gs2-header; "" for none, null where it is broken. */
function authzidOf(gs2Header: string): string | null {
  const at = gs2Header.indexOf(",a=");
  return at < 0 ? "" : saslName(gs2Header.slice(at + 3, -1));
}

/** RFC 5802 7, saslname: "=2C" is a comma and "=3D" an equals sign; any other "=" is broken. */
function saslName(text: string): string | null {
  if (text === "" || /=(?!2C|3D)/.test(text)) return null;
  return text.replaceAll("=2C", ",").replaceAll("=3D", "=");
}
