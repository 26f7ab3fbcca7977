import type { Log } from "../base/log.ts";
import type {
  Batch,
  BatchRecipient,
  NotDelivered,
  PeerReply,
  RecipientOutcome,
  Transport,
} from "../queue/transport.ts";
import { REPLY, type Reply } from "../smtp/reply.ts";
import type { Dispatched, Dispatcher, Fate } from "./dispatch.ts";

/**
 * The queue's way into our own mailboxes: for bounces to senders of ours, for mail that was put off at reception, for what this machine
 * submits to itself. Its body has all its fields but Return-Path.
 */
export class LocalTransport implements Transport {
  readonly #dispatcher: Dispatcher;
  readonly #hostname: string;
  readonly #log: Log;

  /** `hostname`: what stands as the host in reports. */
  constructor(dispatcher: Dispatcher, hostname: string, log: Log) {
    this.#dispatcher = dispatcher;
    this.#hostname = hostname;
    this.#log = log;
  }

  async deliver(batch: Batch, _signal: AbortSignal): Promise<readonly RecipientOutcome[]> {
    const outcomes: RecipientOutcome[] = [];
    const message: Dispatched = {
      id: batch.traceId,
      sender: batch.sender,
      account: null,
      smtpUtf8: batch.smtpUtf8,
      ...(batch.ret ? { ret: batch.ret } : {}),
      ...(batch.envelopeId === undefined ? {} : { envelopeId: batch.envelopeId }),
      ...(batch.requireTls ? { requireTls: true } : {}),
      ...(batch.priority ? { priority: batch.priority } : {}),
      ...(batch.deliverBy ? { deliverBy: batch.deliverBy } : {}),
      ...(batch.arrival ? { arrival: batch.arrival } : {}),
      body: batch.body,
    };
    // One by one: what is queued anew for one of them must not hang on another.
    for (const recipient of batch.recipients) outcomes.push(await this.#one(message, recipient));
    return outcomes;
  }

  async #one(message: Dispatched, recipient: BatchRecipient): Promise<RecipientOutcome> {
    try {
      const [fate] = await this.#dispatcher.dispatch(message, [recipient], {
        relay: false,
        allOrNone: false,
      });
      if (!fate) return this.#not("deferred", REPLY.notDelivered);
      if (fate.nowhere !== null) return this.#nowhere(fate.nowhere);
      if (!fate.taken && fate.left.length > 0) return this.#left(fate);
      await this.#dispatcher.putOff(message, fate.left);
      return {
        kind: "delivered",
        host: this.#hostname,
        reply: peerReply(REPLY.ok),
        tls: null,
        dsnPassedOn: fate.success === null,
        ...(fate.success ? { action: fate.success } : {}),
      };
    } catch (cause) {
      this.#log.error("local delivery failed", { id: message.id }, cause);
      return this.#not("deferred", REPLY.notDelivered);
    }
  }

  #nowhere(why: NonNullable<Fate["nowhere"]>): NotDelivered {
    switch (why) {
      case "unknown-user":
        return this.#not("failed", REPLY.unknownUser);
      case "disabled":
        return this.#not("failed", REPLY.disabledUser);
      case "not-local":
        return this.#not("failed", REPLY.relayDenied);
      case "temp":
        return this.#not("deferred", REPLY.recipientLater);
    }
  }

  #left(fate: Fate): NotDelivered {
    const full = fate.left.every((l) => l.outcome.kind === "over-quota");
    return this.#not("deferred", full ? REPLY.overQuota : REPLY.notDelivered);
  }

  #not(kind: NotDelivered["kind"], answer: Reply): NotDelivered {
    return {
      kind,
      status: answer.enhanced ?? (kind === "failed" ? "5.0.0" : "4.0.0"),
      why: answer.lines.join(" "),
      reply: null,
      host: this.#hostname,
      destinationDown: false,
    };
  }
}

function peerReply(answer: Reply): PeerReply {
  return { code: answer.code, status: answer.enhanced, lines: answer.lines };
}
