/** DKIM for what leaves in our name: submissions, and what Roost writes itself. */
import { authorDomains } from "../auth/dmarc/author.ts";
import type { DomainKeys } from "../auth/dkim/domain_keys.ts";
import { type Signing, signMessage } from "../auth/dkim/sign.ts";
import type { Body } from "../base/body.ts";
import { EMPTY } from "../base/bytes.ts";
import { type Clock, clockIsSet } from "../base/clock.ts";
import type { Log } from "../base/log.ts";
import { headerOf } from "./head.ts";

export interface SignerPorts {
  readonly keys: Pick<DomainKeys, "of">;
  /** Whether mail of a domain is ours. */
  readonly ours: (domain: string) => boolean;
  readonly clock: Clock;
  readonly log: Log;
}

export class MessageSigner {
  readonly #ports: SignerPorts;

  constructor(ports: SignerPorts) {
    this.#ports = ports;
  }

  /**
   * Header fields to put before a message that will not change any more; none where it is from no domain of ours, or that has no keys. A message
   * that cannot be signed goes without: that is logged, and better than mail that does not go at all.
   */
  async sign(body: Body): Promise<Uint8Array> {
    const { clock, log } = this.#ports;
    try {
      const signings = await this.#signings(authorDomains(await headerOf(body)));
      if (signings.length === 0) return EMPTY;
      const now = clock.now();
      // Without t= nobody can take the signature for one from the future, or from long ago.
      const time = !clockIsSet(now) ? null : Math.floor(now / 1000);
      return await signMessage(body, signings, { time }) ?? EMPTY;
    } catch (cause) {
      log.error("message not signed", {}, cause);
      return EMPTY;
    }
  }

  /** Keys of the first author's domain, or of the one above it that is ours: that is aligned, too (RFC 9989 4.4; RFC 6376 6.3). */
  async #signings(authors: readonly string[]): Promise<readonly Signing[]> {
    for (const author of authors) {
      for (let domain = author; domain !== ""; domain = parentOf(domain)) {
        if (!this.#ports.ours(domain)) continue;
        const signings = await this.#ports.keys.of(domain);
        if (signings.length > 0) return signings;
      }
    }
    return [];
  }
}

function parentOf(domain: string): string {
  const dot = domain.indexOf(".");
  return dot < 0 ? "" : domain.slice(dot + 1);
}
