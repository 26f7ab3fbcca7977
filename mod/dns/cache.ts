import type { Clock } from "../base/clock.ts";
import { DNS_CACHE_OCTETS, DNS_NEGATIVE_TTL, DNS_TTL } from "../base/limits.ts";
import { parseQuestionName } from "./name.ts";
import type { DnsAnswer, RecordTypes, Resolver } from "./resolver.ts";
import type { Asked, RecordType, Source } from "./source.ts";

interface Entry {
  readonly answer: Asked<unknown>;
  /** Monotonic time in milliseconds from which it is stale. */
  readonly until: number;
  readonly octets: number;
}

/** Fixed cost of an entry: key, objects, map slot. A guess on the high side. */
const ENTRY_OCTETS = 200;

/**
 * The one resolver the server uses: a source behind a bounded cache. Answers and "no"s are kept for their time to live, "could not
 * ask" never. Who asks for what is just being looked up waits for that answer.
 */
export class CachingResolver implements Resolver {
  readonly #source: Source;
  readonly #clock: Clock;
  readonly #capacity: number;
  /** In the order of last use: the first goes first. */
  readonly #entries = new Map<string, Entry>();
  readonly #underWay = new Map<string, Promise<Asked<unknown>>>();
  #octets = 0;

  /** `capacity`: octets the cache may hold, as it estimates them. */
  constructor(source: Source, clock: Clock, capacity: number = DNS_CACHE_OCTETS) {
    this.#source = source;
    this.#clock = clock;
    this.#capacity = capacity;
  }

  /** Estimated octets held; for the status page and tests. */
  get octets(): number {
    return this.#octets;
  }

  /** A name that cannot be in the DNS is `nxdomain` without asking. */
  async lookup<T extends RecordType>(name: string, type: T): Promise<DnsAnswer<RecordTypes[T]>> {
    const parsed = parseQuestionName(name);
    if (parsed === null) return { kind: "nxdomain", secure: false };
    const key = `${type} ${parsed}`;
    const now = this.#clock.monotonic();
    const kept = this.#fresh(key, now);
    // Under a key of type T only answers of type T are ever put.
    if (kept) return remaining(kept.answer as Asked<RecordTypes[T]>, Math.ceil((kept.until - now) / 1000));
    const running = this.#underWay.get(key) as Promise<Asked<RecordTypes[T]>> | undefined;
    return await (running ?? this.#ask(key, parsed, type));
  }

  /** Forgets everything; for a reload of the config. */
  clear(): void {
    this.#entries.clear();
    this.#octets = 0;
  }

  #ask<T extends RecordType>(key: string, name: string, type: T): Promise<Asked<RecordTypes[T]>> {
    const asked = this.#source.ask(name, type).then((answer) => {
      this.#underWay.delete(key);
      this.#keep(key, answer);
      return answer;
    }, (cause) => {
      this.#underWay.delete(key);
      return { kind: "temp" as const, why: `look-up failed: ${cause}` };
    });
    this.#underWay.set(key, asked);
    return asked;
  }

  #fresh(key: string, now: number): Entry | null {
    const entry = this.#entries.get(key);
    if (!entry) return null;
    this.#entries.delete(key);
    if (entry.until > now) {
      this.#entries.set(key, entry);
      return entry;
    }
    this.#octets -= entry.octets;
    return null;
  }

  #keep(key: string, answer: Asked<unknown>): void {
    if (answer.kind === "temp") return;
    const ttl = Math.min(answer.ttl, answer.kind === "records" ? DNS_TTL : DNS_NEGATIVE_TTL);
    if (ttl <= 0) return;
    const octets = ENTRY_OCTETS + 2 * key.length + (answer.kind === "records" ? weight(answer.records) : 0);
    const old = this.#entries.get(key);
    if (old) {
      this.#entries.delete(key);
      this.#octets -= old.octets;
    }
    this.#entries.set(key, { answer, until: this.#clock.monotonic() + ttl * 1000, octets });
    this.#octets += octets;
    for (const [oldest, entry] of this.#entries) {
      if (this.#octets <= this.#capacity) break;
      this.#entries.delete(oldest);
      this.#octets -= entry.octets;
    }
  }
}

function remaining<T>(answer: Asked<T>, ttl: number): Asked<T> {
  return answer.kind === "temp" ? answer : { ...answer, ttl };
}

function weight(records: readonly unknown[]): number {
  let octets = 0;
  for (const r of records) octets += 64 + valueWeight(r);
  return octets;
}

function valueWeight(value: unknown): number {
  if (typeof value === "string") return 2 * value.length;
  if (value instanceof Uint8Array) return value.length;
  if (typeof value !== "object" || value === null) return 8;
  return Object.values(value).reduce<number>((sum, v) => sum + 16 + valueWeight(v), 0);
}
