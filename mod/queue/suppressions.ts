/**
 * Addresses elsewhere whose own servers said several times that there is no such mailbox: to write to them on and on harms the name of
 * whoever does. They are left alone for some days after the last refusal. What counts is only a refusal of the recipient itself (5.1.1, 5.1.6),
 * once an hour; one delivery, or somebody's word, clears it. Held in memory, and kept in a file of lines.
 */
import {
  SUPPRESS_ADDRESSES,
  SUPPRESS_AFTER,
  SUPPRESS_APART,
  SUPPRESS_MEMORY,
  SUPPRESS_WHY,
} from "../base/limits.ts";
import { type Address, formatAddress } from "../mail/address.ts";
import type { RecipientOutcome } from "./transport.ts";

/** An address that bounced. Times in milliseconds since 1970. */
export interface Suppressed {
  readonly address: string;
  /** Refusals that count. */
  readonly bounces: number;
  readonly first: number;
  readonly last: number;
  /** What its server said the last time, one line. */
  readonly why: string;
  /** Until when nothing is taken for it; null while it has not bounced often enough, or its time is over. */
  readonly until: number | null;
}

type Entry = Omit<Suppressed, "address" | "until">;

/** Entries in one piece of text. */
const PIECE = 1000;

export class Suppressions {
  /** By address in lower case, the longest unheard of first. */
  readonly #entries = new Map<string, Entry>();
  readonly #span: () => number | null;
  #revision = 0;

  /** `span`: for how many milliseconds an address is left alone; null: none is. */
  constructor(span: () => number | null) {
    this.#span = span;
  }

  /** Another number after each change. */
  get revision(): number {
    return this.#revision;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** Hears what became of a recipient at `now`. */
  heard(recipient: Address, outcome: RecipientOutcome, now: number): void {
    if (outcome.kind === "delivered") {
      if (this.#entries.size > 0) this.remove(formatAddress(recipient));
    } else if (isNoMailbox(outcome)) this.#bounced(keyOf(recipient), outcome.why, now);
  }

  /** Whether nothing is taken for an address now. */
  holds(recipient: Address, now: number): boolean {
    if (this.#entries.size === 0) return false;
    const entry = this.#entries.get(keyOf(recipient));
    return entry !== undefined && this.#until(entry, now) !== null;
  }

  /** All that bounced, the last one first. */
  list(now: number): readonly Suppressed[] {
    const all: Suppressed[] = [];
    for (const [address, entry] of this.#entries) {
      if (now - entry.last <= SUPPRESS_MEMORY) {
        all.push({ address, ...entry, until: this.#until(entry, now) });
      }
    }
    return all.reverse();
  }

  /** Forgets an address, or all of "@domain"; gives how many there were. */
  remove(address: string): number {
    const wanted = address.toLowerCase();
    let removed = 0;
    if (!wanted.startsWith("@")) removed = this.#entries.delete(wanted) ? 1 : 0;
    else {
      for (const key of this.#entries.keys()) {
        if (key.endsWith(wanted) && this.#entries.delete(key)) removed++;
      }
    }
    if (removed > 0) this.#revision++;
    return removed;
  }

  /** All of it as it is now, as lines to be kept, in pieces of about a millisecond's work. */
  *pieces(): Generator<string> {
    const all = [...this.#entries];
    for (let at = 0; at < all.length; at += PIECE) {
      let text = "";
      for (const [address, entry] of all.slice(at, at + PIECE)) {
        text += `${JSON.stringify({ version: 1, address, ...entry })}\n`;
      }
      yield text;
    }
  }

  /** Takes over what `pieces` gave; lines that cannot be read are left out. */
  restore(text: string): void {
    for (const line of text.split("\n")) {
      const read = entryOf(line);
      if (read) this.#put(...read);
    }
  }

  #bounced(key: string, why: string, now: number): void {
    const before = this.#entries.get(key);
    const known = before && now - before.last <= SUPPRESS_MEMORY ? before : null;
    // A clock that was set back must not count for ever as too soon.
    if (known && now >= known.last && now - known.last < SUPPRESS_APART) return;
    this.#put(key, {
      bounces: (known?.bounces ?? 0) + 1,
      first: known?.first ?? now,
      last: now,
      why: why.slice(0, SUPPRESS_WHY),
    });
  }

  #until({ bounces, last }: Entry, now: number): number | null {
    const span = this.#span();
    return span !== null && bounces >= SUPPRESS_AFTER && last <= now && now < last + span
      ? last + span
      : null;
  }

  #put(key: string, entry: Entry): void {
    this.#revision++;
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    const [oldest] = this.#entries.keys();
    if (this.#entries.size > SUPPRESS_ADDRESSES && oldest !== undefined) this.#entries.delete(oldest);
  }
}

/** Mailboxes differ by case on next to no server, and here a mistake costs a bounce at most. */
function keyOf(recipient: Address): string {
  return formatAddress(recipient).toLowerCase();
}

/** RFC 3463 3.2: bad mailbox, mailbox has moved; said to RCPT by the server that was to take it. */
function isNoMailbox(outcome: RecipientOutcome): boolean {
  if (outcome.kind !== "failed" || !outcome.atRecipient) return false;
  return outcome.status === "5.1.1" || outcome.status === "5.1.6";
}

function entryOf(line: string): [string, Entry] | null {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return null; // cut off, or not ours
  }
  if (typeof value !== "object" || value === null) return null;
  const raw = value as Readonly<Record<string, unknown>>; // an object has whatever keys it has
  const { version, address, bounces, first, last, why } = raw;
  if (version !== 1 || typeof address !== "string" || typeof why !== "string") return null;
  if (!isCount(bounces) || !isCount(first) || !isCount(last)) return null;
  return [address, { bounces, first, last, why: why.slice(0, SUPPRESS_WHY) }];
}

function isCount(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}
