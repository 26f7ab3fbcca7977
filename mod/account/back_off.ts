/**
 * Slows guessing of passwords down. Failures count for a network (an IPv4 /24, an IPv6 /64) together with an account, and for the network with
 * all accounts. Every key holds the network, so strangers can never lock the owner out elsewhere. Pure: time comes with each call. Bounded.
 */
import { formatIp, maskIp, parseIp } from "../base/ip.ts";
import {
  BACK_OFF_ENTRIES,
  BACK_OFF_FIRST,
  BACK_OFF_FORGET,
  BACK_OFF_FREE,
  BACK_OFF_FREE_NETWORK,
  BACK_OFF_LONGEST,
} from "../base/limits.ts";

interface Failures {
  count: number;
  /** Monotonic milliseconds. */
  last: number;
  until: number;
}

/** Memory of failed logins. */
export class BackOff {
  /** In order of the last failure, oldest first. */
  readonly #failures = new Map<string, Failures>();
  /** Networks from which an account was opened: their typing errors do not count for the network. */
  readonly #known = new Map<string, number>();

  /** Milliseconds until this network may try this account again; 0 for now. `login` in lower case. */
  wait(now: number, remote: string, login: string): number {
    const network = networkOf(remote);
    const pair = this.#waitFor(now, `${network} ${login}`);
    return this.#known.has(`${network} ${login}`) ? pair : Math.max(pair, this.#waitFor(now, network));
  }

  /** A login failed. */
  failed(now: number, remote: string, login: string): void {
    const network = networkOf(remote);
    const pair = `${network} ${login}`;
    this.#count(now, pair, BACK_OFF_FREE);
    if (!this.#known.has(pair)) this.#count(now, network, BACK_OFF_FREE_NETWORK);
  }

  /** A login succeeded: this network's failures for this account are forgotten. */
  succeeded(now: number, remote: string, login: string): void {
    const pair = `${networkOf(remote)} ${login}`;
    this.#failures.delete(pair);
    this.#known.delete(pair);
    this.#known.set(pair, now);
    trim(this.#known);
  }

  /** Entries held, for the status page and tests. */
  get size(): number {
    return this.#failures.size + this.#known.size;
  }

  #waitFor(now: number, key: string): number {
    const f = this.#failures.get(key);
    return f ? Math.max(0, f.until - now) : 0;
  }

  #count(now: number, key: string, free: number): void {
    const before = this.#failures.get(key);
    const count = before && now - before.last < BACK_OFF_FORGET ? before.count + 1 : 1;
    const past = count - free;
    const delay = past < 0 ? 0 : Math.min(BACK_OFF_LONGEST, BACK_OFF_FIRST * 2 ** Math.min(past, 20));
    this.#failures.delete(key);
    this.#failures.set(key, { count, last: now, until: now + delay });
    trim(this.#failures);
  }
}

function trim(map: Map<string, unknown>): void {
  if (map.size <= BACK_OFF_ENTRIES) return;
  const oldest = map.keys().next().value;
  if (oldest !== undefined) map.delete(oldest);
}

/** The network an address belongs to, as text; what is no address stands for itself. */
function networkOf(remote: string): string {
  const ip = parseIp(remote);
  return ip ? formatIp(maskIp(ip, ip.length === 4 ? 24 : 64)) : remote;
}
