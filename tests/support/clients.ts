/** npm's mail clients, set up for a RoostProcess. */
import { ImapFlow } from "imapflow";
import nodemailer from "nodemailer";
import type { RoostProcess } from "./roost_process.ts";

export type SmtpService = "smtp" | "submission" | "submissions";

/** A nodemailer transport; logs in unless the service is plain SMTP. Certificates of the own CA are not checked. */
export function mailer(
  roost: RoostProcess,
  service: SmtpService,
  user = "alice@example.test",
  password = "secret-alice",
) {
  return nodemailer.createTransport({
    host: roost.address,
    port: roost.ports[service],
    secure: service === "submissions",
    requireTLS: service === "submission",
    tls: { rejectUnauthorized: false },
    ...(service === "smtp" ? {} : { auth: { user, pass: password } }),
  });
}

/** A connected ImapFlow client over implicit TLS (or STARTTLS); with mod-sequences, and QRESYNC if asked. */
export async function imapClient(
  roost: RoostProcess,
  user = "alice@example.test",
  password = "secret-alice",
  secure = true,
  options: { readonly qresync?: boolean } = {},
): Promise<ImapFlow> {
  const client = new ImapFlow({
    host: roost.address,
    port: secure ? roost.ports.imaps : roost.ports.imap,
    secure,
    doSTARTTLS: !secure,
    auth: { user, pass: password },
    tls: { rejectUnauthorized: false },
    logger: false,
    ...options,
  });
  await client.connect();
  return client;
}
