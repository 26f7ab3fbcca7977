import type { AccountId, Directory, Resolution } from "../account/directory.ts";
import { looksLikeSrs, type Srs } from "../auth/srs.ts";
import type { Clock } from "../base/clock.ts";
import { SRS_STEPS } from "../base/limits.ts";
import type { Address } from "../mail/address.ts";

/** What it takes to rewrite senders. Both may change with a reload. */
export interface ReturnPathPorts {
  readonly srs: () => Srs;
  /** Domain for what came to a bare "postmaster"; undefined while there is none. */
  readonly domain: () => string | undefined;
  readonly clock: Clock;
}

/**
 * A directory that also knows the return addresses we gave to what we forwarded (SRS), and makes them. Such an address is at the domain that
 * was written to, so that this domain's SPF record is asked for.
 */
export class ReturnPaths implements Directory {
  readonly #inner: Directory;
  readonly #ports: ReturnPathPorts;

  constructor(inner: Directory, ports: ReturnPathPorts) {
    this.#inner = inner;
    this.#ports = ports;
  }

  /**
   * The envelope sender of what is forwarded because it was sent to `via`. Our own stay: we may send for them. What would grow too long stays
   * too: it may fail SPF, but its sender is told.
   */
  rewrite(sender: Address | null, via: Address): Address | null {
    if (sender === null || sender.domain === "" || this.isLocal(sender.domain)) return sender;
    const domain = via.domain === "" ? this.#ports.domain() : via.domain;
    return domain === undefined
      ? sender
      : this.#ports.srs().forward(sender, domain, this.#ports.clock.now()) ?? sender;
  }

  resolve(recipient: Address): Resolution {
    let address = recipient;
    for (let step = 0; step < SRS_STEPS; step++) {
      if (!looksLikeSrs(address.local) || !this.isLocal(address.domain)) break;
      const back = this.#ports.srs().reverse(address, this.#ports.clock.now());
      // Forged ones are nobody's: a catch-all would collect them.
      if (!back.ok && back.error !== "not-srs") return { kind: "unknown-user", returnPath: true };
      if (!back.ok) break;
      address = back.value;
    }
    if (address === recipient) return this.#inner.resolve(recipient);
    if (!this.isLocal(address.domain)) {
      return { kind: "targets", targets: [{ kind: "forward", address }], returnPath: true };
    }
    // The first sender's domain has become ours meanwhile.
    const found = this.#inner.resolve(address);
    return found.kind === "targets" ? { ...found, returnPath: true } : found;
  }

  isLocal(domain: string): boolean {
    return this.#inner.isLocal(domain);
  }
  maySendAs(account: AccountId, sender: Address): boolean {
    return this.#inner.maySendAs(account, sender);
  }
  accounts(): readonly AccountId[] {
    return this.#inner.accounts();
  }
}
