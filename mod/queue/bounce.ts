/** Reports of how a message fares (bounces, mostly): written by the reporter, kept in the queue under an ID that follows from the message's. */
import { type Body, memoryBody } from "../base/body.ts";
import type { Clock } from "../base/clock.ts";
import { isFsError } from "../base/fs.ts";
import type { Address } from "../mail/address.ts";
import { endOf } from "./deliver_by.ts";
import { type QueuedMessage, startOf } from "./record.ts";
import { reportId } from "./report_id.ts";
import type { Report, Reporter } from "./reporter.ts";
import { TERMS } from "./schedule.ts";
import type { Spool } from "./spool.ts";
import type { Envelope, RecipientState } from "./types.ts";

export interface BouncePorts {
  readonly spool: Spool;
  readonly reporter: Reporter;
  readonly clock: Clock;
  /** For how long messages are tried, in milliseconds. */
  readonly lifetime?: number;
}

/**
 * Keeps a report about the recipients at `places`, of what kind follows from how they stand; on the medium when it resolves. One that a power cut left behind is taken as it is.
 * Throws FsError, and what the reporter throws.
 */
export async function keepBounce(
  message: QueuedMessage,
  sender: Address,
  places: readonly number[],
  ports: BouncePorts,
): Promise<QueuedMessage> {
  const id = reportId(message.id, message.bounces);
  const { recipients, eightBit, smtpUtf8, ret, envelopeId, requireTls, deliverBy, traceId } =
    message.envelope;
  const { lifetime = TERMS.lifetime } = ports;
  const kind = kindOf(places.map((i) => message.recipients[i]?.state));
  const report: Omit<Report, "original"> = {
    kind,
    id,
    sender,
    messageId: message.id,
    traceId,
    arrived: message.created,
    now: ports.clock.now(),
    ...(kind === "delay" ? { retryUntil: endOf(startOf(message), lifetime, deliverBy) } : {}),
    lifetime,
    ...(kind === "delay" && deliverBy?.mode === "notify" ? { late: true as const } : {}),
    // RFC 3461 4.3: RET is for failures. RFC 8689 5: what must be protected is not sent back.
    ...(ret && kind === "failure" ? { ret: requireTls ? "headers" : ret } : {}),
    ...(envelopeId === undefined ? {} : { envelopeId }),
    smtpUtf8,
    recipients: places.flatMap((i) => {
      const recipient = recipients[i];
      const status = message.recipients[i];
      if (!recipient || !status) return [];
      const { state, last } = status;
      return { ...recipient, state, last, ...(last?.success ? { action: last.success } : {}) };
    }),
  };
  const body = await write(message, report, ports);
  const envelope: Envelope = {
    sender: null,
    recipients: [{ address: sender }],
    eightBit,
    smtpUtf8,
    ...(requireTls ? { requireTls } : {}),
    account: null,
    traceId: id,
  };
  try {
    return await ports.spool.addOnce(envelope, body, id);
  } finally {
    await body.dispose();
  }
}

function kindOf(states: readonly (RecipientState | undefined)[]): Report["kind"] {
  if (states.includes("pending")) return "delay";
  return states.every((s) => s === "delivered") ? "success" : "failure";
}

async function write(
  message: QueuedMessage,
  report: Omit<Report, "original">,
  { spool, reporter }: { readonly spool: Spool; readonly reporter: Reporter },
): Promise<Body> {
  try {
    const original = await spool.body(message);
    try {
      return await reporter.write({ ...report, original });
    } finally {
      await original.dispose();
    }
  } catch (e) {
    if (!isFsError(e, "io", "denied", "not-found")) throw e;
    // That the message cannot be read may be why it failed: its sender is told all the same.
    return await reporter.write({ ...report, original: memoryBody() });
  }
}
