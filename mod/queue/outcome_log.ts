/** What an attempt told, in the log and in the counts. */
import type { Log } from "../base/log.ts";
import type { Attempt } from "./outcome.ts";
import { isTold, type JournalLine, type QueuedMessage } from "./record.ts";

/** Since the start, by recipient. */
export interface OutcomeCounts {
  delivered: number;
  deferred: number;
  failed: number;
}

/** Writes a line of the log for each recipient of an attempt, and counts it. `attempt`: the same as the transport told it. */
export function logOutcomes(
  message: QueuedMessage,
  line: JournalLine & { readonly kind: "attempt" },
  log: Log,
  counts: OutcomeCounts,
  attempt: Pick<Attempt, "places" | "outcomes"> = { places: [], outcomes: [] },
): void {
  const { recipients, traceId: trace } = message.envelope;
  const told = new Map(attempt.places.map((place, i) => [place, attempt.outcomes[i]]));
  for (const { recipient, state, status, why, host, reply } of line.outcomes) {
    const to = recipients[recipient]?.address;
    const given = told.get(recipient);
    const fields = {
      id: message.id,
      trace,
      to: `${to?.local}@${to?.domain}`,
      status,
      why,
      host,
      reply,
      ...(given?.kind === "delivered" && given.tls !== null ? { tls: given.tls } : {}),
      ...(state === "pending" ? { next: new Date(line.next).toISOString() } : {}),
    };
    if (state === "delivered") counts.delivered++;
    else if (state === "pending") counts.deferred++;
    else counts.failed++;
    log.info(state === "pending" ? "deferred" : state, fields);
    if (!isTold(message) && (state === "failed" || state === "expired")) {
      log.warn("report dropped", { id: message.id, trace, to: fields.to, about: "nobody is told of it" });
    }
  }
}
