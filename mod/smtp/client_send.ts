/**
 * One mail transaction of a client: MAIL, RCPT, DATA (in one write where the peer pipelines, RFC 2920), the message, and what became of each
 * recipient. Eight-bit messages go to peers without 8BITMIME as they are: hardly any such peer is left, all of them pass eight bits on,
 * and to convert would break signatures, to bounce would lose mail.
 */
import { concat, utf8 } from "../base/bytes.ts";
import type { Body } from "../base/body.ts";
import { CLIENT_COMMAND, CLIENT_DATA, CLIENT_DATA_END } from "../base/limits.ts";
import { ok } from "../base/result.ts";
import { DotStuffer } from "../wire/stuffing.ts";
import type { ClientFault, SmtpClient, Step } from "./client.ts";
import {
  type ClientEnvelope,
  type ClientRecipient,
  formatMail,
  formatRcpt,
  isInternational,
  isSendable,
} from "./client_envelope.ts";
import { type ClientReply, replyText } from "./client_reply.ts";

/** What became of a recipient. `status`: RFC 3463. */
export type SendOutcome =
  | { readonly kind: "delivered"; readonly reply: ClientReply }
  | {
    readonly kind: "deferred" | "failed";
    readonly status: string;
    readonly why: string;
    readonly reply: ClientReply | null;
    /** The peer takes no more recipients in this transaction, but may in the next (RFC 5321 4.5.3.1.10). */
    readonly again: boolean;
  };

export type SendResult =
  /** One outcome for each recipient, in order. */
  | { readonly kind: "answered"; readonly outcomes: readonly SendOutcome[] }
  /** The peer did not take the message for a reason that is its own, and surely has not delivered it: another host may be tried. */
  | { readonly kind: "not-taken"; readonly fault: ClientFault };

/** Octets gathered for one write. */
const WRITE_SIZE = 64 * 1024;

/** Sends one message. Never throws, but for bugs. */
export async function sendMessage(
  client: SmtpClient,
  envelope: ClientEnvelope,
  body: Body,
): Promise<SendResult> {
  const offered = client.extensions;
  const outcomes: (SendOutcome | null)[] = envelope.recipients.map((r) => unsendable(r, client));
  const refusal = unsuitable(envelope, body, client);
  const open = outcomes.flatMap((o, i) => o === null ? [i] : []);
  if (refusal) { for (const i of open) outcomes[i] = refusal; }
  if (refusal || open.length === 0) return { kind: "answered", outcomes: outcomes.flatMap((o) => o ?? []) };

  const recipients = open.flatMap((i) => envelope.recipients[i] ?? []);
  const international = envelope.smtpUtf8 || [envelope.sender, ...recipients.map((r) => r.address)]
    .some((a) => a !== null && isInternational(a));
  const mail = formatMail(envelope, body.size, international, offered);
  const begun = await (offered.pipelining ? pipelined : stepwise)(client, mail, recipients);
  if (!begun.ok) return { kind: "not-taken", fault: begun.error };
  const { mailReply, replies, dataReply } = begun.value;
  const settle = (settled: readonly SendOutcome[]): SendResult => {
    settled.forEach((outcome, n) => outcomes[open[n] ?? -1] = outcome);
    return { kind: "answered", outcomes: outcomes.flatMap((o) => o ?? []) };
  };
  const taken = replies.filter((r) => accepts(r)).length;
  const go = dataReply !== null && dataReply.code === 354;
  if (!accepts(mailReply) || taken === 0) {
    // The peer wants a message all the same (RFC 2920 3.1): it gets an empty one, which is for nobody.
    if (go) await client.finish(utf8(".\r\n"));
    if (!accepts(mailReply)) {
      if (mailReply.code < 500) return notTaken("mail", mailReply);
      return settle(recipients.map(() => outcomeOf(mailReply, "mail")));
    }
    return settle(replies.map((r) => outcomeOf(r, "rcpt")));
  }
  if (!go) {
    if (dataReply && dataReply.code < 500) return notTaken("data", dataReply);
    return settle(
      replies.map((r) => accepts(r) && dataReply ? outcomeOf(dataReply, "data") : rcptOutcome(r, true)),
    );
  }
  const verdicts = await sendBody(client, body, client.protocol === "lmtp" ? taken : 1);
  if (verdicts.kind === "not-taken") return verdicts;
  let n = 0;
  return settle(replies.map((r) => {
    if (!accepts(r)) return rcptOutcome(r, true);
    // In SMTP one verdict is for all (RFC 2033 4.2 is where LMTP differs).
    return verdicts.outcomes[client.protocol === "lmtp" ? n++ : 0] ?? lostOutcome("no verdict");
  }));
}

