/**
 * Slows down who shows wrong tokens, by network. A right token is always let in at once: nobody can guess one, so that waiting would only lock out
 * an owner behind the same address. Pure: time comes with each call. Bounded.
 */
import { formatIp, maskIp, parseIp } from "../base/ip.ts";
import { WRONG_TOKEN_FORGET, WRONG_TOKEN_NETWORKS, WRONG_TOKEN_WAIT } from "../base/limits.ts";

interface Failures {
  readonly count: number;
  /** Monotonic milliseconds. */
  readonly last: number;
}

/** Wrong tokens before an answer is held back. */
const FREE = 3;
/** Milliseconds of the first wait; doubled each time. */
const FIRST = 250;

export class WrongTokens {
  /** In order of the last failure, oldest first. */
  readonly #failures = new Map<string, Failures>();

  /** A wrong token came from there: milliseconds to hold the answer back. */
  failed(now: number, remote: string): number {
    const network = networkOf(remote);
    const before = this.#failures.get(network);
    const count = before && now - before.last < WRONG_TOKEN_FORGET ? before.count + 1 : 1;
    this.#failures.delete(network);
    this.#failures.set(network, { count, last: now });
    for (const oldest of this.#failures.keys()) {
      if (this.#failures.size <= WRONG_TOKEN_NETWORKS) break;
      this.#failures.delete(oldest);
    }
    return count <= FREE ? 0 : Math.min(WRONG_TOKEN_WAIT, FIRST * 2 ** Math.min(20, count - FREE - 1));
  }
}

/** Who has an IPv6 network has all its addresses. */
function networkOf(remote: string): string {
  const ip = parseIp(remote);
  return ip === null ? remote : formatIp(maskIp(ip, ip.length === 4 ? 32 : 64));
}
