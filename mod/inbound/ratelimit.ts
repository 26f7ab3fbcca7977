import type { Clock } from "../base/clock.ts";
import { formatIp, inNetwork, isLoopback, maskIp, type Network, parseIp } from "../base/ip.ts";
import { RATE_ENTRIES } from "../base/limits.ts";

/** How much one address may do. */
export interface Rate {
  /** So many at once after a rest. */
  readonly burst: number;
  /** So many a minute in the long run. */
  readonly perMinute: number;
}

interface Bucket {
  tokens: number;
  /** Monotonic milliseconds of the last look. */
  at: number;
}

/**
 * A token bucket for each address. IPv6 counts by /64: who has one address of it has them all. This machine and trusted networks are
 * never limited. Memory is bounded: when there are too many, those that have rested longest are forgotten.
 */
export class RateLimiter {
  readonly #clock: Clock;
  readonly #rate: Rate;
  readonly #trusted: readonly Network[];
  /** In the order of their last use. */
  readonly #buckets = new Map<string, Bucket>();

  constructor(clock: Clock, rate: Rate, trusted: readonly Network[]) {
    this.#clock = clock;
    this.#rate = rate;
    this.#trusted = trusted;
  }

  /** Addresses remembered now. */
  get size(): number {
    return this.#buckets.size;
  }

  /** Takes one from the address's bucket; false when it is empty. */
  take(address: string): boolean {
    const ip = parseIp(address);
    if (!ip) return true; // no address, no network peer
    if (isLoopback(ip) || this.#trusted.some((n) => inNetwork(ip, n))) return true;
    const key = formatIp(ip.length === 4 ? ip : maskIp(ip, 64));
    const now = this.#clock.monotonic();
    const bucket = this.#buckets.get(key) ?? { tokens: this.#rate.burst, at: now };
    this.#buckets.delete(key);
    this.#buckets.set(key, bucket);
    bucket.tokens = Math.min(
      this.#rate.burst,
      bucket.tokens + (now - bucket.at) * this.#rate.perMinute / 60_000,
    );
    bucket.at = now;
    if (this.#buckets.size > RATE_ENTRIES) this.#forgetOldest();
    if (bucket.tokens < 1) return false;
    bucket.tokens--;
    return true;
  }

  #forgetOldest(): void {
    for (const key of this.#buckets.keys()) {
      this.#buckets.delete(key);
      return;
    }
  }
}
