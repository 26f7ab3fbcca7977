/** The ceiling of `limits.memory`: past it new connections and messages are put off, so that the machine never has to kill us. */
import type { Clock } from "../base/clock.ts";
import { MEMORY_COLLECT, MEMORY_LOOK } from "../base/limits.ts";
import type { Log } from "../base/log.ts";
import type { Policy } from "../smtp/ports.ts";
import { REPLY } from "../smtp/reply.ts";
import type { Memory } from "../sys/memory.ts";

/** Share of the ceiling from which on garbage is collected before the engine would. */
const COLLECT_FROM = 0.75;
/** Looks until the start is over. */
const STARTED = 2;

export class MemoryGuard {
  readonly #memory: Memory;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #tidy: () => void;
  #limit: number;
  #collected = -Infinity;
  #tight = false;

  /** `limit`: octets. `tidy` is called at each look: what is kept for reuse and was not used since can go. */
  constructor(memory: Memory, clock: Clock, log: Log, limit: number, tidy: () => void = () => {}) {
    this.#memory = memory;
    this.#clock = clock;
    this.#log = log;
    this.#limit = limit;
    this.#tidy = tidy;
  }

  /** Whether the process is over its ceiling. */
  get tight(): boolean {
    return this.#tight;
  }

  /** Another ceiling, in octets. */
  limit(octets: number): void {
    this.#limit = octets;
  }

  /** Looks once. */
  look(): void {
    this.#tidy();
    let resident = this.#memory.resident();
    const now = this.#clock.monotonic();
    if (resident > COLLECT_FROM * this.#limit && now - this.#collected >= MEMORY_COLLECT) {
      this.#collected = now;
      this.#memory.collect();
      resident = this.#memory.resident();
    }
    const tight = resident > this.#limit;
    if (tight === this.#tight) return;
    this.#tight = tight;
    const facts = { resident, limit: this.#limit };
    if (tight) this.#log.warn("memory over its limit: new connections and messages are put off", facts);
    else this.#log.info("memory under its limit again", facts);
  }

  /** Looks now and then until `stop`. */
  async watch(stop: AbortSignal): Promise<void> {
    for (let looks = 0; !stop.aborted; looks++) {
      // What the start left behind lies about until then: a megabyte of a server that may see no mail for hours.
      if (looks === STARTED) this.#memory.collect();
      this.look();
      await this.#clock.sleep(MEMORY_LOOK, stop);
    }
  }
}

/** A policy that takes no message while `full`. */
export function putOffWhile(full: () => boolean, policy: Policy): Policy {
  return {
    turns: policy.turns,
    connect: (client) => policy.connect(client),
    origin: (client) => policy.origin?.(client) ?? null,
    silence: (client) => policy.silence?.(client) ?? null,
    holdBack: (client, refusals) => policy.holdBack?.(client, refusals) ?? 0,
    helo: (client) => policy.helo(client),
    mail: (transaction) => full() ? REPLY.noSpace : policy.mail(transaction),
    rcpt: (transaction, recipient) => policy.rcpt(transaction, recipient),
  };
}
