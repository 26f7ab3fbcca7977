import type { Clock } from "../base/clock.ts";
import { OUTBOUND_IDLE, OUTBOUND_IDLE_CONNECTIONS, OUTBOUND_MESSAGES } from "../base/limits.ts";
import type { SmtpClient } from "../smtp/client.ts";

interface Idle {
  readonly key: string;
  readonly client: SmtpClient;
  readonly cancel: () => void;
}

/** Connections kept open for a moment after a message, for the next one to the same host. */
export class Pool {
  readonly #clock: Clock;
  readonly #idle: Idle[] = [];
  readonly #uses = new WeakMap<SmtpClient, number>();
  #closed = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** How many connections wait. */
  get size(): number {
    return this.#idle.length;
  }

  /** Whether a connection to `key` waits. */
  has(key: string): boolean {
    return this.#idle.some((i) => i.key === key);
  }

  /** A connection to `key`, the one used last, or null. Those that the peer has ended are passed over; it may still have died unseen. */
  take(key: string): SmtpClient | null {
    for (;;) {
      const at = this.#idle.findLastIndex((i) => i.key === key);
      const [found] = at < 0 ? [] : this.#idle.splice(at, 1);
      if (!found) return null;
      found.cancel();
      if (found.client.alive) return found.client;
      void found.client.quit();
    }
  }

  /** Keeps a connection that is between transactions, or ends it: when it has done enough, when too many wait, when it is of no use. */
  give(key: string, client: SmtpClient): void {
    const uses = (this.#uses.get(client) ?? 0) + 1;
    this.#uses.set(client, uses);
    if (this.#closed || !client.usable || uses >= OUTBOUND_MESSAGES) return void client.quit();
    const cancel = this.#clock.after(OUTBOUND_IDLE, () => this.#drop(client));
    this.#idle.push({ key, client, cancel });
    const oldest = this.#idle.length > OUTBOUND_IDLE_CONNECTIONS ? this.#idle[0] : undefined;
    if (oldest) this.#drop(oldest.client);
  }

  /** Says goodbye on all that wait, and on all that are given from now on. */
  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all(
      this.#idle.splice(0).map((i) => {
        i.cancel();
        return i.client.quit();
      }),
    );
  }

  #drop(client: SmtpClient): void {
    const at = this.#idle.findIndex((i) => i.client === client);
    if (at < 0) return;
    this.#idle.splice(at, 1)[0]?.cancel();
    // Nobody waits for the goodbye; it is bounded and never rejects but for bugs.
    void client.quit();
  }
}
