/**
 * What is known of when messages came, whatever the clock said then: `roost-arrivals.FOLDER` has now and then a time and the UID that was
 * next, so messages below it were there. It is the time that the server has run, in milliseconds: that is never wrong, and only ever too short.
 * The first line says 0 for what was there before anybody looked: of that files alone tell. They do not tell of a folder that was renamed, with all
 * that is in it: where another one has taken the place of the one that was seen, or of none, everything came with it.
 */
import { fromUtf8, utf8 } from "../base/bytes.ts";
import type { Uid } from "../store/store.ts";

export interface ArrivalMarks {
  readonly uidValidity: number;
  /** Time the server has run and the UID that was next then; both ascending. */
  readonly marks: readonly (readonly [time: number, next: Uid])[];
}

/** What the file says; null for none, or nothing of use. */
export function parseMarks(bytes: Uint8Array | null): ArrivalMarks | null {
  const [head, ...lines] = fromUtf8(bytes ?? new Uint8Array()).split("\n");
  const uidValidity = /^1 V(\d{1,10})$/.exec(head ?? "")?.[1];
  if (uidValidity === undefined || lines.pop() !== "") return null;
  const marks: [number, Uid][] = [];
  for (const line of lines) {
    const m = /^(\d{1,15}) (\d{1,10})$/.exec(line);
    const [time, next] = [Number(m?.[1]), Number(m?.[2])];
    const last = marks.at(-1);
    if (!m || last && (time <= last[0] || next < last[1])) return null;
    marks.push([time, next]);
  }
  return marks.length > 0 ? { uidValidity: Number(uidValidity), marks } : null;
}

export function formatMarks({ uidValidity, marks }: ArrivalMarks): Uint8Array {
  return utf8(`1 V${uidValidity}\n${marks.map(([time, next]) => `${time} ${next}\n`).join("")}`);
}

/** What is seen of a folder. */
export interface Seen {
  readonly uidValidity: number;
  readonly next: Uid;
  /** Milliseconds the server has run. */
  readonly ran: number;
}

/**
 * The marks with what is seen now, `every` so many milliseconds at most; the same object where nothing is worth noting. Left out are those that
 * only tell more of messages that were there at `before` anyway.
 */
export function marked(old: ArrivalMarks | null, seen: Seen, every: number, before: number): ArrivalMarks {
  const { uidValidity, next, ran } = seen;
  if (old === null) return { uidValidity, marks: [[0, next]] };
  if (old.uidValidity !== uidValidity) return { uidValidity, marks: [[Math.max(1, Math.floor(ran)), next]] };
  // Where it was forgotten how long the server has run, counting begins anew.
  const kept = old.marks.filter(([time]) => time <= ran);
  const last = kept.at(-1);
  const due = !last || next > last[1] && ran - last[0] >= every;
  if (!due && kept.length === old.marks.length) return old;
  if (due) kept.push([Math.floor(ran), next]);
  return { uidValidity, marks: kept.filter((_, i) => (kept[i + 1]?.[0] ?? Infinity) > before) };
}

/** Messages with UIDs below this were there at `time`. */
export function thereAt({ marks }: ArrivalMarks, time: number): Uid {
  return marks.findLast(([t]) => t <= time)?.[1] ?? 0;
}
