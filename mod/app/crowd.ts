import { formatIp, isLoopback, maskIp, parseIp } from "../base/ip.ts";
import { HTTP_CONNECTIONS, HTTP_PER_NETWORK } from "../base/limits.ts";
import { Connections } from "./connections.ts";

/** Who is connected to a listener of HTTP, handshakes under way included. Strangers must not keep the verbs of this machine out. */
export class Crowd {
  readonly #strangers: Connections;
  readonly #own = new Connections({ total: HTTP_CONNECTIONS, perAddress: HTTP_CONNECTIONS, trusted: [] });

  /** `tight` tells whether memory is short. */
  constructor(tight: () => boolean) {
    const limits = { total: HTTP_CONNECTIONS, perAddress: HTTP_PER_NETWORK, trusted: [] };
    this.#strangers = new Connections(limits, tight);
  }

  get total(): number {
    return this.#strangers.total + this.#own.total;
  }

  /** Counts one in, unless there are too many. Who was admitted must `leave`. */
  admit(remote: string): boolean {
    return this.#of(remote).admit(networkOf(remote));
  }

  leave(remote: string): void {
    this.#of(remote).leave(networkOf(remote));
  }

  #of(remote: string): Connections {
    const ip = parseIp(remote);
    return ip !== null && isLoopback(ip) ? this.#own : this.#strangers;
  }
}

/** Who has an IPv6 network has all its addresses. */
function networkOf(remote: string): string {
  const ip = parseIp(remote);
  return ip === null || ip.length === 4 ? remote : formatIp(maskIp(ip, 64));
}
