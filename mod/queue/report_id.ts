/** IDs of reports: they follow from the ID of the message they are about. */

const REPORT = /^(.+)-b[0-9]+$/;

/** ID of the next report about a message of which `made` were made. */
export function reportId(id: string, made: number): string {
  return `${id}-b${made + 1}`;
}

/** ID of the message that a report is about; null when it is none. */
export function bouncedId(id: string): string | null {
  return REPORT.exec(id)?.[1] ?? null;
}

/** How many reports deep: 0 is no report, 1 one about a message, 2 one about a report. */
export function reportDepth(id: string): number {
  let depth = 0;
  for (let about = bouncedId(id); about !== null; about = bouncedId(about)) depth++;
  return depth;
}
