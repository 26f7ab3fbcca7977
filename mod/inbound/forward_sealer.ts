/** ARC seals (RFC 8617) for what came from outside and goes outside again: the next host reads in them what we found. */
import { sealMessage } from "../auth/arc/seal.ts";
import { BodyHasher } from "../auth/dkim/body_hasher.ts";
import type { DomainKeys } from "../auth/dkim/domain_keys.ts";
import type { Body } from "../base/body.ts";
import { EMPTY } from "../base/bytes.ts";
import type { Clock } from "../base/clock.ts";
import type { Log } from "../base/log.ts";
import { HEADER_SIZE } from "../base/limits.ts";
import type { Address } from "../mail/address.ts";
import { HeaderSplitter } from "../mail/header.ts";
import type { Sealing } from "./dispatch.ts";
import type { Arrival } from "./examiner.ts";

export interface SealerPorts {
  readonly keys: Pick<DomainKeys, "of">;
  readonly clock: Clock;
  readonly log: Log;
}

const COVER = { canon: "relaxed", length: null } as const;

/**
 * Seals with the keys of the domain that was written to; the RSA one, which all can check. None where the domain has no keys, and none on
 * a chain that came broken: it stays broken whatever is put on top. What cannot be sealed goes without: that is logged.
 */
export function forwardSealer({ keys, clock, log }: SealerPorts): Sealing {
  return async (body: Body, arrival: Arrival, via: Address): Promise<Uint8Array> => {
    const state = arrival.findings.arc?.result;
    if (state !== "none" && state !== "pass") return EMPTY;
    try {
      const signings = await keys.of(via.domain);
      const signing = signings.find((s) => s.key.type === "rsa") ?? signings[0];
      if (!signing) return EMPTY;
      const { header, bodyHash } = await digest(body);
      const facts = { header, bodyHash, results: arrival.results, now: clock.now() };
      return await sealMessage(facts, signing) ?? EMPTY;
    } catch (cause) {
      log.error("forward not sealed", { domain: via.domain }, cause);
      return EMPTY;
    }
  };
}

async function digest(body: Body): Promise<{ readonly header: Uint8Array; readonly bodyHash: Uint8Array }> {
  const hasher = new BodyHasher([COVER]);
  const splitter = new HeaderSplitter(HEADER_SIZE);
  for await (const chunk of body.memory ?? body.stream()) {
    const taken = splitter.done ? 0 : splitter.write(chunk);
    if (splitter.overflow) throw new RangeError("Cannot seal: the header is too long");
    if (taken < chunk.length) hasher.write(taken === 0 ? chunk : chunk.subarray(taken));
  }
  hasher.end();
  return { header: splitter.header(), bodyHash: hasher.hash(COVER).digest ?? EMPTY };
}
