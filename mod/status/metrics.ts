/** Counts log events and writes them, with gauges, as Prometheus text. */
import type { Log, LogFields } from "../base/log.ts";

/** Longest list of different events that is counted: an event is a constant phrase, so there are a few dozen. */
const EVENTS = 1000;

/** How often each event was logged since the start. */
export class EventCounts {
  readonly #counts = new Map<string, number>();

  add(event: string): void {
    const before = this.#counts.get(event);
    if (before === undefined && this.#counts.size >= EVENTS) return;
    this.#counts.set(event, (before ?? 0) + 1);
  }

  get(event: string): number {
    return this.#counts.get(event) ?? 0;
  }

  entries(): readonly (readonly [string, number])[] {
    return [...this.#counts].sort(([a], [b]) => (a < b ? -1 : 1));
  }
}

/** Is told of each line; `common`: fields that all lines of that log have. */
export type LineWatch = (event: string, common: LogFields, fields: LogFields | undefined) => void;

/** A log that counts what goes through it: one line a decision, so the lines are the statistics. */
export class CountingLog implements Log {
  readonly #to: Log;
  readonly #counts: EventCounts;
  readonly #watch: LineWatch;
  readonly #common: LogFields;

  constructor(to: Log, counts: EventCounts, watch: LineWatch = () => {}, common: LogFields = {}) {
    this.#to = to;
    this.#counts = counts;
    this.#watch = watch;
    this.#common = common;
  }

  debug(event: string, fields?: LogFields): void {
    this.#counts.add(event);
    this.#to.debug(event, fields);
  }
  info(event: string, fields?: LogFields): void {
    this.#counts.add(event);
    this.#watch(event, this.#common, fields);
    this.#to.info(event, fields);
  }
  warn(event: string, fields?: LogFields): void {
    this.#counts.add(event);
    this.#watch(event, this.#common, fields);
    this.#to.warn(event, fields);
  }
  error(event: string, fields?: LogFields, cause?: unknown): void {
    this.#counts.add(event);
    this.#watch(event, this.#common, fields);
    this.#to.error(event, fields, cause);
  }
  with(fields: LogFields): Log {
    return new CountingLog(this.#to.with(fields), this.#counts, this.#watch, { ...this.#common, ...fields });
  }
}

/** One metric: samples with labels. Names follow Prometheus: base units, `_total` for counters. */
export interface Metric {
  readonly name: string;
  readonly type: "counter" | "gauge";
  readonly help: string;
  readonly samples: readonly { readonly labels?: Readonly<Record<string, string>>; readonly value: number }[];
}

/** The text exposition format, version 0.0.4. */
export function formatMetrics(metrics: readonly Metric[]): string {
  let out = "";
  for (const m of metrics) {
    out += `# HELP ${m.name} ${
      m.help.replaceAll("\\", "\\\\").replaceAll("\n", "\\n")
    }\n# TYPE ${m.name} ${m.type}\n`;
    for (const s of m.samples) out += `${m.name}${labelText(s.labels)} ${s.value}\n`;
  }
  return out;
}

function labelText(labels: Readonly<Record<string, string>> | undefined): string {
  const entries = Object.entries(labels ?? {});
  if (entries.length === 0) return "";
  const quoted = (v: string) => v.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");
  return `{${entries.map(([k, v]) => `${k}="${quoted(v)}"`).join(",")}}`;
}
