/**
 * Greylisting (RFC 6647): who has never written before is asked to come again, which mail servers do and many spam programs do not. What
 * counts is the triplet of network, sender and recipient; a network of which several triplets came again passes with everything.
 */
import { formatIp, maskIp, parseIp } from "../../base/ip.ts";
import { GREY_ENTRIES, GREY_NETWORK, GREY_PASSED, GREY_PENDING } from "../../base/limits.ts";
import { type Address, formatAddress } from "../../mail/address.ts";
import { REPLY } from "../../smtp/reply.ts";
import type { Finding } from "../verdict.ts";

/** Entries in one piece of text. */
const PIECE = 2000;

/** Times in milliseconds since 1970: they outlive the process. */
interface Entry {
  first: number;
  last: number;
  /** A triplet: 1 once it came again. A network: how many triplets did. */
  passes: number;
}

/** The network of an address as it is remembered: large senders try again from a neighbour. null for what is no address. */
export function greyNetwork(address: string): string | null {
  const ip = parseIp(address);
  return ip && formatIp(maskIp(ip, ip.length === 4 ? 24 : 64));
}

export class Greylist {
  /** In the order of their last use. */
  readonly #entries = new Map<string, Entry>();
  #revision = 0;

  get size(): number {
    return this.#entries.size;
  }

  /** Another number after each change. */
  get revision(): number {
    return this.#revision;
  }

  /** What speaks against this try at `now` (ms since 1970), which is remembered; `wait`: milliseconds before a second one counts. */
  check(
    address: string,
    sender: Address | null,
    recipient: Address,
    now: number,
    wait: number,
  ): readonly Finding[] {
    const network = greyNetwork(address);
    if (network === null) return [];
    const whole = this.#get(network, now);
    if (whole && whole.passes >= GREY_NETWORK) {
      this.#put(network, { ...whole, last: now });
      return [];
    }
    const from = sender === null ? "" : formatAddress(sender).toLowerCase();
    const key = `${network} ${from} ${formatAddress(recipient).toLowerCase()}`;
    const known = this.#get(key, now);
    // A wall clock that was set back must not make anybody wait for ever.
    const first = Math.min(known?.first ?? now, now);
    const passes = known && (known.passes > 0 || now - first >= wait) ? 1 : 0;
    this.#put(key, { first, last: now, passes });
    if (passes === 0) return [{ check: "greylist", reason: "first try", score: 0, refuse: REPLY.greylisted }];
    if (known?.passes === 0) {
      this.#put(network, { first: whole?.first ?? now, last: now, passes: (whole?.passes ?? 0) + 1 });
    }
    return [];
  }

  /** All of it as it is now, as lines to be kept, in pieces of about a millisecond's work. */
  *pieces(): Generator<string> {
    const all = [...this.#entries];
    for (let at = 0; at < all.length; at += PIECE) {
      let text = "";
      for (const [key, { first, last, passes }] of all.slice(at, at + PIECE)) {
        text += `${JSON.stringify([key, first, last, passes])}\n`;
      }
      yield text;
    }
  }

  /** Takes over what `pieces` gave. Lines that are broken are left out: they cost somebody one more try. */
  restore(text: string): void {
    for (const line of text.split("\n")) {
      const entry = entryOf(line);
      if (entry) this.#put(...entry);
    }
  }

  #get(key: string, now: number): Entry | null {
    const entry = this.#entries.get(key);
    if (!entry) return null;
    const kept = entry.passes > 0 ? GREY_PASSED : GREY_PENDING;
    return now - entry.last > kept ? null : entry;
  }

  #put(key: string, entry: Entry): void {
    this.#revision++;
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    if (this.#entries.size <= GREY_ENTRIES) return;
    for (const oldest of this.#entries.keys()) {
      this.#entries.delete(oldest);
      return;
    }
  }
}

function entryOf(line: string): [string, Entry] | null {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return null; // cut off, or not ours
  }
  if (!Array.isArray(value)) return null;
  const [key, first, last, passes] = value as unknown[];
  if (typeof key !== "string" || !isTime(first) || !isTime(last) || !isTime(passes)) return null;
  return [key, { first, last, passes }];
}

function isTime(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}
