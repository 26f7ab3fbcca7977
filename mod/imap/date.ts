import type { ResponseBuffer } from "./response_buffer.ts";
import type { Day } from "./types.ts";

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const DAY_MS = 86_400_000;
const ZERO = 0x30;

/** `date` of RFC 3501 9 ("1-Feb-1994", month in any case), or null. Days that do not exist are refused. */
export function parseDay(text: string): Day | null {
  const found = /^(\d{1,2})-([A-Za-z]{3})-(\d{4})$/.exec(text);
  return found ? civilDay(Number(found[1]), found[2] ?? "", Number(found[3])) : null;
}

/** `date-time` of RFC 3501 9 (" 1-Feb-1994 21:52:25 -0800", without quotes) as milliseconds since 1970, or null. */
export function parseDateTime(text: string): number | null {
  const found = /^( \d|\d\d)-([A-Za-z]{3})-(\d{4}) (\d\d):(\d\d):(\d\d) ([+-])(\d\d)(\d\d)$/.exec(text);
  if (!found) return null;
  const day = civilDay(Number(found[1]), found[2] ?? "", Number(found[3]));
  const [hour, minute, second] = [Number(found[4]), Number(found[5]), Number(found[6])];
  const [zoneHour, zoneMinute] = [Number(found[8]), Number(found[9])];
  // A leap second is real, and becomes the second after it.
  if (day === null || hour > 23 || minute > 59 || second > 60 || zoneHour > 23 || zoneMinute > 59) {
    return null;
  }
  const zone = (zoneHour * 60 + zoneMinute) * (found[7] === "-" ? -1 : 1);
  return day * DAY_MS + ((hour * 60 + minute - zone) * 60 + second) * 1000;
}

/** Writes `date-time` with its quotes, in UTC. `ms` is milliseconds since 1970. */
export function writeDateTime(out: ResponseBuffer, ms: number): void {
  const date = new Date(Number.isFinite(ms) ? Math.min(Math.max(ms, 0), 253402300799000) : 0);
  out.byte(0x22);
  const day = date.getUTCDate();
  if (day < 10) {
    out.byte(0x20);
    out.byte(ZERO + day);
  } else {
    out.number(day);
  }
  out.byte(0x2d);
  out.ascii(MONTHS[date.getUTCMonth()] ?? "Jan");
  out.byte(0x2d);
  out.number(date.getUTCFullYear());
  out.byte(0x20);
  two(out, date.getUTCHours());
  out.byte(0x3a);
  two(out, date.getUTCMinutes());
  out.byte(0x3a);
  two(out, date.getUTCSeconds());
  out.ascii(' +0000"');
}

/** The UTC day of a time in milliseconds since 1970. */
export function dayOf(ms: number): Day {
  return Math.floor(ms / DAY_MS);
}

/** Days since 1970 of a civil date, or null when there is no such day. */
function civilDay(day: number, month: string, year: number): Day | null {
  const index = MONTHS.findIndex((m) => m.toLowerCase() === month.toLowerCase());
  if (index < 0) return null;
  const date = new Date(0);
  date.setUTCFullYear(year, index, day);
  if (date.getUTCMonth() !== index || date.getUTCDate() !== day || date.getUTCFullYear() !== year) {
    return null;
  }
  return date.getTime() / DAY_MS;
}

function two(out: ResponseBuffer, n: number): void {
  out.byte(ZERO + Math.floor(n / 10));
  out.byte(ZERO + n % 10);
}
