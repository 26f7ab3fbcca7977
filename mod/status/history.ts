/**
 * Mail over the last day, in slots of ten minutes: what the plot shows. Bounded whatever happens: a slot is found by its number, so a clock that
 * jumps overwrites single slots and never adds any.
 */
import type { Keepable } from "../base/kept_file.ts";
import type { LogFields } from "../base/log.ts";

/** What is counted. */
export const FATES = ["accepted", "refused", "delivered", "sent", "bounced"] as const;
export type Fate = typeof FATES[number];

/** Milliseconds of a slot. */
export const SLOT = 600_000;
/** A day of them. */
export const SLOTS = 144;

/** Counts of one slot; `start` in milliseconds since 1970. */
export type SlotCounts = { readonly start: number } & Readonly<Record<Fate, number>>;

interface Slot {
  readonly number: number;
  readonly counts: number[];
}

const FATE_OF: ReadonlyMap<string, Fate> = new Map<string, Fate>([
  ["mail accepted", "accepted"],
  ["mail refused", "refused"],
  ["message refused", "refused"],
  ["recipient refused", "refused"],
  ["sender refused", "refused"],
  ["greeting refused", "refused"],
  ["connection refused", "refused"],
  ["failed", "bounced"],
  ["expired", "bounced"],
  ["returned", "bounced"],
]);

/** What a log line tells of a message, or null. */
export function fateOf(event: string, fields: LogFields | undefined): Fate | null {
  // The store names the account, the queue the recipient that another host took.
  if (event === "delivered") return fields?.account === undefined ? "sent" : "delivered";
  return FATE_OF.get(event) ?? null;
}

/** Whether the queue tells that it handed a message to our own store, which tells of it itself. */
export function isOwnHandOver(event: string, fields: LogFields | undefined, hostname: string): boolean {
  return event === "delivered" && fields?.account === undefined && fields?.host === hostname;
}

/** Counts by slot, kept over restarts. */
export class MailHistory implements Keepable {
  readonly #slots: (Slot | undefined)[] = new Array(SLOTS).fill(undefined);
  #revision = 0;

  get revision(): number {
    return this.#revision;
  }

  /** `now` in milliseconds since 1970. */
  add(fate: Fate, now: number): void {
    const { counts } = this.#at(Math.floor(now / SLOT));
    const index = FATES.indexOf(fate);
    counts[index] = (counts[index] ?? 0) + 1;
    this.#revision++;
  }

  /** The slots of the day before `now`, oldest first, the running one last; those without mail have zeros. */
  day(now: number): readonly SlotCounts[] {
    const last = Math.floor(now / SLOT);
    return Array.from({ length: SLOTS }, (_, i) => {
      const number = last - SLOTS + 1 + i;
      const slot = this.#slots[place(number)];
      const counts = slot?.number === number ? slot.counts : [];
      const [accepted = 0, refused = 0, delivered = 0, sent = 0, bounced = 0] = counts;
      return { start: number * SLOT, accepted, refused, delivered, sent, bounced };
    });
  }

  *pieces(): Iterable<string> {
    yield this.#slots.flatMap((s) => s ? [JSON.stringify([s.number, ...s.counts]) + "\n"] : []).join("");
  }

  restore(text: string): void {
    for (const line of text.split("\n").slice(0, SLOTS)) {
      const [number, ...counts] = numbersIn(line);
      if (number === undefined || counts.length !== FATES.length) continue;
      this.#slots[place(number)] = { number, counts };
    }
  }

  #at(number: number): Slot {
    const at = place(number);
    const there = this.#slots[at];
    if (there?.number === number) return there;
    return this.#slots[at] = { number, counts: FATES.map(() => 0) };
  }
}

function place(number: number): number {
  return ((number % SLOTS) + SLOTS) % SLOTS;
}

/** The whole numbers of a JSON list; none where it is anything else. */
function numbersIn(line: string): readonly number[] {
  try {
    const value: unknown = JSON.parse(line);
    return Array.isArray(value) && value.every((n) => Number.isSafeInteger(n) && n >= 0) ? value : [];
  } catch {
    return []; // a line torn by a crash, or the last, empty one
  }
}
