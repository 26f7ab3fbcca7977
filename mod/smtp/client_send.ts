/**
 * One mail transaction of a client: MAIL, RCPT, DATA or BDAT (in one write where the peer pipelines, RFC 2920, 3030), the message, and what
 * became of each recipient. For peers without 8BITMIME, of which hardly any are left, parts with eight bits are put into base64 (RFC 6152 3): what
 * signatures they break would have broken on the way.
 */
import { concat, utf8 } from "../base/bytes.ts";
import type { Body } from "../base/body.ts";
import { CLIENT_COMMAND, CLIENT_DATA, CLIENT_DATA_END } from "../base/limits.ts";
import { ok } from "../base/result.ts";
import { withoutEightBit } from "../mail/converted_body.ts";
import type { SmtpClient, Step } from "./client.ts";
import {
  chunkVerdicts,
  knowsNoChunks,
  onlyChunk,
  sendChunks,
  sendData,
  withoutChunks,
} from "./client_body.ts";
import {
  type ClientEnvelope,
  type ClientRecipient,
  formatMail,
  formatRcpt,
  isInternational,
  isSendable,
} from "./client_envelope.ts";
import {
  accepts,
  lostOutcome,
  notTaken,
  outcomeOf,
  rcptOutcome,
  sameForAll,
  type SendOutcome,
  type SendResult,
} from "./client_outcome.ts";
import type { ClientReply } from "./client_reply.ts";

/** Sends one message. Never throws, but for bugs. */
export async function sendMessage(
  client: SmtpClient,
  envelope: ClientEnvelope,
  original: Body,
): Promise<SendResult> {
  const offered = client.extensions;
  const body = envelope.eightBit && !offered.eightBit ? await withoutEightBit(original) : original;
  const outcomes: (SendOutcome | null)[] = envelope.recipients.map((r) => unsendable(r, client));
  const refusal = unsuitable(envelope, body, client);
  const open = outcomes.flatMap((o, i) => o === null ? [i] : []);
  if (refusal) { for (const i of open) outcomes[i] = refusal; }
  if (refusal || open.length === 0) return { kind: "answered", outcomes: outcomes.flatMap((o) => o ?? []) };

  const recipients = open.flatMap((i) => envelope.recipients[i] ?? []);
  const international = envelope.smtpUtf8 || [envelope.sender, ...recipients.map((r) => r.address)]
    .some((a) => a !== null && isInternational(a));
  const commands = [
    formatMail(envelope, body.size, international, offered),
    ...recipients.map((r) => formatRcpt(r, offered)),
  ];
  const chunk = offered.chunking && offered.pipelining && client.alive ? onlyChunk(body) : null;
  const sent = chunk ? await together(client, commands, chunk) : await inTurn(client, commands, body);
  if (sent.kind === "not-taken") return sent;
  sent.outcomes.forEach((outcome, n) => outcomes[open[n] ?? -1] = outcome);
  return { kind: "answered", outcomes: outcomes.flatMap((o) => o ?? []) };
}

/** Answers to an envelope. */
interface Begun {
  readonly mailReply: ClientReply;
  /** To each RCPT that was given. */
  readonly replies: readonly ClientReply[];
  /** null where DATA was not said. */
  readonly dataReply: ClientReply | null;
}

/**
 * Envelope and message in one write, so that a message takes one round trip: MAIL and RCPTs as `commands`, then `chunk`. From the write on the
 * peer may have taken the message, whatever answers are lost.
 */
