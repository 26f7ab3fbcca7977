/** What is asked of DNS about a client, from its connect on: at once, in the background, in bounded time. */
import type { Clock } from "../base/clock.ts";
import { ORIGIN_WAIT } from "../base/limits.ts";
import type { Resolver } from "../dns/resolver.ts";
import type { Origin } from "../smtp/ports.ts";
import { type DnsList, findListed } from "./checks/dns_list.ts";
import { lookUpName, type ReverseName } from "./checks/reverse_name.ts";

export interface OriginPorts {
  readonly resolver: Resolver;
  readonly clock: Clock;
}

export interface OriginQuestions {
  /** Nobody waits for what is asked about a trusted host, and no list is. */
  readonly trusted: boolean;
  readonly blocklists: readonly DnsList[];
  readonly allowlists: readonly DnsList[];
}

export class PeerOrigin implements Origin {
  readonly trusted: boolean;
  #reverse: ReverseName = { kind: "unknown" };
  #blocked: DnsList | null = null;
  #allowed = false;
  #pending: Promise<void> | null = null;

  constructor(address: string, questions: OriginQuestions, ports: OriginPorts | null) {
    this.trusted = questions.trusted;
    if (!ports) return;
    const { resolver, clock } = ports;
    const { blocklists, allowlists } = questions;
    const asked: Promise<void>[] = [
      lookUpName(address, resolver).then((found) => {
        this.#reverse = found;
      }),
    ];
    if (!questions.trusted && blocklists.length + allowlists.length > 0) {
      asked.push(
        findListed(address, blocklists, resolver).then((list) => {
          this.#blocked = list;
        }),
        findListed(address, allowlists, resolver).then((list) => {
          this.#allowed = list !== null;
        }),
      );
    }
    this.#pending = within(clock, ORIGIN_WAIT, Promise.allSettled(asked)).then(() => {
      this.#pending = null;
    });
  }

  /** Resolves when all is known, or the time for it is over; null when that is so already. */
  get pending(): Promise<void> | null {
    return this.#pending;
  }

  get reverse(): ReverseName {
    return this.#reverse;
  }

  get name(): string | null {
    return this.#reverse.kind === "verified" ? this.#reverse.name : null;
  }

  /** The list that has the host, unless another of the config vouches for it. */
  get listed(): DnsList | null {
    return this.#allowed ? null : this.#blocked;
  }

  /** Whether a list of the config vouches for the host. */
  get allowed(): boolean {
    return this.#allowed;
  }
}

/** Resolves when `work` is done, or after `ms` milliseconds. */
function within(clock: Clock, ms: number, work: Promise<unknown>): Promise<void> {
  return new Promise((resolve) => {
    const cancel = clock.after(ms, resolve);
    work.finally(() => {
      cancel();
      resolve();
    });
  });
}
