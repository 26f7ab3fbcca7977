/** Dates of RFC 5322 3.3 and, when reading, of all that mail programs have made of it. */
import { fromAscii } from "../base/bytes.ts";

const DAYS = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
// RFC 5322 4.3. All other names, military letters among them, tell nothing reliable and count as UTC.
const ZONES: ReadonlyMap<string, number> = new Map([
  ["EDT", -240],
  ["EST", -300],
  ["CDT", -300],
  ["CST", -360],
  ["MDT", -360],
  ["MST", -420],
  ["PDT", -420],
  ["PST", -480],
]);
const LONGEST = 200; // characters looked at: a date has about 30, the rest is for comments
const MINUTE = 60_000;

/** A moment and the zone it was written in. */
export interface MailDate {
  /** Milliseconds since 1970-01-01T00:00:00Z. */
  readonly time: number;
  /** Minutes east of UTC. */
  readonly zone: number;
}

const USUAL =
  /^(?:[a-z]+\.?,?\s*)?(\d{1,2})[\s-]+([a-z]{3})[a-z]*\.?[\s,-]*(\d{2,4})(?:[\sT,]+(\d{1,2})\s*[:.]\s*(\d{1,2})(?:\s*[:.]\s*(\d{1,2})(?:\.\d+)?)?)?\s*(.*)$/i;
// As asctime() writes it: "Wed Jul 17 02:44:25 1996", a zone before or after the year.
const ASCTIME =
  /^(?:[a-z]+\.?,?\s*)?([a-z]{3})[a-z]*\.?\s+(\d{1,2}),?\s+(\d{1,2}):(\d{1,2})(?::(\d{1,2}))?\s+(?:([a-z]{1,5}|[+-]\d{4})\s+)?(\d{4})\s*(.*)$/i;

/** Reads a Date field's value, unfolded or not. null when it tells no day. A missing time is midnight, a missing zone UTC. */
export function parseDate(value: Uint8Array | string): MailDate | null {
  const raw = typeof value === "string" ? value.slice(0, LONGEST) : fromAscii(value.subarray(0, LONGEST));
  const text = withoutComments(raw).trim();
  let m = USUAL.exec(text);
  if (m) return moment(m[3], m[2], m[1], m[4], m[5], m[6], m[7]);
  m = ASCTIME.exec(text);
  return m ? moment(m[7], m[1], m[2], m[3], m[4], m[5], m[6] ?? m[8]) : null;
}

/** "Sun, 22 Nov 2026 13:00:00 +0100": the moment `time` (milliseconds since 1970) as clocks `zone` minutes east of UTC show it. */
export function formatDate(time: number, zone = 0): string {
  const local = new Date(time + zone * MINUTE);
  const two = (n: number) => String(n).padStart(2, "0");
  const away = Math.abs(zone);
  return `${DAYS[local.getUTCDay()]}, ${local.getUTCDate()} ${MONTHS[local.getUTCMonth()]} ` +
    `${String(local.getUTCFullYear()).padStart(4, "0")} ` +
    `${two(local.getUTCHours())}:${two(local.getUTCMinutes())}:${two(local.getUTCSeconds())} ` +
    `${zone < 0 ? "-" : "+"}${two(Math.floor(away / 60))}${two(away % 60)}`;
}

type Text = string | undefined;

function moment(
  year: Text,
  month: Text,
  day: Text,
  hour: Text,
  minute: Text,
  second: Text,
  zone: Text,
): MailDate | null {
  const m = MONTHS.findIndex((name) => name.toLowerCase() === month?.toLowerCase());
  const d = Number(day);
  const h = Number(hour ?? 0);
  const min = Number(minute ?? 0);
  const s = Number(second ?? 0);
  if (m < 0 || d < 1 || d > 31 || h > 24 || min > 59 || s > 60) return null;
  const y = fullYear(year ?? "");
  if (y < 1900) return null;
  const offset = zoneOf(zone ?? "");
  // A leap second still belongs to its minute, and its day.
  return { time: Date.UTC(y, m, d, h, min, Math.min(s, 59)) - offset * MINUTE, zone: offset };
}

// RFC 5322 4.3
function fullYear(digits: string): number {
  const y = Number(digits);
  if (digits.length === 2) return y < 50 ? 2000 + y : 1900 + y;
  return digits.length === 3 ? 1900 + y : y;
}

function zoneOf(text: string): number {
  const m = /^(?:(?:GMT|UTC?)\s*)?([+-])(\d{1,2}):?(\d{2})\b/i.exec(text);
  if (m) {
    const minutes = Number(m[2]) * 60 + Number(m[3]);
    return minutes >= 1440 || minutes === 0 ? 0 : m[1] === "-" ? -minutes : minutes;
  }
  return ZONES.get(/^[a-z]+/i.exec(text)?.[0].toUpperCase() ?? "") ?? 0;
}

function withoutComments(text: string): string {
  if (!text.includes("(")) return text;
  let depth = 0;
  let out = "";
  for (let i = 0; i < text.length; i++) {
    const c = text[i] as string;
    if (c === "\\" && depth > 0) i++;
    else if (c === "(") depth++;
    else if (c === ")" && depth > 0) {
      depth--;
      out += " ";
    } else if (depth === 0) out += c;
  }
  return out;
}
