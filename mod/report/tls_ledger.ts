/** Counts the TLS sessions of deliveries, by destination and day, for the reports of RFC 8460. */
import {
  policiesJson,
  readPolicies,
  type TlsFailureDetail,
  type TlsPolicyReport,
} from "../auth/tlsrpt/report.ts";
import type { Clock } from "../base/clock.ts";
import { REPORT_DETAILS, REPORT_POLICIES, REPORT_STRINGS, REPORT_TEXT } from "../base/limits.ts";
import type { TlsSession, TlsSessions } from "../outbound/tls_session.ts";
import { DailyLedger, type LedgerCodec, type ReportKey } from "./daily_ledger.ts";

interface Counted {
  readonly type: string;
  readonly strings: readonly string[];
  readonly mx: readonly string[];
  successes: number;
  failures: number;
  readonly details: Map<string, { readonly detail: TlsFailureDetail; sessions: number }>;
}

/** By policy. */
type Entry = Map<string, Counted>;

const CODEC: LedgerCodec<Entry> = {
  fresh: () => new Map(),
  write: (entry, domain) => policiesJson(reportsOf(entry, domain)),
  read(value) {
    const policies = readPolicies(value).map(countedOf);
    return policies.length > 0 ? new Map(policies.map((p) => [policyKey(p), p])) : null;
  },
};

export class TlsLedger implements TlsSessions {
  readonly days: DailyLedger<Entry> = new DailyLedger(CODEC);
  readonly #clock: Pick<Clock, "now">;

  constructor(clock: Pick<Clock, "now">) {
    this.#clock = clock;
  }

  note(session: TlsSession): void {
    const entry = this.days.open(this.#clock.now(), session.destination);
    const counted = entry && countedFor(entry, session);
    if (!counted) return;
    if (!session.fault) {
      counted.successes++;
      return;
    }
    counted.failures++;
    const detail: TlsFailureDetail = {
      type: session.fault.type,
      sendingIp: session.localAddress,
      mx: session.host,
      receivingIp: session.address,
      sessions: 0,
      reason: session.fault.why.slice(0, REPORT_TEXT),
    };
    const key = detailKey(detail);
    const known = counted.details.get(key);
    if (known) known.sessions++;
    else if (counted.details.size < REPORT_DETAILS) counted.details.set(key, { detail, sessions: 1 });
  }

  /** What is known for a report; none when nothing is. */
  report(key: ReportKey): readonly TlsPolicyReport[] {
    const entry = this.days.get(key);
    return entry ? reportsOf(entry, key.domain) : [];
  }
}

function countedFor(entry: Entry, { published }: TlsSession): Counted | null {
  const short = {
    type: published.type,
    strings: published.strings.slice(0, REPORT_STRINGS).map((s) => s.slice(0, REPORT_TEXT)),
    mx: published.mx.slice(0, REPORT_STRINGS),
  };
  const key = policyKey(short);
  const known = entry.get(key);
  if (known) return known;
  if (entry.size >= REPORT_POLICIES) return null;
  const counted: Counted = { ...short, successes: 0, failures: 0, details: new Map() };
  entry.set(key, counted);
  return counted;
}

function policyKey({ type, strings, mx }: Pick<Counted, "type" | "strings" | "mx">): string {
  return JSON.stringify([type, strings, mx]);
}

function detailKey({ type, sendingIp, mx, receivingIp, reason }: TlsFailureDetail): string {
  return JSON.stringify([type, sendingIp, mx, receivingIp, reason]);
}

function reportsOf(entry: Entry, domain: string): TlsPolicyReport[] {
  return [...entry.values()].map(({ details, ...counted }) => ({
    ...counted,
    domain,
    details: [...details.values()].map(({ detail, sessions }) => ({ ...detail, sessions })),
  }));
}

function countedOf({ type, strings, mx, successes, failures, details }: TlsPolicyReport): Counted {
  const known = new Map(details.map((d) => [detailKey(d), { detail: d, sessions: d.sessions }]));
  return { type, strings, mx, successes, failures, details: known };
}
