import { utf8 } from "../base/bytes.ts";
import type { Mechanism, SaslStep } from "./mechanism.ts";
import { strictUtf8 } from "./plain.ts";

const MALFORMED: SaslStep = { kind: "malformed" };

/**
 * LOGIN (draft-murchison-sasl-login): asks for the name, then for the password. Never a standard, but what many printers and
 * old clients speak. Clients compare the prompts, so these are the usual ones.
 */
export class LoginMechanism implements Mechanism {
  #login: string | null = null;

  start(initial: Uint8Array | null): SaslStep {
    // Some clients send the name with the command.
    return initial === null || initial.length === 0
      ? { kind: "challenge", bytes: utf8("Username:") }
      : this.answer(initial);
  }

  answer(response: Uint8Array): SaslStep {
    const text = strictUtf8(response);
    if (text === null || text === "" || text.includes("\0")) return MALFORMED;
    if (this.#login === null) {
      this.#login = text;
      return { kind: "challenge", bytes: utf8("Password:") };
    }
    return { kind: "credentials", login: this.#login, password: text, authzid: "" };
  }
}
