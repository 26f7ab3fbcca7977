/** One measured figure. */
export interface Row {
  readonly what: string;
  readonly value: number;
  readonly unit: string;
}

/** The middle value. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}

/** Rows as aligned text. */
export function table(rows: readonly Row[]): string {
  const width = Math.max(...rows.map((r) => r.what.length));
  const number = (n: number) => n.toLocaleString("en", { maximumFractionDigits: n < 100 ? 1 : 0 });
  return rows.map((r) => `${r.what.padEnd(width)}  ${number(r.value).padStart(11)} ${r.unit}`).join("\n");
}
