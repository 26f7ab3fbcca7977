/**
 * Reports of others about our domains, as short summaries: what they say in numbers, and the worst of it. Bounded by number and age, kept over
 * restarts by a `KeptFile`. Names and times (ISO 8601) are what the API shows.
 */
import type { Keepable } from "../base/kept_file.ts";
import { REPORT_RECEIVED, REPORT_RECEIVED_AGE } from "../base/limits.ts";

interface Received {
  /** When it came. */
  readonly received: string;
  /** Who says to have made it. */
  readonly organization: string;
  readonly id: string;
  readonly begin: string;
  readonly end: string;
  readonly domain: string;
}

export interface ReceivedTls extends Received {
  /** Sessions. */
  readonly successes: number;
  readonly failures: number;
  /** Most sessions first. */
  readonly worst: readonly { readonly type: string; readonly mx: string; readonly sessions: number }[];
}

export interface ReceivedDmarc extends Received {
  readonly policy: string;
  /** Messages that passed, and that did not; of these, what became of them. */
  readonly passed: number;
  readonly failed: number;
  readonly quarantined: number;
  readonly rejected: number;
  /** Where messages that did not pass came from, most first. */
  readonly worst: readonly {
    readonly source: string;
    readonly headerFrom: string;
    readonly messages: number;
  }[];
}

/** Summaries of one kind, newest last. */
export class ReceivedReports<R extends Received> implements Keepable {
  readonly #isOne: (value: unknown) => value is R;
  #all: R[] = [];
  #revision = 0;

  /** `isOne` is asked of what stands in the file. */
  constructor(isOne: (value: unknown) => value is R) {
    this.#isOne = isOne;
  }

  get revision(): number {
    return this.#revision;
  }

  /** Takes a summary; one of the same report is replaced. `now` in milliseconds since 1970. */
  add(report: R, now: number): void {
    const { organization, id, domain } = report;
    const others = this.#all.filter((r) =>
      r.id !== id || r.organization !== organization || r.domain !== domain
    );
    this.#all = young([...others, report], now);
    this.#revision++;
  }

  /** Newest first. */
  list(now: number): readonly R[] {
    return young(this.#all, now).reverse();
  }

  *pieces(): Generator<string> {
    for (const report of this.#all) yield `${JSON.stringify(report)}\n`;
  }

  restore(text: string): void {
    for (const line of text.split("\n")) {
      const report = read(line);
      if (this.#isOne(report)) this.#all.push(report);
    }
    this.#all = this.#all.slice(-REPORT_RECEIVED);
  }
}

function young<R extends Received>(all: readonly R[], now: number): R[] {
  return all.filter((r) => now - Date.parse(r.received) < REPORT_RECEIVED_AGE).slice(-REPORT_RECEIVED);
}

function read(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    // The last line of a file that was cut short, or somebody has been at it.
    return null;
  }
}

const TEXTS = ["organization", "id", "begin", "end", "domain"];

function hasAll(value: unknown, texts: readonly string[], numbers: readonly string[]): boolean {
  if (typeof value !== "object" || value === null) return false;
  const all = value as Readonly<Record<string, unknown>>; // an object is one
  return texts.every((t) => typeof all[t] === "string") && numbers.every((n) => typeof all[n] === "number") &&
    Number.isFinite(Date.parse(String(all["received"])));
}

/** Whether it is a summary about TLS. */
export function isReceivedTls(value: unknown): value is ReceivedTls {
  return hasAll(value, TEXTS, ["successes", "failures"]) && Array.isArray((value as ReceivedTls).worst);
}

/** Whether it is a summary about DMARC. */
export function isReceivedDmarc(value: unknown): value is ReceivedDmarc {
  return hasAll(value, [...TEXTS, "policy"], ["passed", "failed", "quarantined", "rejected"]) &&
    Array.isArray((value as ReceivedDmarc).worst);
}
