/** Counts of values by size, as Prometheus has them. To count one costs a few comparisons and no memory. */

/** Bounds of seconds for what people wait for. */
export const SECONDS: readonly number[] = [
  0.001,
  0.0025,
  0.005,
  0.01,
  0.025,
  0.05,
  0.1,
  0.25,
  0.5,
  1,
  2.5,
  5,
  10,
];
/** Bounds of octets of a message. */
export const OCTETS: readonly number[] = [1e3, 4e3, 16e3, 64e3, 256e3, 1e6, 4e6, 16e6, 64e6];

export class Histogram {
  readonly bounds: readonly number[];
  /** One more than bounds: what is above the last. */
  readonly #counts: number[];
  #sum = 0;

  /** `bounds`: upper ends, ascending. */
  constructor(bounds: readonly number[]) {
    this.bounds = bounds;
    this.#counts = new Array(bounds.length + 1).fill(0);
  }

  get sum(): number {
    return this.#sum;
  }

  add(value: number): void {
    let i = 0;
    while (i < this.bounds.length && value > (this.bounds[i] ?? 0)) i++;
    this.#counts[i] = (this.#counts[i] ?? 0) + 1;
    this.#sum += value;
  }

  /** How many values were at most each bound; the last is all of them. */
  cumulative(): readonly number[] {
    let total = 0;
    return this.#counts.map((n) => total += n);
  }
}

/** The text of a histogram in the exposition format, version 0.0.4. */
export function formatHistogram(name: string, help: string, histogram: Histogram): string {
  const counts = histogram.cumulative();
  const all = counts.at(-1) ?? 0;
  const buckets = histogram.bounds.map((bound, i) => `${name}_bucket{le="${bound}"} ${counts[i]}\n`).join("");
  return `# HELP ${name} ${help}\n# TYPE ${name} histogram\n${buckets}${name}_bucket{le="+Inf"} ${all}\n` +
    `${name}_sum ${histogram.sum}\n${name}_count ${all}\n`;
}
