/**
 * SASL (RFC 4422), server side, as SMTP, IMAP, POP3 and ManageSieve share it. A mechanism is a small machine without I/O: the
 * protocol hands it decoded octets and does what the step says. The protocol's own business: base64 on the wire
 * (`decodeBase64`, `decodeInitial`), the "*" that cancels, caps on line length, and asking the `Authenticator`.
 */
import { LoginMechanism } from "./login.ts";
import { PlainMechanism } from "./plain.ts";
import { decodeBase64 } from "./base64.ts";
import { asciiUpper } from "../base/bytes.ts";
import type { ScramHash, ScramSecrets } from "./scram_keys.ts";

export type SaslStep =
  /** Send these octets (base64 where the protocol has it so) and hand the client's response to `answer`. */
  | { readonly kind: "challenge"; readonly bytes: Uint8Array }
  /** Done: check this login name and password. `authzid` was empty or the login name itself. */
  | {
    readonly kind: "credentials";
    readonly login: string;
    readonly password: string;
    readonly authzid: string;
  }
  /** Ask for the SCRAM secrets of this name (made up where nobody has it) and go on with what `resume` gives. */
  | {
    readonly kind: "keys";
    readonly login: string;
    readonly hash: ScramHash;
    resume(secrets: ScramSecrets): SaslStep;
  }
  /** Done: the client has proved that it knows the password of this name. */
  | { readonly kind: "granted"; readonly login: string }
  /** Done: it has not. Counts as a wrong password. */
  | { readonly kind: "unproved"; readonly login: string }
  /** Done: ask whose the client's certificate is; `authzid` is "" or the account it must be. */
  | { readonly kind: "certificate"; readonly authzid: string }
  /** The client asks to act for somebody else: answer as for a wrong password. */
  | { readonly kind: "refused" }
  /** The client broke the mechanism's syntax (SMTP 501, IMAP BAD, POP3 -ERR). */
  | { readonly kind: "malformed" };

/** One exchange; made anew for each AUTH command. */
export interface Mechanism {
  /** Begins. `initial` is the client's first response if it sent one with the command (may be empty), else null. */
  start(initial: Uint8Array | null): SaslStep;
  /** Goes on with the client's response to the last challenge. */
  answer(response: Uint8Array): SaslStep;
}

/** Mechanism names as advertised, in order of preference. They hand over the password: only under TLS. */
export const PASSWORD_MECHANISMS = ["PLAIN", "LOGIN"] as const;

/** A new exchange of the named mechanism (any case) that hands over a password, or null when there is none of that name. */
export function createMechanism(name: string): Mechanism | null {
  switch (asciiUpper(name)) {
    case "PLAIN":
      return new PlainMechanism();
    case "LOGIN":
      return new LoginMechanism();
    default:
      return null;
  }
}

/** The initial response as it stands on the command line: "=" is an empty one (RFC 4954 4, 4959 3, 5034 4). null if broken. */
export function decodeInitial(text: Uint8Array): Uint8Array | null {
  if (text.length === 1 && text[0] === 0x3d) return new Uint8Array(0);
  return text.length === 0 ? null : decodeBase64(text);
}
