/** Bounces: what the queue knows of a message, as a report for people and programs. */
import { type Body, memoryBody } from "../base/body.ts";
import { concat } from "../base/bytes.ts";
import { HEADER_SIZE } from "../base/limits.ts";
import { HeaderSplitter } from "../mail/header.ts";
import { buildReport, type DsnAction, type DsnRecipient } from "../mail/dsn.ts";
import type { Report, ReportedRecipient, Reporter } from "../queue/reporter.ts";

/** A reporter in the name of `hostname`; `zone` gives minutes east of UTC at a time. */
export function dsnReporter(hostname: string, zone: (at: number) => number): Reporter {
  return {
    async write(report: Report): Promise<Body> {
      const built = buildReport({
        reportingHost: hostname,
        to: report.sender,
        envelopeId: report.envelopeId ?? null,
        arrived: report.arrived,
        recipients: report.recipients.map((r) => recipientOf(r, report)),
        now: report.now,
        zone: zone(report.now),
        uniqueId: report.id,
        header: await headerOf(report.original),
        message: report.ret === "full" ? await start(report.original, RETURNED) : null,
      });
      return memoryBody(built.octets);
    },
  };
}

/** Octets of a message that are returned with RET=FULL at most: over that its header alone is. */
const RETURNED = 256 * 1024;

function recipientOf(r: ReportedRecipient, report: Report): DsnRecipient {
  return {
    address: r.address,
    original: r.options?.originalRecipient ?? null,
    action: actionOf(r),
    status: r.state === "expired" || report.late
      ? "4.4.7"
      : r.last?.status ?? (r.state === "pending" ? "4.4.1" : "5.0.0"),
    reply: r.last?.reply ?? null,
    remote: r.last?.host ?? null,
    reason: r.state === "expired"
      ? `it could not be delivered in ${span(report.lifetime)}; last: ${r.last?.why ?? "not tried"}`
      // The reply says it better where there is one.
      : r.last?.reply
      ? null
      : r.last?.why || null,
    lastAttempt: r.last?.at ?? null,
    retryUntil: r.state === "pending" ? report.retryUntil ?? null : null,
  };
}

/** Milliseconds for people. */
function span(ms: number | undefined): string {
  if (ms === undefined) return "time";
  for (const [unit, size] of [["days", 86_400_000], ["hours", 3_600_000], ["minutes", 60_000]] as const) {
    if (ms >= 2 * size) return `${Math.floor(ms / size)} ${unit}`;
  }
  return `${Math.ceil(ms / 1000)} seconds`;
}

function actionOf(r: ReportedRecipient): DsnAction {
  if (r.state === "pending") return "delayed";
  return r.state === "delivered" ? r.action ?? "relayed" : "failed";
}

/** The first `max` octets; null when there are more. */
async function start(body: Body, max: number): Promise<Uint8Array | null> {
  if (body.size > max) return null;
  const chunks: Uint8Array[] = [];
  for await (const c of body.stream()) chunks.push(c.slice());
  return concat(chunks);
}

async function headerOf(body: Body): Promise<Uint8Array> {
  const splitter = new HeaderSplitter(HEADER_SIZE);
  for await (const chunk of body.stream()) {
    splitter.write(chunk);
    if (splitter.done || splitter.overflow) break;
  }
  return splitter.header();
}