interface Begun {
  readonly mailReply: ClientReply;
  /** To each RCPT that was given. */
  readonly replies: readonly ClientReply[];
  /** null where DATA was not said. */
  readonly dataReply: ClientReply | null;
}

async function pipelined(
  client: SmtpClient,
  mail: string,
  recipients: readonly ClientRecipient[],
): Promise<Step<Begun>> {
  const commands = [mail, ...recipients.map((r) => formatRcpt(r, client.extensions)), "DATA\r\n"];
  const mailReply = await client.exchange("mail", commands.join(""), CLIENT_COMMAND);
  if (!mailReply.ok) return mailReply;
  const replies: ClientReply[] = [];
  for (const _ of recipients) {
    const reply = client.usable ? await client.read("rcpt", CLIENT_COMMAND) : mailReply;
    if (!reply.ok) return reply;
    replies.push(reply.value);
  }
  if (!client.usable) return ok({ mailReply: lastOf(mailReply.value, replies), replies, dataReply: null });
  const dataReply = await client.read("data", CLIENT_DATA);
  return dataReply.ok ? ok({ mailReply: mailReply.value, replies, dataReply: dataReply.value }) : dataReply;
}

async function stepwise(
  client: SmtpClient,
  mail: string,
  recipients: readonly ClientRecipient[],
): Promise<Step<Begun>> {
  const mailReply = await client.exchange("mail", mail, CLIENT_COMMAND);
  if (!mailReply.ok) return mailReply;
  const replies: ClientReply[] = [];
  if (!accepts(mailReply.value)) return ok({ mailReply: mailReply.value, replies, dataReply: null });
  for (const recipient of recipients) {
    const reply = await client.exchange("rcpt", formatRcpt(recipient, client.extensions), CLIENT_COMMAND);
    if (!reply.ok) return reply;
    replies.push(reply.value);
    if (!client.usable) return ok({ mailReply: reply.value, replies, dataReply: null });
  }
  if (!replies.some((r) => accepts(r))) return ok({ mailReply: mailReply.value, replies, dataReply: null });
  const dataReply = await client.exchange("data", "DATA\r\n", CLIENT_DATA);
  return dataReply.ok ? ok({ mailReply: mailReply.value, replies, dataReply: dataReply.value }) : dataReply;
}

/** The 421 that ended the pipeline stands for the whole transaction. */
function lastOf(mailReply: ClientReply, replies: readonly ClientReply[]): ClientReply {
  return [mailReply, ...replies].find((r) => r.code === 421) ?? mailReply;
}

/** Streams the message and reads `verdicts` replies. A connection lost after the final dot is deferred: the message may have been taken. */
async function sendBody(client: SmtpClient, body: Body, verdicts: number): Promise<SendResult> {
  const stuffer = new DotStuffer();
  let pending: Uint8Array[] = [];
  let size = 0;
  try {
    for await (const chunk of body.memory ?? body.stream()) {
      const out = stuffer.write(chunk);
      // What a stream lends is overwritten by the next chunk, and the connection keeps what it is given.
      pending.push(!body.memory && out.buffer === chunk.buffer ? out.slice() : out);
      size += out.length;
      if (size < WRITE_SIZE) continue;
      const written = await client.write("body", concat(pending));
      if (!written.ok) return { kind: "not-taken", fault: written.error };
      pending = [];
      size = 0;
    }
  } catch (error) {
    // The message cannot be read: without a final dot the peer keeps nothing.
    client.abort();
    const why = `Cannot read the message: ${error instanceof Error ? error.message : error}`;
    const outcome = { kind: "deferred", status: "4.3.0", why, reply: null, again: false } as const;
    return { kind: "answered", outcomes: Array.from({ length: verdicts }, () => outcome) };
  }
  const outcomes: SendOutcome[] = [];
  let verdict = await client.finish(concat([...pending, stuffer.end()]));
  for (;;) {
    if (!verdict.ok) {
      const fault = verdict.error;
      const outcome = fault.kind === "reply" ? outcomeOf(fault.reply, "end") : lostOutcome(fault.why);
      while (outcomes.length < verdicts) outcomes.push(outcome);
      return { kind: "answered", outcomes };
    }
    outcomes.push(
      accepts(verdict.value) ? { kind: "delivered", reply: verdict.value } : outcomeOf(verdict.value, "end"),
    );
    if (outcomes.length === verdicts) return { kind: "answered", outcomes };
    verdict = await client.read("end", CLIENT_DATA_END);
  }
}

