/**
 * One login by SASL, from the mechanism's name to its outcome, as SMTP, IMAP and POP3 share it: runs the mechanism and asks the
 * authenticator what the mechanism wants to know. The protocol sends challenges and maps outcomes to its replies.
 */
import type { AccountId, Authenticator, LoginOutcome } from "../account/directory.ts";
import { asciiUpper } from "../base/bytes.ts";
import type { Random } from "../base/random.ts";
import { encodeBase64 } from "./base64.ts";
import { ExternalMechanism } from "./external.ts";
import { createMechanism, type Mechanism, PASSWORD_MECHANISMS, type SaslStep } from "./mechanism.ts";
import { ScramMechanism } from "./scram.ts";
import type { ScramHash } from "./scram_keys.ts";

/** Octets of our part of a SCRAM nonce. */
const NONCE = 18;

/** The other end, as mechanisms see it. */
export interface SaslPeer {
  readonly remoteAddress: string;
  /** What TLS tells; null in the clear. */
  readonly tls: SaslTls | null;
}

/** The part of `TlsInfo` that mechanisms care for. */
export interface SaslTls {
  /** tls-server-end-point channel binding (RFC 5929 4). */
  readonly endPoint?: Uint8Array;
  /** SHA-256 of the client's certificate, lower-case hex. */
  readonly clientCertificate?: string;
}

export type SaslOutcome =
  /** Send these octets and hand the response to `answer`. */
  | { readonly kind: "challenge"; readonly bytes: Uint8Array }
  | { readonly kind: "ok"; readonly account: AccountId }
  /** Wrong, or too many wrong ones before. `login` is who it claimed to be, where it said so. */
  | { readonly kind: "refused" | "throttled"; readonly login: string | null }
  | { readonly kind: "temp"; readonly why: string; readonly login: string }
  | { readonly kind: "malformed" };

type Later<T> = T | Promise<T>;

/**
 * The mechanisms to advertise to this peer, the strongest first. Only for peers that may log in at all: the protocol decides that. SCRAM
 * is left out while some account cannot use it, and -PLUS unless the config wants it: clients take the strongest that is listed and do not look
 * further when it fails, and many have other channel bindings than ours, of which neither SMTP nor IMAP nor POP3 can tell them.
 */
export function offeredMechanisms(authenticator: Authenticator, peer: SaslPeer): readonly string[] {
  const list: string[] = [];
  if (authenticator.scram?.offered) {
    if (peer.tls?.endPoint && authenticator.scram.plusOffered) {
      list.push("SCRAM-SHA-256-PLUS", "SCRAM-SHA-1-PLUS");
    }
    list.push("SCRAM-SHA-256", "SCRAM-SHA-1");
  }
  list.push(...PASSWORD_MECHANISMS);
  if (canUseCertificate(authenticator, peer)) list.push("EXTERNAL");
  return list;
}

export class SaslExchange {
  readonly #authenticator: Authenticator;
  readonly #peer: SaslPeer;
  readonly #mechanism: Mechanism;
  /** Whom the keys given to the mechanism belong to. */
  #account: AccountId | null = null;

  private constructor(authenticator: Authenticator, peer: SaslPeer, mechanism: Mechanism) {
    this.#authenticator = authenticator;
    this.#peer = peer;
    this.#mechanism = mechanism;
  }

  /** A new exchange of the named mechanism (any case), or null when this peer cannot use one of that name. */
  static of(
    name: string,
    authenticator: Authenticator,
    peer: SaslPeer,
    random: Pick<Random, "bytes">,
  ): SaslExchange | null {
    const mechanism = mechanismFor(asciiUpper(name), authenticator, peer, random);
    return mechanism ? new SaslExchange(authenticator, peer, mechanism) : null;
  }

  /** Begins; `initial` is the decoded initial response (may be empty), or null. */
  start(initial: Uint8Array | null): Later<SaslOutcome> {
    return this.#follow(this.#mechanism.start(initial));
  }

  /** Goes on with the decoded response to the last challenge. */
  answer(response: Uint8Array): Later<SaslOutcome> {
    return this.#follow(this.#mechanism.answer(response));
  }

  #follow(step: SaslStep): Later<SaslOutcome> {
    const { remoteAddress, tls } = this.#peer;
    switch (step.kind) {
      case "challenge":
      case "malformed":
        return step;
      case "refused":
        return { kind: "refused", login: null };
      case "credentials":
        return this.#authenticator.password(step.login, step.password, remoteAddress)
          .then((outcome) => named(outcome, step.login));
      case "keys": {
        const found = this.#authenticator.scram?.find(step.login, step.hash, remoteAddress);
        if (!found) return { kind: "refused", login: step.login };
        if (found.kind === "throttled") return { kind: "throttled", login: step.login };
        this.#account = found.account;
        return this.#follow(step.resume(found.secrets));
      }
      case "granted":
        return this.#settled(step.login, true);
      case "unproved":
        return this.#settled(step.login, false);
      case "certificate": {
        const outcome = this.#authenticator.certificate?.(
          tls?.clientCertificate ?? "",
          step.authzid,
          remoteAddress,
        );
        return named(outcome ?? { kind: "refused" }, step.authzid);
      }
    }
  }

  #settled(login: string, proved: boolean): SaslOutcome {
    const account = this.#account;
    const ok = this.#authenticator.scram?.settle(login, account, proved, this.#peer.remoteAddress) ?? false;
    return ok && account !== null ? { kind: "ok", account } : { kind: "refused", login };
  }
}

function named(outcome: LoginOutcome, login: string): SaslOutcome {
  return outcome.kind === "ok" ? outcome : { ...outcome, login };
}

function canUseCertificate(authenticator: Authenticator, peer: SaslPeer): boolean {
  const shown = peer.tls?.clientCertificate;
  return shown !== undefined && (authenticator.knowsCertificate?.(shown) ?? false);
}

function mechanismFor(
  name: string,
  authenticator: Authenticator,
  peer: SaslPeer,
  random: Pick<Random, "bytes">,
): Mechanism | null {
  const scram = /^SCRAM-(SHA-256|SHA-1)(-PLUS)?$/.exec(name);
  if (!scram) {
    if (name !== "EXTERNAL") return createMechanism(name);
    return canUseCertificate(authenticator, peer) ? new ExternalMechanism() : null;
  }
  const endPoint = peer.tls?.endPoint ?? null;
  const plus = scram[2] !== undefined;
  if (!authenticator.scram || (plus && endPoint === null)) return null;
  return new ScramMechanism({
    hash: scram[1] as ScramHash, // the pattern has no other
    plus,
    endPoint,
    plusOffered: endPoint !== null && authenticator.scram.offered && authenticator.scram.plusOffered,
    nonce: encodeBase64(random.bytes(NONCE)),
  });
}
