import type { Body } from "../base/body.ts";
import type { Clock } from "../base/clock.ts";
import type { Log } from "../base/log.ts";
import { batchOf } from "./batch.ts";
import { isOver, timeOver } from "./deliver_by.ts";
import type { Live } from "./live.ts";
import { unforeseen, unreadable } from "./outcome.ts";
import type { QueuedMessage } from "./record.ts";
import type { Spool } from "./spool.ts";
import type { RecipientOutcome, Transport } from "./transport.ts";

export interface DeliveryPorts {
  readonly spool: Spool;
  readonly transport: Transport;
  readonly clock: Clock;
  readonly log: Log;
}

/** One attempt for the recipients at `places`, all of one destination: an outcome for each. Never throws for what the transport does. */
export async function deliverOnce(
  { message, body: read }: Pick<Live, "message" | "body">,
  destination: string,
  places: readonly number[],
  { spool, transport, clock, log }: DeliveryPorts,
  signal: AbortSignal,
): Promise<readonly RecipientOutcome[]> {
  if (isOver(message.envelope.deliverBy, clock.now())) return places.map((i) => overdue(message, i));
  let body: Body;
  try {
    body = read ?? await spool.body(message);
  } catch (e) {
    log.error("queued message not read", { id: message.id }, e);
    return places.map(unreadable);
  }
  const batch = batchOf(message, destination, places, body);
  try {
    return await transport.deliver(batch, signal);
  } catch (e) {
    log.error("transport failed", { id: message.id, destination }, e);
    return places.map(unforeseen);
  } finally {
    await body.dispose();
  }
}

/** It is not tried past the time its sender set; what came of the last attempt is told. */
function overdue(message: QueuedMessage, place: number): RecipientOutcome {
  const last = message.recipients[place]?.last;
  if (!last) return timeOver(null);
  const { status, why, host } = last;
  return timeOver({ kind: "deferred", status, why, reply: null, host, destinationDown: false });
}
