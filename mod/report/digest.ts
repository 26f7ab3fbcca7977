/** From a report of somebody else's to its summaries. Reports about domains that are not ours are none of our business. */
import { readDmarcReport } from "../auth/dmarc/report.ts";
import { parseTlsReport } from "../auth/tlsrpt/report.ts";
import type { Clock } from "../base/clock.ts";
import { REPORT_WORST } from "../base/limits.ts";
import { err, ok, type Result } from "../base/result.ts";
import type { ReceivedDmarc, ReceivedTls } from "./received.ts";

/** Rows read between two pauses: others get their turn. */
const SLICE = 50;

/** One summary for each of our domains in it; else what is wrong with it. `now` in milliseconds since 1970. */
export function digestTls(
  json: Uint8Array,
  isOurs: (domain: string) => boolean,
  now: number,
): Result<readonly ReceivedTls[], string> {
  const read = parseTlsReport(json);
  if (!read.ok) return read;
  const { organization, id, start, end, policies } = read.value;
  const domains = new Set(policies.map((p) => p.domain).filter(isOurs));
  if (domains.size === 0) return err("it is about no domain of ours");
  return ok([...domains].map((domain) => {
    const about = policies.filter((p) => p.domain === domain);
    const worst = about.flatMap((p) => p.details).map((d) => ({
      type: d.type,
      mx: d.mx ?? "",
      sessions: d.sessions,
    })).sort((a, b) => b.sessions - a.sessions);
    return {
      received: iso(now),
      organization,
      id,
      begin: iso(start),
      end: iso(end),
      domain,
      successes: sum(about.map((p) => p.successes)),
      failures: sum(about.map((p) => p.failures)),
      worst: worst.slice(0, REPORT_WORST),
    };
  }));
}

/** The summary; else what is wrong with it. Takes its time, with pauses. */
export async function digestDmarc(
  xml: string,
  isOurs: (domain: string) => boolean,
  clock: Pick<Clock, "now" | "sleep">,
): Promise<Result<ReceivedDmarc, string>> {
  const counts = { passed: 0, failed: 0, quarantined: 0, rejected: 0 };
  const sources = new Map<string, { source: string; headerFrom: string; messages: number }>();
  const report = readDmarcReport(xml);
  let next = report.next();
  for (let n = 1; !next.done; next = report.next(), n++) {
    if (next.value === null || n % SLICE === 0) await clock.sleep(0);
    if (next.value === null) continue;
    const { sourceIp, headerFrom, count, disposition, dkim, spf } = next.value;
    if (dkim === "pass" || spf === "pass") counts.passed += count;
    else {
      counts.failed += count;
      if (disposition === "quarantine") counts.quarantined += count;
      if (disposition === "reject") counts.rejected += count;
      addSource(sources, sourceIp, headerFrom, count);
    }
  }
  if (!next.value.ok) return next.value;
  const { organization, id, begin, end, published } = next.value.value;
  if (!isOurs(published.domain)) return err("it is about no domain of ours");
  const worst = [...sources.values()].sort((a, b) => b.messages - a.messages);
  return ok({
    received: iso(clock.now()),
    organization,
    id,
    begin: iso(begin),
    end: iso(end),
    domain: published.domain,
    policy: published.p,
    ...counts,
    worst: worst.slice(0, REPORT_WORST),
  });
}

/** Sources that are counted while a report is read. */
const SOURCES = 1000;

function addSource(
  sources: Map<string, { source: string; headerFrom: string; messages: number }>,
  source: string,
  headerFrom: string,
  messages: number,
): void {
  const key = `${source} ${headerFrom}`;
  const known = sources.get(key);
  if (known) known.messages += messages;
  else if (sources.size < SOURCES) sources.set(key, { source, headerFrom, messages });
}

function sum(all: readonly number[]): number {
  return all.reduce((a, b) => a + b, 0);
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}
