/** How a client gets in: STARTTLS, LOGIN, AUTHENTICATE (RFC 3501 6.2, SASL-IR of RFC 4959), and out again. */
import { fromAscii, utf8 } from "../../base/bytes.ts";
import { IMAP_AUTH_DELAY, IMAP_AUTH_FAILURES } from "../../base/limits.ts";
import { decodeBase64, encodeBase64 } from "../../sasl/base64.ts";
import { SaslExchange, type SaslOutcome } from "../../sasl/exchange.ts";
import { decodeInitial } from "../../sasl/mechanism.ts";
import { bad, no, okay } from "../reply.ts";
import type { Handled } from "../rules.ts";
import type { ImapSession } from "../session.ts";
import type { AuthenticateCommand, LoginCommand } from "../types.ts";

const PRIVACY = no("PRIVACYREQUIRED", "Passwords are only taken over TLS");
const REFUSED = no("AUTHENTICATIONFAILED", "Wrong name or password");
const THROTTLED = no("UNAVAILABLE", "Too many failed logins: try again later");
const TEMPORARY = no("UNAVAILABLE", "Logins cannot be checked at the moment");

/** RFC 3501 6.2.1. The reply is what announces the handshake; the driver sees to it that nothing in the clear survives. */
export function startTls(session: ImapSession): Handled {
  if (session.peer.tls !== null) return bad("TLS is active already");
  if (!session.startTlsAllowed) return bad("TLS is not available");
  return { ...okay("Begin TLS negotiation now"), then: "starttls" };
}

/** RFC 3501 6.2.3. */
export async function login(session: ImapSession, command: LoginCommand): Promise<Handled> {
  if (!session.passwordsAllowed) return PRIVACY;
  const { user, password } = command;
  const outcome = await session.ports.authenticator.password(user, password, session.peer.remote.address);
  return await ended(session, outcome.kind === "ok" ? outcome : { ...outcome, login: user });
}

/** RFC 3501 6.2.2. */
export function authenticate(session: ImapSession, command: AuthenticateCommand): Handled | Promise<Handled> {
  const { authenticator, random } = session.ports;
  const exchange = SaslExchange.of(command.mechanism, authenticator, session.saslPeer, random);
  if (exchange === null) return no("CANNOT", "Unknown authentication mechanism");
  if (!session.passwordsAllowed) return PRIVACY;
  if (command.initial === null) return follow(session, exchange, exchange.start(null));
  const initial = decodeInitial(utf8(command.initial));
  if (initial === null) return bad("Invalid base64 in the initial response");
  return follow(session, exchange, exchange.start(initial));
}

/** RFC 8437: back to where a new connection is, TLS apart. */
export function unauthenticate(session: ImapSession): Handled {
  session.unauthenticated();
  return okay("Logged out, but connected");
}

function follow(
  session: ImapSession,
  exchange: SaslExchange,
  outcome: SaslOutcome | Promise<SaslOutcome>,
): Handled | Promise<Handled> {
  if (outcome instanceof Promise) return outcome.then((o) => follow(session, exchange, o));
  if (outcome.kind !== "challenge") return ended(session, outcome);
  return {
    prompt: encodeBase64(outcome.bytes),
    idle: false,
    line: (line) => {
      if (fromAscii(line) === "*") return bad("Authentication cancelled");
      const response = decodeBase64(line);
      if (response === null) return bad("Invalid base64");
      return follow(session, exchange, exchange.answer(response));
    },
  };
}

async function ended(
  session: ImapSession,
  outcome: Exclude<SaslOutcome, { kind: "challenge" }>,
): Promise<Handled> {
  switch (outcome.kind) {
    case "ok":
      session.authenticated(await session.ports.store.account(outcome.account), outcome.account);
      session.log.info("login", { protocol: "imap", tls: session.peer.tls !== null });
      return okay("Logged in", `CAPABILITY ${session.capabilities()}`);
    case "refused":
      return await failed(
        session,
        outcome.login === null ? "other identity" : "refused",
        outcome.login ?? "",
      );
    case "throttled":
      return await failed(session, "throttled", outcome.login ?? "");
    case "temp":
      session.log.warn("login not possible", { protocol: "imap", why: outcome.why });
      return TEMPORARY;
    case "malformed":
      return bad("Invalid response for this mechanism");
  }
}

/** A failed login; the last one allowed ends the connection, after a while. */
async function failed(session: ImapSession, why: string, login: string): Promise<Handled> {
  session.failures++;
  session.log.info("login refused", { protocol: "imap", login, why, failures: session.failures });
  const reply = why === "throttled" ? THROTTLED : REFUSED;
  if (session.failures < IMAP_AUTH_FAILURES) return reply;
  await session.ports.clock.sleep(IMAP_AUTH_DELAY, session.ports.stopping);
  session.out.line("* BYE Too many failed logins");
  return { ...reply, then: "close" };
}
