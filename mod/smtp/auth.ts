/** AUTH (RFC 4954): one exchange, from the command to its outcome. Knows nothing of sessions. */
import type { AccountId, Authenticator } from "../account/directory.ts";
import { decodeBase64, encodeBase64 } from "../sasl/base64.ts";
import { createMechanism, decodeInitial, type Mechanism, type SaslStep } from "../sasl/mechanism.ts";
import { REPLY, type Reply, reply } from "./reply.ts";

/** What to do next: send the challenge and read a line, or it is over. */
export type AuthStep =
  | { readonly kind: "challenge"; readonly reply: Reply; readonly exchange: AuthExchange }
  | { readonly kind: "done"; readonly reply: Reply; readonly account: AccountId }
  /** `failed`: a password was tried and was wrong. */
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
  remoteAddress: string,
  name: string,
  initial: Uint8Array | null,
): AuthStep | Promise<AuthStep> {
  const mechanism = createMechanism(name);
  if (!mechanism) return refused(REPLY.authUnknown);
  const decoded = initial === null ? null : decodeInitial(initial);
  if (initial !== null && decoded === null) return refused(REPLY.authMalformed);
  return new AuthExchange(authenticator, remoteAddress, mechanism).start(decoded);
}

export class AuthExchange {
  readonly #authenticator: Authenticator;
  readonly #remoteAddress: string;
  readonly #mechanism: Mechanism;

  constructor(authenticator: Authenticator, remoteAddress: string, mechanism: Mechanism) {
    this.#authenticator = authenticator;
    this.#remoteAddress = remoteAddress;
    this.#mechanism = mechanism;
  }

  start(initial: Uint8Array | null): AuthStep | Promise<AuthStep> {
    return this.#follow(this.#mechanism.start(initial));
  }

  /** Goes on with the client's line, without its CRLF. */
  answer(line: Uint8Array): AuthStep | Promise<AuthStep> {
    if (line.length === 1 && line[0] === ASTERISK) return refused(REPLY.authCancelled);
    const response = decodeBase64(line);
    return response ? this.#follow(this.#mechanism.answer(response)) : refused(REPLY.authMalformed);
  }

  #follow(step: SaslStep): AuthStep | Promise<AuthStep> {
    switch (step.kind) {
      case "challenge":
        return { kind: "challenge", reply: reply(334, null, encodeBase64(step.bytes)), exchange: this };
      case "credentials":
        return this.#check(step.login, step.password);
      case "refused":
        return { kind: "refused", reply: REPLY.authFailed, failed: true, login: null };
      case "malformed":
        return refused(REPLY.authMalformed);
    }
  }

  async #check(login: string, password: string): Promise<AuthStep> {
    const outcome = await this.#authenticator.password(login, password, this.#remoteAddress);
    switch (outcome.kind) {
      case "ok":
        return { kind: "done", reply: REPLY.authenticated, account: outcome.account };
      case "refused":
        return { kind: "refused", reply: REPLY.authFailed, failed: true, login };
      case "throttled":
        return { kind: "refused", reply: REPLY.authThrottled, failed: true, login };
      case "temp":
        return { kind: "refused", reply: REPLY.authLater, failed: false, login };
    }
  }
}

function refused(answer: Reply): AuthStep {
  return { kind: "refused", reply: answer, failed: false, login: null };
}
