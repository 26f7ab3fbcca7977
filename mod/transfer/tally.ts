/** What was taken over, and what was not: the loss report. */
import { TRANSFER_LOSSES } from "../base/limits.ts";

/** Something that could not be taken over. */
export interface Loss {
  readonly folder: string;
  readonly what: string;
  readonly why: string;
}

export interface TallyReport {
  readonly folders: number;
  /** Messages taken over now. */
  readonly messages: number;
  readonly octets: number;
  /** Messages that were there from before. */
  readonly already: number;
  /** Messages somebody removed from the source meanwhile. */
  readonly gone: number;
  readonly lost: number;
  readonly losses: readonly Loss[];
  readonly notes: readonly string[];
}

export class Tally {
  folders = 0;
  messages = 0;
  octets = 0;
  already = 0;
  gone = 0;
  #lost = 0;
  readonly #losses: Loss[] = [];
  readonly #notes = new Map<string, number>();

  get lost(): number {
    return this.#lost;
  }

  /** Messages dealt with, in whatever way. */
  get done(): number {
    return this.messages + this.already + this.gone + this.#lost;
  }

  lose(folder: string, what: string, why: string): void {
    this.#lost++;
    if (this.#losses.length < TRANSFER_LOSSES) this.#losses.push({ folder, what, why });
  }

  /** Something to know that cost no mail; said once, with how often it was so. */
  note(text: string, times = 1): void {
    const known = this.#notes.get(text);
    if (known === undefined && this.#notes.size >= TRANSFER_LOSSES) return;
    this.#notes.set(text, (known ?? 0) + times);
  }

  report(): TallyReport {
    const { folders, messages, octets, already, gone, lost } = this;
    const notes = [...this.#notes].map(([text, times]) => times > 1 ? `${text} (${times} times)` : text);
    return { folders, messages, octets, already, gone, lost, losses: this.#losses, notes };
  }
}

/** The report in lines for people. */
export function formatReport(report: TallyReport, verb: string): string[] {
  const lines = [
    `${report.messages} messages ${verb} in ${report.folders} folders, ${sizeText(report.octets)}`,
  ];
  if (report.already > 0) lines.push(`${report.already} were there already`);
  if (report.gone > 0) lines.push(`${report.gone} were removed from the source meanwhile`);
  for (const note of report.notes) lines.push(`note: ${note}`);
  if (report.lost > 0) lines.push(`${report.lost} NOT ${verb}:`);
  for (const { folder, what, why } of report.losses) lines.push(`  ${folder}: ${what}: ${why}`);
  const more = report.lost - report.losses.length;
  if (more > 0) lines.push(`  and ${more} more`);
  return lines;
}

function sizeText(octets: number): string {
  const units = ["octets", "KB", "MB", "GB"];
  let n = octets;
  let unit = 0;
  while (n >= 1024 && unit < units.length - 1) {
    n /= 1024;
    unit++;
  }
  return `${unit === 0 ? n : n.toFixed(1)} ${units[unit]}`;
}
