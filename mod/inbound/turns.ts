/** ETRN (RFC 1985): for those who have logged in and for networks the config trusts; others could make us work for nothing. */
import { isInNetworks, type Network } from "../base/ip.ts";
import type { Client, Turns } from "../smtp/ports.ts";

/** The queue, as far as it is needed here. */
export interface TurnQueue {
  tryDestinations(wanted: (destination: string) => boolean): number;
}

export class QueueTurns implements Turns {
  readonly #queue: TurnQueue;
  readonly #trusted: readonly Network[];

  constructor(queue: TurnQueue, trusted: readonly Network[]) {
    this.#queue = queue;
    this.#trusted = trusted;
  }

  permits(client: Client): boolean {
    if (client.listener === "lmtp") return false;
    return client.account !== null || isInNetworks(client.remote.address, this.#trusted);
  }

  start(domain: string, below: boolean): number {
    const under = `.${domain}`;
    return this.#queue.tryDestinations((d) => d === domain || below && d.endsWith(under));
  }
}
