/**
 * The way of a message that was received whole, to its answer: header put in order, mailboxes and queue reached, and only then the 250.
 */
import type { Directory } from "../account/directory.ts";
import { withoutForgedResults } from "../auth/authres/forged.ts";
import type { DmarcObserver } from "../auth/dmarc/types.ts";
import type { Body } from "../base/body.ts";
import { concat, CRLF, EMPTY, utf8 } from "../base/bytes.ts";
import type { Clock } from "../base/clock.ts";
import type { Log } from "../base/log.ts";
import { type Address, formatAddress } from "../mail/address.ts";
import { withoutBinary } from "../mail/converted_body.ts";
import type { ReceiveOutcome, Receiver, Tap, Transaction } from "../smtp/ports.ts";
import { queuedAs, REPLY, type Reply } from "../smtp/reply.ts";
import { type Dispatched, type Dispatcher, type Fate, shownAddresses } from "./dispatch.ts";
import { arrivalOf, type Examination, type Examined, type Examiner, shortFindings } from "./examiner.ts";
import type { Succeeded, SuccessReports } from "./success_report.ts";
import { beginsFolded, fixSubmission, headerOf, messageIdIn, receivedField, withHead } from "./head.ts";

/** Signs a submission: gives the header fields to put before it. */
export type Signer = (transaction: Transaction, body: Body) => Promise<Uint8Array>;

export interface ReceivePorts {
  readonly dispatcher: Dispatcher;
  readonly directory: Directory;
  readonly clock: Clock;
  readonly log: Log;
  /** Looks at mail from outside. */
  readonly examiner?: () => Examiner | null;
  /** Hears of each message that was judged for good. */
  readonly observer?: DmarcObserver;
  readonly signer?: Signer;
  readonly reports?: SuccessReports;
  /** What is said where a mailbox is full; unless told otherwise, that it may be tried again. */
  readonly full?: () => Reply;
  /** Whether submissions lose what tells of the sender's machine; they do unless told otherwise. */
  readonly strip?: () => boolean;
}

export class InboundReceiver implements Receiver {
  readonly #ports: ReceivePorts;
  readonly #hostname: string;
  /** Messages that are coming in. */
  readonly #examinations = new WeakMap<Transaction, Examination>();

  /** `hostname`: our name in `Received:`. */
  constructor(ports: ReceivePorts, hostname: string) {
    this.#ports = ports;
    this.#hostname = hostname;
  }

