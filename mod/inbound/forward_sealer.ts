/** ARC seals (RFC 8617) for what came from outside and goes outside again: the next host reads in them what we found. */
import { sealMessage } from "../auth/arc/seal.ts";
import type { DomainKeys } from "../auth/dkim/domain_keys.ts";
import { digestMessage } from "../auth/dkim/message_digest.ts";
import type { Body } from "../base/body.ts";
import { EMPTY } from "../base/bytes.ts";
import type { Clock } from "../base/clock.ts";
import type { Log } from "../base/log.ts";
import type { Address } from "../mail/address.ts";
import type { Sealing } from "./dispatch.ts";
import type { Arrival } from "./examiner.ts";

export interface SealerPorts {
  readonly keys: Pick<DomainKeys, "of">;
  readonly clock: Clock;
  readonly log: Log;
}

/**
 * Seals with the keys of the domain that was written to; the RSA one, which all can check. None where the domain has no keys. What cannot be
 * sealed goes without: that is logged.
 */
export function forwardSealer({ keys, clock, log }: SealerPorts): Sealing {
  return async (body: Body, arrival: Arrival, via: Address): Promise<Uint8Array> => {
    try {
      const signings = await keys.of(via.domain);
      const signing = signings.find((s) => s.key.type === "rsa") ?? signings[0];
      if (!signing) return EMPTY;
      const digest = await digestMessage(body, "relaxed");
      if (!digest) return EMPTY;
      return await sealMessage({ ...digest, results: arrival.results, now: clock.now() }, signing) ?? EMPTY;
    } catch (cause) {
      log.error("forward not sealed", { domain: via.domain }, cause);
      return EMPTY;
    }
  };
}