async function together(
  client: SmtpClient,
  commands: readonly string[],
  chunk: Uint8Array,
): Promise<SendResult> {
  const ready = await client.inStep("mail");
  if (!ready.ok) return { kind: "not-taken", fault: ready.error };
  const written = await client.write("end", concat([utf8(commands.join("")), chunk]));
  const replies: ClientReply[] = [];
  let lost = written.ok ? null : written.error;
  while (!lost && replies.length < commands.length) {
    const reply = await client.read("end", CLIENT_DATA_END);
    if (!reply.ok) lost = reply.error;
    else if (reply.value.code === 421) return notTaken("mail", reply.value);
    else replies.push(reply.value);
  }
  // What it said before it hung up is its answer to the first command that has none.
  if (lost?.kind === "reply") return notTaken("mail", lost.reply);
  if (lost) {
    const unknown = lostOutcome(lost.why);
    const known = replies.slice(1).map((r) => accepts(r) ? unknown : rcptOutcome(r));
    return { kind: "answered", outcomes: commands.slice(1).map((_, n) => known[n] ?? unknown) };
  }
  const [mailReply, ...rest] = replies;
  const verdict = await client.read("end", CLIENT_DATA_END);
  const confused = verdict.ok && knowsNoChunks(verdict.value);
  const refused = mailReply ? refusedEnvelope(mailReply, rest) : null;
  if (refused) {
    if (confused) client.abort();
    // It makes no sense, but it may have the message: no other host gets it now.
    const taken = verdict.ok ? accepts(verdict.value) : mailReply !== undefined && mailReply.code < 400;
    return taken && refused.kind === "not-taken" ? sameForAll(senseless(verdict), rest.length) : refused;
  }
  if (confused) return withoutChunks(client, verdict.value);
  const verdicts = await chunkVerdicts(client, verdict, verdictsFor(client, rest));
  return outcomesFor(client, rest, verdicts);
}

/** Of an envelope that was not taken and a message that may have been. */
function senseless(verdict: Step<ClientReply>): SendOutcome {
  return verdict.ok ? outcomeOf(verdict.value, "end") : lostOutcome("its envelope was put off");
}

/** The message after the answers to its envelope. */
async function inTurn(client: SmtpClient, commands: readonly string[], body: Body): Promise<SendResult> {
  const { pipelining, chunking } = client.extensions;
  const begun = await (pipelining ? pipelined : stepwise)(client, commands, !chunking);
  if (!begun.ok) return { kind: "not-taken", fault: begun.error };
  const { mailReply, replies, dataReply } = begun.value;
  const go = dataReply !== null && dataReply.code === 354;
  const refused = refusedEnvelope(mailReply, replies);
  if (refused) {
    // The peer wants a message all the same (RFC 2920 3.1): it gets an empty one, which is for nobody.
    if (go) await client.finish(utf8(".\r\n"));
    return refused;
  }
  if (dataReply && !go) {
    if (dataReply.code < 500) return notTaken("data", dataReply);
    const outcomes = replies.map((r) => accepts(r) ? outcomeOf(dataReply, "data") : rcptOutcome(r));
    return { kind: "answered", outcomes };
  }
  if (!dataReply) {
    const ready = await client.inStep("chunk");
    if (!ready.ok) return { kind: "not-taken", fault: ready.error };
  }
  const send = dataReply ? sendData : sendChunks;
  return outcomesFor(client, replies, await send(client, body, verdictsFor(client, replies)));
}

/** What comes of an envelope that nobody is left of; null when the message is wanted. */
function refusedEnvelope(mailReply: ClientReply, replies: readonly ClientReply[]): SendResult | null {
  if (!accepts(mailReply)) {
    if (mailReply.code < 500) return notTaken("mail", mailReply);
    return sameForAll(outcomeOf(mailReply, "mail"), replies.length);
  }
  if (replies.some((r) => accepts(r))) return null;
  return { kind: "answered", outcomes: replies.map((r) => outcomeOf(r, "rcpt")) };
}

/** How many answers the end of the message has: in SMTP one is for all (RFC 2033 4.2 is where LMTP differs). */
function verdictsFor(client: SmtpClient, replies: readonly ClientReply[]): number {
  return client.protocol === "lmtp" ? replies.filter((r) => accepts(r)).length : 1;
}

