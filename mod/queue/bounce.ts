/** Bounces: written by the reporter, kept in the queue under an ID that follows from the message's. */
import { type Body, memoryBody } from "../base/body.ts";
import type { Clock } from "../base/clock.ts";
import { isFsError } from "../base/fs.ts";
import type { Address } from "../mail/address.ts";
import type { QueuedMessage } from "./record.ts";
import type { Report, Reporter } from "./reporter.ts";
import type { Spool } from "./spool.ts";
import type { Envelope } from "./types.ts";

const BOUNCE = /^(.+)-b[0-9]+$/;

/** ID of the next bounce for a message. */
export function bounceId(message: QueuedMessage): string {
  return `${message.id}-b${message.bounces + 1}`;
}

/** ID of the message that a bounce is for; null when it is none. */
export function bouncedId(id: string): string | null {
  return BOUNCE.exec(id)?.[1] ?? null;
}

/**
 * Keeps a bounce about the recipients at `places`; on the medium when it resolves. One that a power cut left behind is taken as it is.
 * Throws FsError, and what the reporter throws.
 */
export async function keepBounce(
  message: QueuedMessage,
  sender: Address,
  places: readonly number[],
  ports: { readonly spool: Spool; readonly reporter: Reporter; readonly clock: Clock },
): Promise<QueuedMessage> {
  const id = bounceId(message);
  const { recipients, eightBit, smtpUtf8, ret, envelopeId, traceId } = message.envelope;
  const report: Omit<Report, "original"> = {
    kind: "failure",
    id,
    sender,
    messageId: message.id,
    traceId,
    arrived: message.created,
    now: ports.clock.now(),
    ...(ret ? { ret } : {}),
    ...(envelopeId === undefined ? {} : { envelopeId }),
    smtpUtf8,
    recipients: places.flatMap((i) => {
      const recipient = recipients[i];
      const status = message.recipients[i];
      return recipient && status ? { ...recipient, state: status.state, last: status.last } : [];
    }),
  };
  const body = await write(message, report, ports);
  const envelope: Envelope = {
    sender: null,
    recipients: [{ address: sender }],
    eightBit,
    smtpUtf8,
    account: null,
    traceId: id,
  };
  try {
    return await ports.spool.addOnce(envelope, body, id);
  } finally {
    await body.dispose();
  }
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
