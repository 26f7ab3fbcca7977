/** What EHLO and LHLO say is offered: only what holds for this client in this state. */
import type { Client, SmtpSettings } from "./ports.ts";
import { xclientKeyword } from "./xclient.ts";

/** Keywords with their parameters, one a line. `mechanisms`: of AUTH; none where it is not for this client. */
export function offeredExtensions(
  settings: SmtpSettings,
  client: Client,
  mechanisms: readonly string[],
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
    // RFC 9422: how many messages a session may bring has no limit.
    `LIMITS RCPTMAX=${settings.recipients}`,
  ];
  if (!client.tls && settings.startTlsAvailable()) list.push("STARTTLS");
  if (offersRequireTls(client)) list.push("REQUIRETLS");
  if (mechanisms.length > 0) list.push(`AUTH ${mechanisms.join(" ")}`);
  if (settings.xclient) list.push(xclientKeyword(settings.xclient));
  return list;
}

/** RFC 8689 2: under TLS only. LMTP is the last hop: there is nothing left to protect. */
export function offersRequireTls(client: Client): boolean {
  return client.tls !== null && client.listener !== "lmtp";
}
