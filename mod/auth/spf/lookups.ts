import type { Clock } from "../../base/clock.ts";
import type { DnsAnswer, RecordTypes, Resolver } from "../../dns/resolver.ts";
import type { SpfLimits } from "./types.ts";

/** What one check may ask of DNS, and what it has asked (RFC 7208 4.6.4). */
export class Lookups {
  readonly #resolver: Resolver;
  readonly #clock: Clock;
  readonly #limits: SpfLimits;
  readonly #deadline: number;
  #terms = 0;
  #voids = 0;

  constructor(resolver: Resolver, clock: Clock, limits: SpfLimits) {
    this.#resolver = resolver;
    this.#clock = clock;
    this.#limits = limits;
    this.#deadline = clock.monotonic() + limits.time;
  }

  /** Terms that have asked. */
  get terms(): number {
    return this.#terms;
  }

  /** Whether the time is over; every further question is answered `temp` at once. */
  get late(): boolean {
    return this.#clock.monotonic() >= this.#deadline;
  }

  /** Counts a term that asks; false when it is one too many. */
  spend(): boolean {
    if (this.#terms >= this.#limits.lookups) return false;
    this.#terms++;
    return true;
  }

  /** Counts a term whose question had no answer; false when it is one too many. */
  spendVoid(): boolean {
    return ++this.#voids <= this.#limits.void;
  }

  /** As the resolver's, but never after the deadline. */
  async ask<T extends keyof RecordTypes>(name: string, type: T): Promise<DnsAnswer<RecordTypes[T]>> {
    const left = this.#deadline - this.#clock.monotonic();
    const late = { kind: "temp", why: `no answer within ${this.#limits.time / 1000} s` } as const;
    if (left <= 0) return late;
    return await new Promise((resolve) => {
      const cancel = this.#clock.after(left, () => resolve(late));
      const settle = (answer: DnsAnswer<RecordTypes[T]>) => {
        cancel();
        resolve(answer);
      };
      this.#resolver.lookup(name, type).then(settle, (cause) => settle({ kind: "temp", why: String(cause) }));
    });
  }
}
