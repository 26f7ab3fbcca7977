/** What EHLO and LHLO say is offered: only what holds for this client in this state. */
import { SMTP_BY_MIN, SMTP_HOLD } from "../base/limits.ts";
import type { MailParameters } from "./parameters.ts";
import type { Client, SmtpSettings, Transaction } from "./ports.ts";
import { xclientKeyword } from "./xclient.ts";

/** Keywords with their parameters, one a line. `mechanisms`: of AUTH; none where it is not for this client. `now`: ms since 1970. */
export function offeredExtensions(
  settings: SmtpSettings,
  client: Client,
  mechanisms: readonly string[],
  now: number,
): string[] {
  const list = [
    "PIPELINING",
    `SIZE ${settings.messageSize}`,
    "8BITMIME",
    "CHUNKING",
    "BINARYMIME",
    "DSN",
    "SMTPUTF8",
    "ENHANCEDSTATUSCODES",
    "MT-PRIORITY",
    // RFC 9422: how many messages a session may bring has no limit.
    `LIMITS RCPTMAX=${settings.recipients}`,
  ];
  if (offersDeliverBy(client)) list.push(`DELIVERBY ${SMTP_BY_MIN / 1000}`);
  if (offersHold(client)) {
    const latest = new Date(now + SMTP_HOLD).toISOString().replace(/\.\d+Z$/, "Z");
    list.push(`FUTURERELEASE ${SMTP_HOLD / 1000} ${latest}`);
  }
  if (!client.tls && settings.startTlsAvailable()) list.push("STARTTLS");
  if (offersRequireTls(client)) list.push("REQUIRETLS");
  if (mechanisms.length > 0) list.push(`AUTH ${mechanisms.join(" ")}`);
  if (settings.xclient) list.push(xclientKeyword(settings.xclient));
  return list;
}

/** RFC 4865 3: for submission. */
export function offersHold(client: Client): boolean {
  return client.listener === "submission" || client.listener === "submissions";
}

/** RFC 2852 3: LMTP delivers at once or not at all. */
export function offersDeliverBy(client: Client): boolean {
  return client.listener !== "lmtp";
}

/** By when a message is to be delivered (RFC 2852 4); null when that is sooner than we promise to look. */
export function deliverByTime(
  { seconds, mode, trace }: NonNullable<MailParameters["by"]>,
  now: number,
): NonNullable<Transaction["deliverBy"]> | null {
  if (mode === "return" && seconds * 1000 < SMTP_BY_MIN) return null;
  return { at: now + seconds * 1000, mode, ...(trace ? { trace } : {}) };
}

/** The priority a message gets (RFC 6710 5): above the usual only for those who have logged in, or everybody's mail would be urgent. */
export function grantedPriority(asked: number, client: Client): number {
  return client.account === null ? Math.min(asked, 0) : asked;
}

/** When a message is to be released (RFC 4865 4), in milliseconds since 1970; null when that is over, or too far off. */
export function releaseTime(hold: NonNullable<MailParameters["hold"]>, now: number): number | null {
  const at = hold.kind === "for" ? now + hold.ms : hold.ms;
  return at > now && at <= now + SMTP_HOLD ? at : null;
}

/** RFC 8689 2: under TLS only. LMTP is the last hop: there is nothing left to protect. */
export function offersRequireTls(client: Client): boolean {
  return client.tls !== null && client.listener !== "lmtp";
}
