import { CONNECTIONS_WHEN_TIGHT } from "../base/limits.ts";
import { isInNetworks, type Network } from "../base/ip.ts";
import type { Conn } from "../wire/conn.ts";

/** Caps on open connections; trusted networks only count towards the total. */
export interface ConnectionLimits {
  readonly total: number;
  readonly perAddress: number;
  readonly trusted: readonly Network[];
}

/** Who is connected: counts for the limits and the status page, and the means to end everybody at a stop. */
export class Connections {
  #limits: ConnectionLimits;
  #total = 0;
  readonly #tight: () => boolean;
  readonly #byAddress = new Map<string, number>();
  readonly #open = new Map<Conn, Promise<void>>();

  /** `tight` tells whether memory is short. */
  constructor(limits: ConnectionLimits, tight: () => boolean = () => false) {
    this.#limits = limits;
    this.#tight = tight;
  }

  /** New limits for connections to come. */
  limit(limits: ConnectionLimits): void {
    this.#limits = limits;
  }

  get total(): number {
    return this.#total;
  }

  /** Memory is so short, and so much is open, that nothing new is begun. */
  get full(): boolean {
    return this.#total >= CONNECTIONS_WHEN_TIGHT && this.#tight();
  }

  /** Counts a connection in, unless a limit says no. Whoever was admitted must `leave`. */
  admit(address: string): boolean {
    const here = this.#byAddress.get(address) ?? 0;
    if (this.#total >= this.#limits.total || this.full) return false;
    if (here >= this.#limits.perAddress && !isInNetworks(address, this.#limits.trusted)) return false;
    this.#total++;
    this.#byAddress.set(address, here + 1);
    return true;
  }

  leave(address: string): void {
    const here = this.#byAddress.get(address) ?? 0;
    if (here === 0) return;
    this.#total--;
    if (here === 1) this.#byAddress.delete(address);
    else this.#byAddress.set(address, here - 1);
  }

  /** Remembers a session until it ends. */
  track(conn: Conn, session: Promise<void>): void {
    this.#open.set(conn, session);
    const gone = () => void this.#open.delete(conn);
    session.then(gone, gone);
  }

  /** Sessions still running. */
  get sessions(): number {
    return this.#open.size;
  }

  /** Waits for all sessions to end, `patience` at most, then drops those that are left. */
  async drain(patience: Promise<void>): Promise<void> {
    await Promise.race([Promise.allSettled([...this.#open.values()]), patience]);
    for (const conn of this.#open.keys()) conn.destroy();
    await Promise.allSettled([...this.#open.values()]);
  }
}
