/** How a client gets in: STARTTLS, LOGIN, AUTHENTICATE (RFC 3501 6.2, SASL-IR of RFC 4959). */
import { fromAscii, utf8 } from "../../base/bytes.ts";
import { IMAP_AUTH_DELAY, IMAP_AUTH_FAILURES } from "../../base/limits.ts";
import { decodeBase64, encodeBase64 } from "../../sasl/base64.ts";
import { createMechanism, decodeInitial, type Mechanism, type SaslStep } from "../../sasl/mechanism.ts";
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
export function login(session: ImapSession, command: LoginCommand): Handled | Promise<Handled> {
  if (!session.passwordsAllowed) return PRIVACY;
  return check(session, command.user, command.password);
}

/** RFC 3501 6.2.2. */
export function authenticate(session: ImapSession, command: AuthenticateCommand): Handled | Promise<Handled> {
  const mechanism = createMechanism(command.mechanism);
  if (mechanism === null) return no("CANNOT", "Unknown authentication mechanism");
  if (!session.passwordsAllowed) return PRIVACY;
  if (command.initial === null) return follow(session, mechanism, mechanism.start(null));
  const initial = decodeInitial(utf8(command.initial));
  if (initial === null) return bad("Invalid base64 in the initial response");
  return follow(session, mechanism, mechanism.start(initial));
}

function follow(session: ImapSession, mechanism: Mechanism, step: SaslStep): Handled | Promise<Handled> {
  switch (step.kind) {
    case "challenge":
      return {
        prompt: encodeBase64(step.bytes),
        idle: false,
        line: (line) => {
          if (fromAscii(line) === "*") return bad("Authentication cancelled");
          const response = decodeBase64(line);
          if (response === null) return bad("Invalid base64");
          return follow(session, mechanism, mechanism.answer(response));
        },
      };
    case "credentials":
      return check(session, step.login, step.password);
    case "refused":
      return failed(session, "other identity", "");
    case "malformed":
      return bad("Invalid response for this mechanism");
  }
}

async function check(session: ImapSession, login: string, password: string): Promise<Handled> {
  const { authenticator, store } = session.ports;
  const outcome = await authenticator.password(login, password, session.peer.remote.address);
  switch (outcome.kind) {
    case "ok": {
      session.authenticated(await store.account(outcome.account), outcome.account);
      session.log.info("login", { protocol: "imap", tls: session.peer.tls !== null });
      return okay("Logged in", `CAPABILITY ${session.capabilities()}`);
    }
    case "refused":
      return await failed(session, "refused", login);
    case "throttled":
      return await failed(session, "throttled", login);
    case "temp":
      session.log.warn("login not possible", { protocol: "imap", why: outcome.why });
      return TEMPORARY;
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
