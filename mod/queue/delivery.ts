import type { Body } from "../base/body.ts";
import type { Log } from "../base/log.ts";
import { batchOf } from "./batch.ts";
import type { Live } from "./live.ts";
import { unforeseen, unreadable } from "./outcome.ts";
import type { Spool } from "./spool.ts";
import type { RecipientOutcome, Transport } from "./transport.ts";

export interface DeliveryPorts {
  readonly spool: Spool;
  readonly transport: Transport;
  readonly log: Log;
}

/** One attempt for the recipients at `places`, all of one destination: an outcome for each. Never throws for what the transport does. */
export async function deliverOnce(
  { message, body: read }: Pick<Live, "message" | "body">,
  destination: string,
  places: readonly number[],
  { spool, transport, log }: DeliveryPorts,
  signal: AbortSignal,
): Promise<readonly RecipientOutcome[]> {
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
