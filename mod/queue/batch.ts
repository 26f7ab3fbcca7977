import type { Body } from "../base/body.ts";
import type { QueuedMessage } from "./record.ts";
import type { Batch } from "./transport.ts";

/** What the transport is asked to deliver: a message to its recipients at `places`, all of one destination. */
export function batchOf(
  message: QueuedMessage,
  destination: string,
  places: readonly number[],
  body: Body,
): Batch {
  const {
    sender,
    recipients,
    eightBit,
    smtpUtf8,
    ret,
    envelopeId,
    requireTls,
    tlsOptional,
    priority,
    deliverBy,
    arrival,
    traceId,
  } = message.envelope;
  return {
    sender,
    recipients: places.flatMap((i) => recipients[i] ?? []),
    destination,
    body,
    eightBit,
    smtpUtf8,
    ...(ret ? { ret } : {}),
    ...(envelopeId === undefined ? {} : { envelopeId }),
    ...(requireTls ? { requireTls } : {}),
    ...(tlsOptional ? { tlsOptional } : {}),
    ...(priority ? { priority } : {}),
    ...(deliverBy ? { deliverBy } : {}),
    ...(arrival ? { arrival } : {}),
    traceId,
  };
}
