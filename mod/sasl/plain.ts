import { EMPTY } from "../base/bytes.ts";
import type { Mechanism, SaslStep } from "./mechanism.ts";

const MALFORMED: SaslStep = { kind: "malformed" };

/** PLAIN (RFC 4616): `[authzid] NUL authcid NUL passwd`, UTF-8. */
export class PlainMechanism implements Mechanism {
  start(initial: Uint8Array | null): SaslStep {
    return initial === null ? { kind: "challenge", bytes: EMPTY } : this.answer(initial);
  }

  answer(response: Uint8Array): SaslStep {
    const text = strictUtf8(response);
    if (text === null) return MALFORMED;
    const parts = text.split("\0");
    const [authzid, login, password] = parts;
    if (parts.length !== 3 || authzid === undefined || !login || !password) return MALFORMED;
    // Acting for others is not offered (RFC 4616 2: the server decides whether the authcid may act as the authzid).
    if (authzid !== "" && authzid !== login) return { kind: "refused" };
    return { kind: "credentials", login, password, authzid };
  }
}

/** Text of UTF-8 octets, or null when they are not valid UTF-8. */
export function strictUtf8(bytes: Uint8Array): string | null {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    // The decoder throws on broken sequences only: that is the answer.
    return null;
  }
}