  get #full(): Reply {
    return this.#ports.full?.() ?? REPLY.overQuota;
  }

  begin(transaction: Transaction): Tap | null {
    const examination = this.#ports.examiner?.()?.begin(transaction) ?? null;
    if (examination) this.#examinations.set(transaction, examination);
    return examination;
  }

  async receive(transaction: Transaction, body: Body): Promise<ReceiveOutcome> {
    // What was signed is what came, binary or not.
    const examined = await this.#examinations.get(transaction)?.finish() ?? null;
    const refused = examined?.verdict.reply ?? null;
    const prepared = refused ?? await this.#prepare(transaction, body, examined);
    if ("code" in prepared) {
      if (examined && prepared === refused && refused.code >= 500) {
        this.#ports.observer?.observe(examined.judged);
      }
      this.#tell(transaction, body, prepared, examined);
      return { reply: prepared, each: null };
    }
    const arrival = examined && arrivalOf(examined);
    const { ret, envelopeId, requireTls } = transaction.mail;
    const message: Dispatched = {
      id: transaction.id,
      sender: transaction.sender,
      account: transaction.client.account,
      smtpUtf8: transaction.mail.smtpUtf8,
      ...(ret ? { ret } : {}),
      ...(envelopeId === undefined ? {} : { envelopeId }),
      ...(requireTls ? { requireTls } : {}),
      ...(transaction.priority ? { priority: transaction.priority } : {}),
      ...(transaction.deliverBy ? { deliverBy: transaction.deliverBy } : {}),
      ...(transaction.holdUntil === undefined ? {} : { holdUntil: transaction.holdUntil }),
      ...(examined?.verdict.measure === "junk" ? { junk: true } : {}),
      ...(arrival ? { arrival } : {}),
      body: prepared,
    };
    const recipients = transaction.recipients.map((address, i) => {
      const options = transaction.wishes?.[i];
      return options ? { address, options } : { address };
    });
    const lmtp = transaction.client.listener === "lmtp";
    const relay = !lmtp && transaction.client.account !== null;
    const fates = await this.#ports.dispatcher.dispatch(message, recipients, { relay, allOrNone: !lmtp });
    if (lmtp) return await this.#answerEach(transaction, message, fates);
    const reply = await this.#answer(transaction, message, fates);
    await this.#report(transaction, message, fates);
    if (examined && reply.code < 400) this.#ports.observer?.observe(examined.judged);
    this.#tell(transaction, body, reply, examined);
    return { reply, each: null };
  }

  /** The message with its new header fields, or why it is refused. */
  async #prepare(transaction: Transaction, body: Body, examined: Examined | null): Promise<Body | Reply> {
    const { account } = transaction.client;
    let mended = body;
    if (examined && examined.cleaned !== examined.header) {
      mended = withHead(examined.cleaned, examined.header.length, body);
    }
    if (transaction.mail.body === "binarymime") {
      const text = await withoutBinary(body);
      if (!text) return REPLY.badBinary;
      mended = text;
    }
    if (account !== null) {
      // A stolen password must not vouch for others to our users, either.
      const given = await headerOf(mended);
      const header = withoutForgedResults(given, this.#hostname);
      if (header !== given) mended = withHead(header, given.length, mended);
      const now = this.#ports.clock.now();
      const { directory, strip } = this.#ports;
      const fixed = fixSubmission(header, account, transaction, directory, this.#hostname, now, strip?.());
      if (!fixed.ok) return REPLY.fromNotYours;
      mended = withHead(fixed.value.head, fixed.value.skip, mended);
      if (this.#ports.signer) mended = withHead(await this.#ports.signer(transaction, mended), 0, mended);
    }
    const received = receivedField(transaction, this.#hostname, this.#ports.clock.now());
    const gap = await beginsFolded(mended) ? CRLF : EMPTY;
    const verified = examined ? utf8(`Authentication-Results: ${examined.results}\r\n`) : EMPTY;
    const head = verified.length === 0 && gap.length === 0 ? received : concat([received, verified, gap]);
    return withHead(head, 0, mended);
  }

  /** One answer for all (RFC 5321 4.2.5): yes as soon as anything was taken, and then the queue has the rest. */
  async #answer(transaction: Transaction, message: Dispatched, fates: readonly Fate[]): Promise<Reply> {
    // A reload since RCPT took a recipient away: nobody got anything yet, and the next RCPT will tell the client which. To hand a domain
    // that is no longer ours to the queue would be relaying.
    if (fates.some((f) => f.nowhere !== null)) return REPLY.recipientLater;
    const left = fates.flatMap((f) => f.left);
    const nothing = fates.every((f) => !f.taken);
    // The sender's own server can bounce better than we: where nobody else is concerned it is told at once.
    if (nothing && left.length > 0 && left.every((l) => l.outcome.kind === "over-quota")) {
      return this.#full;
    }
    await this.#ports.dispatcher.putOff(message, left);
    return queuedAs(transaction.id);
  }

  /** Tells the sender of success where that is wished and nobody after us will. The mail is delivered, whatever becomes of the report. */
  async #report(transaction: Transaction, message: Dispatched, fates: readonly Fate[]): Promise<void> {
    const delivered: Succeeded[] = [];
    fates.forEach(({ success }, i) => {
      const options = transaction.wishes?.[i];
      const address = transaction.recipients[i];
      if (success && address && options?.notify?.includes("success")) {
        delivered.push({ address, options, action: success });
      }
    });
    if (delivered.length === 0 || !this.#ports.reports) return;
    try {
      await this.#ports.reports.delivered(message, delivered);
    } catch (cause) {
      this.#ports.log.error("report of success not queued", { id: message.id }, cause);
    }
  }

  /** LMTP: one answer a recipient. What nothing was taken of is the sender's queue's; what was taken in part is ours to finish. */
  async #answerEach(
    transaction: Transaction,
    message: Dispatched,
    fates: readonly Fate[],
  ): Promise<ReceiveOutcome> {
    const each: Reply[] = [];
    for (const [i, fate] of fates.entries()) {
      const reply = fate.nowhere !== null
        ? nowhereReply(fate.nowhere)
        : !fate.taken && fate.left.length > 0
        ? leftReply(fate, this.#full)
        : queuedAs(transaction.id);
      if (fate.taken) await this.#ports.dispatcher.putOff(message, fate.left);
      each.push(reply);
      this.#tell(transaction, message.body, reply, null, transaction.recipients[i]);
    }
    await this.#report(transaction, message, fates);
    return { reply: each.find((r) => r.code < 400) ?? each[0] ?? REPLY.notDelivered, each };
  }

  #tell(
    transaction: Transaction,
    body: Body,
    reply: Reply,
    examined: Examined | null,
    recipient?: Address,
  ): void {
    const { client, sender, recipients } = transaction;
    const header = examined?.header ?? (body.memory?.[0]);
    const one = recipient ?? (recipients.length === 1 ? recipients[0] : undefined);
    this.#ports.log.info(reply.code < 400 ? "mail accepted" : "mail refused", {
      id: transaction.id,
      listener: client.listener,
      remote: client.remote.address,
      account: client.account,
      sender: sender === null ? "<>" : formatAddress(sender),
      recipient: one ? formatAddress(one) : null,
      ...(one ? {} : { to: shownAddresses(recipients) }),
      recipients: recipients.length,
      size: body.size,
      messageId: header && messageIdIn(header),
      tls: client.tls?.protocol ?? null,
      ...(examined ? shortFindings(examined.findings) : {}),
      ...(examined && examined.verdict.reasons.length > 0
        ? { verdict: examined.verdict.measure, why: examined.verdict.reasons.join("; ") }
        : {}),
      reply: `${reply.code} ${reply.enhanced}`,
      ...(reply.code < 400 ? {} : { text: reply.lines.join(" ") }),
    });
  }
}

function leftReply(fate: Fate, full: Reply): Reply {
  return fate.left.every((l) => l.outcome.kind === "over-quota") ? full : REPLY.notDelivered;
}

function nowhereReply(why: NonNullable<Fate["nowhere"]>): Reply {
  switch (why) {
    case "unknown-user":
      return REPLY.unknownUser;
    case "disabled":
      return REPLY.disabledUser;
    case "not-local":
      return REPLY.relayDenied;
    case "temp":
      return REPLY.recipientLater;
  }
}