function accepts(reply: ClientReply): boolean {
  return reply.code >= 200 && reply.code < 300;
}

function notTaken(stage: "mail" | "data", reply: ClientReply): SendResult {
  return { kind: "not-taken", fault: { kind: "reply", stage, reply } };
}

/** 5xx is for good, 4xx and whatever makes no sense here is for now. */
function outcomeOf(reply: ClientReply, stage: "mail" | "rcpt" | "data" | "end"): SendOutcome {
  const failed = reply.code >= 500;
  const senseless = reply.code < 400;
  const status = reply.status !== null && !senseless
    ? reply.status
    : senseless
    ? "4.5.0"
    : failed
    ? "5.0.0"
    : "4.0.0";
  const command = { mail: "MAIL", rcpt: "RCPT", data: "DATA", end: "the message" }[stage];
  return {
    kind: failed ? "failed" : "deferred",
    status,
    why: `${senseless ? "senseless reply" : "refused"} to ${command}: ${replyText(reply)}`,
    reply,
    again: false,
  };
}

/** `others`: some recipients were taken, so that "too many" means this transaction, not this message. */
function rcptOutcome(reply: ClientReply, others: boolean): SendOutcome {
  const full = reply.code === 452 && (reply.status === null || reply.status === "4.5.3");
  // RFC 5321 4.5.3.1.10: 552 was for "too many recipients" once and counts as 452 then.
  const fullOld = reply.code === 552 && reply.status === "5.5.3";
  if (fullOld) {
    return {
      kind: "deferred",
      status: "4.5.3",
      why: `refused to RCPT: ${replyText(reply)}`,
      reply,
      again: others,
    };
  }
  const outcome = outcomeOf(reply, "rcpt");
  return full && outcome.kind !== "delivered" ? { ...outcome, again: others } : outcome;
}

function lostOutcome(why: string): SendOutcome {
  const text = `connection lost after the message was sent: ${why}`;
  return { kind: "deferred", status: "4.4.2", why: text, reply: null, again: false };
}

/** Why nothing of this message can go to this peer, or null. */
function unsuitable(envelope: ClientEnvelope, body: Body, client: SmtpClient): SendOutcome | null {
  const { maxSize, smtpUtf8 } = client.extensions;
  if (maxSize !== null && body.size > maxSize) {
    return refusal("5.3.4", `the message has ${body.size} octets, the host takes ${maxSize}`);
  }
  if (envelope.requireTls && (client.tls === null || !client.extensions.requireTls)) {
    return refusal(
      "5.7.30",
      "the message requires TLS all the way, which the host does not offer (REQUIRETLS)",
    );
  }
  const sender = envelope.sender;
  if (sender && !isSendable(sender)) return refusal("5.1.7", "the sender's address cannot be sent");
  if (!smtpUtf8 && (envelope.smtpUtf8 || (sender && isInternational(sender)))) {
    return refusal("5.6.7", "the message needs SMTPUTF8, which the host does not offer");
  }
  return null;
}

function unsendable(recipient: ClientRecipient, client: SmtpClient): SendOutcome | null {
  if (!isSendable(recipient.address)) return refusal("5.1.3", "the recipient's address cannot be sent");
  if (isInternational(recipient.address) && !client.extensions.smtpUtf8) {
    return refusal("5.6.7", "the recipient's address needs SMTPUTF8, which the host does not offer");
  }
  return null;
}

function refusal(status: string, why: string): SendOutcome {
  return { kind: "failed", status, why, reply: null, again: false };
}
