import { DNS_IN_FLIGHT, DNS_WAITING, DNS_ZONE_IN_FLIGHT, DNS_ZONE_WAITING } from "../base/limits.ts";

/** Questions under way, and who waits for one of them to end. */
class Places {
  readonly #places: number;
  readonly #line: number;
  readonly #waiting: (() => void)[] = [];
  #taken = 0;

  constructor(places: number, line: number) {
    this.#places = places;
    this.#line = line;
  }

  get empty(): boolean {
    return this.#taken === 0;
  }

  /** false: even the line is full. */
  async take(): Promise<boolean> {
    if (this.#taken < this.#places) {
      this.#taken++;
      return true;
    }
    if (this.#waiting.length >= this.#line) return false;
    // The place is handed over, so that nobody takes it in between.
    await new Promise<void>((go) => this.#waiting.push(go));
    return true;
  }

  give(): void {
    const next = this.#waiting.shift();
    if (next) next();
    else this.#taken--;
  }
}

/**
 * Whose turn it is to ask: each question holds a socket. A zone has few of the places, or whoever owns one whose servers do not answer could take
 * them all, and nobody else's mail would be looked at.
 */
export class QuestionTurns {
  readonly #all = new Places(DNS_IN_FLIGHT, DNS_WAITING);
  readonly #zones = new Map<string, Places>();

  /** Runs `ask` when it is the turn of `name`; null when too many wait already. */
  async take<T>(name: string, ask: () => Promise<T>): Promise<T | null> {
    const zone = zoneOf(name);
    const places = this.#zones.get(zone) ?? new Places(DNS_ZONE_IN_FLIGHT, DNS_ZONE_WAITING);
    this.#zones.set(zone, places);
    if (!await places.take()) return null;
    try {
      if (!await this.#all.take()) return null;
      try {
        return await ask();
      } finally {
        this.#all.give();
      }
    } finally {
      places.give();
      if (places.empty) this.#zones.delete(zone);
    }
  }
}

/** What has, as a rule, one owner: `example.org` of names, a /16 or /32 of reversed addresses. */
function zoneOf(name: string): string {
  const labels = name.toLowerCase().split(".");
  const under = labels.slice(-2).join(".");
  const kept = under === "in-addr.arpa" ? 4 : under === "ip6.arpa" ? 10 : 2;
  return labels.slice(-kept).join(".");
}
