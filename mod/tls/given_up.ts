/**
 * Who gives up on TLS 1.3. Some senders (Microsoft's, at times) hang up when they are sent session tickets, come again and hang up again, and never turn
 * to anything else. The runtime (Deno 2.9.6) sends two of them after each handshake of TLS 1.3, and neither secureOptions (SSL_OP_NO_TICKET),
 * sessionTimeout nor ticketKeys stops it. So whose network has left twice in a row as soon as TLS stood, or before it did, is offered TLS 1.2 for a day. Pure: time
 * comes with each call. Bounded.
 */
import { formatIp, maskIp, parseIp } from "../base/ip.ts";
import { GIVEN_UP_AGE, GIVEN_UP_NETWORKS, GIVEN_UP_TIMES } from "../base/limits.ts";

interface Left {
  readonly times: number;
  /** Monotonic milliseconds. */
  readonly last: number;
}

export class GivenUp {
  /** In order of the last time, oldest first. */
  readonly #networks = new Map<string, Left>();

  /** A connection from there ended without a word over TLS 1.3. True when its network is offered TLS 1.2 from now on. */
  left(remote: string, now: number): boolean {
    const network = networkOf(remote);
    const before = this.#recent(network, now);
    const times = (before?.times ?? 0) + 1;
    this.#networks.delete(network);
    this.#networks.set(network, { times, last: now });
    for (const oldest of this.#networks.keys()) {
      if (this.#networks.size <= GIVEN_UP_NETWORKS) break;
      this.#networks.delete(oldest);
    }
    return times === GIVEN_UP_TIMES;
  }

  /** A connection from there went well by TLS 1.3: who left meanwhile had other reasons. */
  stayed(remote: string): void {
    if (this.#networks.size > 0) this.#networks.delete(networkOf(remote));
  }

  /** Whether who comes from there is offered TLS 1.2 alone. */
  has(remote: string, now: number): boolean {
    return this.#networks.size > 0 && (this.#recent(networkOf(remote), now)?.times ?? 0) >= GIVEN_UP_TIMES;
  }

  #recent(network: string, now: number): Left | undefined {
    const left = this.#networks.get(network);
    return left && now - left.last < GIVEN_UP_AGE ? left : undefined;
  }
}

/** Large senders come from another address of the same network each time. */
function networkOf(remote: string): string {
  const ip = parseIp(remote);
  return ip === null ? remote : formatIp(maskIp(ip, ip.length === 4 ? 16 : 32));
}
