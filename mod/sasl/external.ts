import { EMPTY } from "../base/bytes.ts";
import type { Mechanism, SaslStep } from "./mechanism.ts";
import { strictUtf8 } from "./plain.ts";

/** EXTERNAL (RFC 4422 A): whoever the client's certificate belongs to. The response names the account, or is empty. */
export class ExternalMechanism implements Mechanism {
  start(initial: Uint8Array | null): SaslStep {
    return initial === null ? { kind: "challenge", bytes: EMPTY } : this.answer(initial);
  }

  answer(response: Uint8Array): SaslStep {
    const text = strictUtf8(response);
    return text === null || text.includes("\0")
      ? { kind: "malformed" }
      : { kind: "certificate", authzid: text };
  }
}
