/** AUTH (RFC 4954): one exchange, from the command to its outcome. Knows nothing of sessions. */
import type { AccountId, Authenticator } from "../account/directory.ts";
import type { Random } from "../base/random.ts";
import { decodeBase64, encodeBase64 } from "../sasl/base64.ts";
import { SaslExchange, type SaslOutcome, type SaslPeer } from "../sasl/exchange.ts";
import { decodeInitial } from "../sasl/mechanism.ts";
import { REPLY, type Reply, reply } from "./reply.ts";

/** What to do next: send the challenge and read a line, or it is over. */
export type AuthStep =
  | { readonly kind: "challenge"; readonly reply: Reply; readonly exchange: AuthExchange }
  | { readonly kind: "done"; readonly reply: Reply; readonly account: AccountId }
  /** `failed`: a password, or a proof of one, was tried and was wrong. */
  | {
    readonly kind: "refused";
    readonly reply: Reply;
    readonly failed: boolean;
    readonly login: string | null;
  };

const ASTERISK = 0x2a;

/** Begins an exchange; `initial` is the initial response as it stood on the command line, or null. */
export function startAuth(
  authenticator: Authenticator,
  peer: SaslPeer,
  random: Random,
  name: string,
  initial: Uint8Array | null,
): AuthStep | Promise<AuthStep> {
  const exchange = SaslExchange.of(name, authenticator, peer, random);
  if (!exchange) return refused(REPLY.authUnknown);
  const decoded = initial === null ? null : decodeInitial(initial);
  if (initial !== null && decoded === null) return refused(REPLY.authMalformed);
  return new AuthExchange(exchange).start(decoded);
}

export class AuthExchange {
  readonly #exchange: SaslExchange;

  constructor(exchange: SaslExchange) {
    this.#exchange = exchange;
  }

  start(initial: Uint8Array | null): AuthStep | Promise<AuthStep> {
    return this.#follow(this.#exchange.start(initial));
  }

  /** Goes on with the client's line, without its CRLF. */
  answer(line: Uint8Array): AuthStep | Promise<AuthStep> {
    if (line.length === 1 && line[0] === ASTERISK) return refused(REPLY.authCancelled);
    const response = decodeBase64(line);
    return response ? this.#follow(this.#exchange.answer(response)) : refused(REPLY.authMalformed);
  }

  #follow(outcome: SaslOutcome | Promise<SaslOutcome>): AuthStep | Promise<AuthStep> {
    return outcome instanceof Promise ? outcome.then((o) => this.#step(o)) : this.#step(outcome);
  }

  #step(outcome: SaslOutcome): AuthStep {
    switch (outcome.kind) {
      case "challenge":
        return { kind: "challenge", reply: reply(334, null, encodeBase64(outcome.bytes)), exchange: this };
      case "ok":
        return { kind: "done", reply: REPLY.authenticated, account: outcome.account };
      case "refused":
        return { kind: "refused", reply: REPLY.authFailed, failed: true, login: outcome.login };
      case "throttled":
        return { kind: "refused", reply: REPLY.authThrottled, failed: true, login: outcome.login };
      case "temp":
        return { kind: "refused", reply: REPLY.authLater, failed: false, login: outcome.login };
      case "malformed":
        return refused(REPLY.authMalformed);
    }
  }
}

function refused(answer: Reply): AuthStep {
  return { kind: "refused", reply: answer, failed: false, login: null };
}
