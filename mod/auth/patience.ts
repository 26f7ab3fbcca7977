import type { Clock } from "../base/clock.ts";
import type { DnsAnswer, RecordTypes, Resolver } from "../dns/resolver.ts";

type Late = { readonly kind: "temp"; readonly why: string };

/**
 * A resolver whose answers are waited for no longer than permitted: past that moment whatever has not answered could not be asked. So every
 * check ends, with what it knows by then.
 */
export class PatientResolver implements Resolver {
  readonly #resolver: Resolver;
  readonly #late: Promise<Late>;
  readonly #giveUp: () => void;
  #over = false;

  constructor(resolver: Resolver) {
    this.#resolver = resolver;
    const late = Promise.withResolvers<Late>();
    this.#late = late.promise;
    this.#giveUp = () => {
      this.#over = true;
      late.resolve({ kind: "temp", why: "no answer in time" });
    };
  }

  /** From now on `ms` milliseconds more. The result takes that back. */
  atMost(clock: Clock, ms: number): () => void {
    return clock.after(ms, this.#giveUp);
  }

  async lookup<T extends keyof RecordTypes>(name: string, type: T): Promise<DnsAnswer<RecordTypes[T]>> {
    return this.#over
      ? await this.#late
      : await Promise.race([this.#resolver.lookup(name, type), this.#late]);
  }
}
