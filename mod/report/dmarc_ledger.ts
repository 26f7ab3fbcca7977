/** Counts judged messages by the domain whose policy they were held against, and day, for the aggregate reports of RFC 9990. */
import { type DmarcPublished, type DmarcRow } from "../auth/dmarc/report.ts";
import type { DmarcObserver, DmarcRecord, JudgedMessage } from "../auth/dmarc/types.ts";
import { formatReportUris, parseReportUris } from "../auth/report_uri.ts";
import {
  ADDRESS_DOMAIN,
  REPORT_ROWS,
  REPORT_ROWS_DAY,
  REPORT_SIGNATURES,
  REPORT_TEXT,
} from "../base/limits.ts";
import type { DkimOutcome } from "../auth/types.ts";
import { DailyLedger, type LedgerCodec, type ReportKey } from "./daily_ledger.ts";

interface Entry {
  published: DmarcPublished;
  /** rua= of the newest record seen. */
  rua: string;
  /** By everything but the count. */
  readonly rows: Map<string, { readonly row: DmarcRow; count: number }>;
  /** Messages that found no room. */
  left: number;
}

/** All of a report that is counted. */
export interface DmarcCounted {
  readonly published: DmarcPublished;
  readonly rua: string;
  readonly rows: readonly DmarcRow[];
  readonly left: number;
}

const NOT_SEEN: DmarcPublished = {
  domain: "",
  p: "none",
  sp: "",
  np: "",
  adkim: "",
  aspf: "",
  fo: "",
  testing: "",
};

const CODEC: LedgerCodec<Entry> = {
  fresh: () => ({ published: NOT_SEEN, rua: "", rows: new Map(), left: 0 }),
  write: (entry) => countedOf(entry),
  read: (value) => isCounted(value) ? entryOf(value) : null,
};

export class DmarcLedger implements DmarcObserver {
  readonly days: DailyLedger<Entry> = new DailyLedger(CODEC);
  /** Rows of the day that is counted, all domains together. */
  #rows = { day: 0, count: 0 };

  observe(message: JudgedMessage): void {
    const { evaluation, at } = message;
    const { record, outcome } = evaluation;
    const rua = record ? formatReportUris(record.aggregate) : "";
    if (!record || rua === "" || outcome.policyDomain === "") return;
    const entry = this.days.open(at, outcome.policyDomain);
    if (!entry) return;
    entry.published = publishedOf(outcome.policyDomain, record);
    entry.rua = rua;
    const row = rowOf(message);
    const key = JSON.stringify(row);
    const known = entry.rows.get(key);
    if (known) known.count++;
    else if (entry.rows.size < REPORT_ROWS && this.#hasRoom(at)) entry.rows.set(key, { row, count: 1 });
    else entry.left++;
  }

  report(key: ReportKey): DmarcCounted | null {
    const entry = this.days.get(key);
    return entry && countedOf(entry);
  }

  #hasRoom(at: number): boolean {
    const day = Math.floor(at / 86_400_000);
    if (this.#rows.day !== day) this.#rows = { day, count: 0 };
    return ++this.#rows.count <= REPORT_ROWS_DAY;
  }
}

function publishedOf(domain: string, record: DmarcRecord): DmarcPublished {
  return {
    domain,
    p: record.policy ?? "none",
    sp: record.subdomains ?? "",
    np: record.nonexistent ?? "",
    adkim: record.strictDkim ? "s" : "r",
    aspf: record.strictSpf ? "s" : "r",
    fo: record.failureOptions.join(":"),
    testing: record.testing ? "y" : "n",
  };
}

function rowOf(
  { address, envelopeFrom, evaluation, spf, dkim, disposition, override }: JudgedMessage,
): DmarcRow {
  const { outcome } = evaluation;
  return {
    sourceIp: address,
    count: 0,
    // RFC 9990 3.1.1.5: nothing was to be done.
    disposition: outcome.result === "pass" && disposition === "none" ? "pass" : disposition,
    dkim: outcome.dkimAligned ? "pass" : "fail",
    spf: outcome.spfAligned ? "pass" : "fail",
    reasons: override ? [{ type: override.type, comment: override.comment.slice(0, REPORT_TEXT) }] : [],
    headerFrom: outcome.domain,
    envelopeFrom,
    dkimResults: [...dkim].sort((a, b) => weight(b) - weight(a)).slice(0, REPORT_SIGNATURES).map((d) => ({
      domain: d.domain.slice(0, ADDRESS_DOMAIN),
      selector: d.selector.slice(0, ADDRESS_DOMAIN),
      result: d.result,
    })),
    spfResults: spf ? [{ domain: spf.domain, scope: "mfrom", result: spf.result }] : [],
  };
}

/** Those that pass come first (RFC 9990 3.1.3). */
function weight({ result }: DkimOutcome): number {
  return result === "pass" ? 1 : 0;
}

function countedOf({ published, rua, rows, left }: Entry): DmarcCounted {
  return { published, rua, rows: [...rows.values()].map(({ row, count }) => ({ ...row, count })), left };
}

function entryOf({ published, rua, rows, left }: DmarcCounted): Entry {
  const known = rows.map((row) => {
    const bare = { ...row, count: 0 };
    return [JSON.stringify(bare), { row: bare, count: row.count }] as const;
  });
  return { published, rua, rows: new Map(known), left };
}

/** Whether it is what `countedOf` gave: somebody may have been at the file. */
function isCounted(value: unknown): value is DmarcCounted {
  const whole = value as DmarcCounted | null;
  return typeof whole === "object" && whole !== null && typeof whole.rua === "string" &&
    parseReportUris(whole.rua).length > 0 && Number.isInteger(whole.left) &&
    hasTexts(whole.published, NOT_SEEN) &&
    Array.isArray(whole.rows) && whole.rows.length <= REPORT_ROWS && whole.rows.every(isRow);
}

function isRow(row: unknown): boolean {
  const { count, reasons, dkimResults, spfResults } = (row ?? {}) as Partial<DmarcRow>;
  const texts = { sourceIp: "", disposition: "", dkim: "", spf: "", headerFrom: "", envelopeFrom: "" };
  return hasTexts(row, texts) && Number.isInteger(count) &&
    listOf(reasons, { type: "", comment: "" }) &&
    listOf(dkimResults, { domain: "", selector: "", result: "" }) &&
    listOf(spfResults, { domain: "", scope: "", result: "" });
}

function listOf(value: unknown, texts: object): boolean {
  return Array.isArray(value) && value.every((v) => hasTexts(v, texts));
}

/** Whether all keys of `texts` are texts in `value`. */
function hasTexts(value: unknown, texts: object): boolean {
  const all = (value ?? {}) as Readonly<Record<string, unknown>>; // whatever it is: its members are looked at
  return Object.keys(texts).every((key) => typeof all[key] === "string");
}
