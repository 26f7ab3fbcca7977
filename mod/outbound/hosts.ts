/**
 * Hosts that could not be reached, or said at once that they have no time: left alone by all mail for a while, which grows with each
 * time in vain. When that is over, one message goes ahead to see. Invariant: of a host that is away at most one attempt a pause is made,
 * whatever number of destinations leads there.
 */
import type { Clock } from "../base/clock.ts";
import { OUTBOUND_AWAY_DESTINATIONS, OUTBOUND_AWAY_HOSTS } from "../base/limits.ts";
import type { Random } from "../base/random.ts";
import { destinationPause } from "../queue/schedule.ts";

/** One address of a host, as others are told of it. Times in milliseconds since 1970. */
export interface AwayHost {
  /** Its name, or the address. */
  readonly host: string;
  readonly address: string;
  readonly port: number;
  readonly since: number;
  /** Not tried before; it may be past. */
  readonly until: number;
  /** Attempts in vain, in a row. */
  readonly failures: number;
  readonly why: string;
}

/** What is asked about. */
export type HostAddress = Pick<AwayHost, "host" | "address" | "port">;

interface Remembered {
  told: AwayHost;
  /** Whose mail waits for it; some, when they are very many. */
  readonly destinations: Set<string>;
}

export interface HostsPorts {
  readonly clock: Clock;
  readonly random: Random;
  /** A host is back that these destinations waited for. */
  readonly back?: (destinations: ReadonlySet<string>) => void;
}

/** Milliseconds that whoever goes ahead has to find out, before the next one may. */
const AHEAD = 60_000;

export class Hosts {
  readonly #ports: HostsPorts;
  readonly #away = new Map<string, Remembered>();
  /** Sessions under way, by address. */
  readonly #busy = new Map<string, number>();

  constructor(ports: HostsPorts) {
    this.#ports = ports;
  }

  /** Why mail for `destination` is not to be tried there now; null when it may: it then must be followed by `failed` or `answered`. */
  ask(at: HostAddress, destination: string): AwayHost | null {
    const found = this.#away.get(keyOf(at));
    if (!found) return null;
    if (found.destinations.size < OUTBOUND_AWAY_DESTINATIONS) found.destinations.add(destination);
    const now = this.#ports.clock.now();
    if (found.told.until > now) return found.told;
    found.told = { ...found.told, until: now + AHEAD };
    return null;
  }

  /** It could not be reached, or would not have us. */
  failed(at: HostAddress, why: string, destination: string): void {
    const key = keyOf(at);
    // It serves others of ours at this moment: it is there, only no more than that is to be had.
    if (this.#busy.has(key)) return;
    const now = this.#ports.clock.now();
    const before = this.#away.get(key);
    const failures = (before?.told.failures ?? 0) + 1;
    const destinations = before?.destinations ?? new Set<string>();
    if (destinations.size < OUTBOUND_AWAY_DESTINATIONS) destinations.add(destination);
    const { host, address, port } = at;
    const until = now + destinationPause(failures, this.#ports.random);
    const told = { host, address, port, since: before?.told.since ?? now, until, failures, why };
    this.#away.delete(key);
    this.#away.set(key, { told, destinations });
    const [oldest] = this.#away.keys();
    if (this.#away.size > OUTBOUND_AWAY_HOSTS && oldest !== undefined) this.#away.delete(oldest);
  }

  /** It is ready for mail; to be followed by `left` when the session ends. */
  answered(at: HostAddress): void {
    const key = keyOf(at);
    this.#busy.set(key, (this.#busy.get(key) ?? 0) + 1);
    const back = this.#away.get(key);
    if (!back) return;
    this.#away.delete(key);
    this.#ports.back?.(back.destinations);
  }

  left(at: HostAddress): void {
    const key = keyOf(at);
    const others = (this.#busy.get(key) ?? 1) - 1;
    if (others > 0) this.#busy.set(key, others);
    else this.#busy.delete(key);
  }

  /** The hosts that a destination waits for may be tried now: one attempt goes ahead, as when their time is over. */
  forgive(destination: string): void {
    const until = this.#ports.clock.now();
    for (const found of this.#away.values()) {
      const { destinations, told } = found;
      const concerned = destinations.has(destination) || destinations.size >= OUTBOUND_AWAY_DESTINATIONS;
      if (concerned) found.told = { ...told, until, failures: 0 };
    }
  }

  /** Those that are away. */
  list(): readonly AwayHost[] {
    return [...this.#away.values()].map(({ told }) => told);
  }
}

function keyOf({ address, port }: HostAddress): string {
  return `${address} ${port}`;
}
