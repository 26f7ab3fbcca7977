/**
 * What is counted by domain and UTC day, for reports that go out once the day is over. Bounded: so many domains a day, so many days. Kept over
 * restarts by a `KeptFile`.
 */
import type { Keepable } from "../base/kept_file.ts";
import { REPORT_DAYS, REPORT_DOMAINS } from "../base/limits.ts";

/** Milliseconds. */
export const DAY = 86_400_000;

/** One report to be. */
export interface ReportKey {
  /** Days since 1970-01-01, UTC. */
  readonly day: number;
  readonly domain: string;
}

/** How entries begin, and how they are written down. */
export interface LedgerCodec<E> {
  fresh(): E;
  /** A value for JSON. */
  write(entry: E, domain: string): unknown;
  /** null for what `write` did not write. */
  read(value: unknown): E | null;
}

export class DailyLedger<E> implements Keepable {
  readonly #codec: LedgerCodec<E>;
  /** Day to domain to entry; days in the order they began to be counted. */
  readonly #days = new Map<number, Map<string, E>>();
  #revision = 0;

  constructor(codec: LedgerCodec<E>) {
    this.#codec = codec;
  }

  get revision(): number {
    return this.#revision;
  }

  /** The entry to count in, at `now` (milliseconds since 1970); null where the day has its fill of domains. */
  open(now: number, domain: string): E | null {
    const day = this.#day(Math.floor(now / DAY));
    let entry = day.get(domain);
    if (entry === undefined) {
      if (day.size >= REPORT_DOMAINS) return null;
      entry = this.#codec.fresh();
      day.set(domain, entry);
    }
    this.#revision++;
    return entry;
  }

  get(key: ReportKey): E | null {
    return this.#days.get(key.day)?.get(key.domain) ?? null;
  }

  /** What belongs to days that are over. */
  finished(now: number): readonly ReportKey[] {
    const today = Math.floor(now / DAY);
    return [...this.#days].filter(([day]) => day < today).flatMap(([day, domains]) =>
      [...domains.keys()].map((domain) => ({ day, domain }))
    );
  }

  /** It has been reported, or never will be. */
  drop({ day, domain }: ReportKey): void {
    const domains = this.#days.get(day);
    if (!domains?.delete(domain)) return;
    this.#revision++;
    if (domains.size === 0) this.#days.delete(day);
  }

  /** A line a domain. */
  *pieces(): Generator<string> {
    for (const [day, domains] of [...this.#days]) {
      for (const [domain, entry] of [...domains]) {
        yield `${JSON.stringify([day, domain, this.#codec.write(entry, domain)])}\n`;
      }
    }
  }

  restore(text: string): void {
    for (const line of text.split("\n")) {
      const read = this.#readLine(line);
      if (!read) continue;
      const domains = this.#day(read.day);
      if (domains.size < REPORT_DOMAINS) domains.set(read.domain, read.entry);
      this.#revision++;
    }
  }

  #day(day: number): Map<string, E> {
    const known = this.#days.get(day);
    if (known) return known;
    const domains = new Map<string, E>();
    this.#days.set(day, domains);
    // Only a clock that jumps about gets here.
    const [oldest] = this.#days.keys();
    if (this.#days.size > REPORT_DAYS && oldest !== undefined) this.#days.delete(oldest);
    return domains;
  }

  #readLine(line: string): (ReportKey & { readonly entry: E }) | null {
    let value: unknown;
    try {
      value = JSON.parse(line);
    } catch {
      // The last line of a file that was cut short, or somebody has been at it.
      return null;
    }
    if (!Array.isArray(value)) return null;
    const [day, domain, written]: unknown[] = value;
    if (typeof day !== "number" || !Number.isInteger(day) || typeof domain !== "string" || domain === "") {
      return null;
    }
    const entry = this.#codec.read(written);
    return entry === null ? null : { day, domain, entry };
  }
}