/** An outcome for each RCPT: its own refusal, or the verdict on the message. */
function outcomesFor(
  client: SmtpClient,
  replies: readonly ClientReply[],
  verdicts: SendResult,
): SendResult {
  if (verdicts.kind === "not-taken") return verdicts;
  let n = 0;
  const outcomes = replies.map((r) => {
    if (!accepts(r)) return rcptOutcome(r);
    return verdicts.outcomes[client.protocol === "lmtp" ? n++ : 0] ?? lostOutcome("no verdict");
  });
  return { kind: "answered", outcomes };
}

async function pipelined(
  client: SmtpClient,
  commands: readonly string[],
  withData: boolean,
): Promise<Step<Begun>> {
  const all = withData ? [...commands, "DATA\r\n"] : commands;
  const mailReply = await client.exchange("mail", all.join(""), CLIENT_COMMAND);
  if (!mailReply.ok) return mailReply;
  const replies: ClientReply[] = [];
  for (const _ of commands.slice(1)) {
    const reply = client.usable ? await client.read("rcpt", CLIENT_COMMAND) : mailReply;
    if (!reply.ok) return reply;
    replies.push(reply.value);
  }
  if (!client.usable) return ok({ mailReply: lastOf(mailReply.value, replies), replies, dataReply: null });
  if (!withData) return ok({ mailReply: mailReply.value, replies, dataReply: null });
  const dataReply = await client.read("data", CLIENT_DATA);
  return dataReply.ok ? ok({ mailReply: mailReply.value, replies, dataReply: dataReply.value }) : dataReply;
}

async function stepwise(
  client: SmtpClient,
  [mail = "", ...rcpts]: readonly string[],
  withData: boolean,
): Promise<Step<Begun>> {
  const mailReply = await client.exchange("mail", mail, CLIENT_COMMAND);
  if (!mailReply.ok) return mailReply;
  const replies: ClientReply[] = [];
  const begun = (reply: ClientReply, dataReply: ClientReply | null = null) =>
    ok({ mailReply: reply, replies, dataReply });
  if (!accepts(mailReply.value)) {
    // Nobody was named; the refusal is for all.
    replies.push(...rcpts.map(() => mailReply.value));
    return begun(mailReply.value);
  }
  for (const rcpt of rcpts) {
    const reply = await client.exchange("rcpt", rcpt, CLIENT_COMMAND);
    if (!reply.ok) return reply;
    replies.push(reply.value);
    if (!client.usable) return begun(reply.value);
  }
  if (!withData || !replies.some((r) => accepts(r))) return begun(mailReply.value);
  const dataReply = await client.exchange("data", "DATA\r\n", CLIENT_DATA);
  return dataReply.ok ? begun(mailReply.value, dataReply.value) : dataReply;
}

/** The 421 that ended the pipeline stands for the whole transaction. */
function lastOf(mailReply: ClientReply, replies: readonly ClientReply[]): ClientReply {
  return [mailReply, ...replies].find((r) => r.code === 421) ?? mailReply;
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
  const late = tooLate(envelope.by, client);
  if (late !== null) return refusal("5.4.7", late);
  const sender = envelope.sender;
  if (sender && !isSendable(sender)) return refusal("5.1.7", "the sender's address cannot be sent");
  if (!smtpUtf8 && (envelope.smtpUtf8 || (sender && isInternational(sender)))) {
    return refusal("5.6.7", "the message needs SMTPUTF8, which the host does not offer");
  }
  return null;
}

/** RFC 2852 4.1.4: mail that is to come back in time goes to no host that promises nothing of the kind. LMTP delivers at once. */
function tooLate(by: ClientEnvelope["by"], client: SmtpClient): string | null {
  const least = client.extensions.deliverBy;
  if (by?.mode !== "return" || client.protocol === "lmtp") return null;
  if (least === null) {
    return "the message is to be returned by a time that the host does not promise (DELIVERBY)";
  }
  if (by.seconds >= least) return null;
  return `the message must be delivered in ${by.seconds} seconds, the host needs ${least}`;
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
