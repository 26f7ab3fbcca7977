/**
 * The way of keys from new to gone, taken by the running server: a new key signs once DNS shows its record, or after a wait where DNS is not for
 * asking; the one before stays published for mail under way, and is removed once DNS has it no more, or long after.
 */
import { sameBytes } from "../../base/bytes.ts";
import type { Fs } from "../../base/fs.ts";
import { DKIM_FORGET, DKIM_WAIT } from "../../base/limits.ts";
import type { Log } from "../../base/log.ts";
import type { Resolver } from "../../dns/resolver.ts";
import { activateKey, countSeconds, type DkimKey, readKeys, removeKey, signingKeys } from "./key_files.ts";
import { keyName, lookupKeys } from "./key_lookup.ts";
import { base64Value } from "./tag_list.ts";

export interface RotationPorts {
  readonly fs: Fs;
  readonly log: Log;
}

export interface RotatedDomain {
  readonly domain: string;
  /** Where its keys lie. */
  readonly folder: string;
}

export class KeyRotation {
  readonly #ports: RotationPorts;

  constructor(ports: RotationPorts) {
    this.#ports = ports;
  }

  /**
   * Takes the steps that are due, `seconds` of running after the last look. `resolver`: null where DNS cannot be asked. Faults are logged, those of
   * files that are no keys only by who signs.
   */
  async look(domains: readonly RotatedDomain[], seconds: number, resolver: Resolver | null): Promise<void> {
    const { fs, log } = this.#ports;
    for (const at of domains) {
      try {
        for (const key of await readKeys(fs, at.folder, () => {})) {
          if (key.state === "new") await this.#await(at, key, seconds, resolver);
          else if (key.state !== "active") await this.#retire(at, key, seconds, resolver);
        }
      } catch (cause) {
        log.error("dkim keys not looked after", { domain: at.domain }, cause);
      }
    }
  }

  /** A record that cannot be seen is no reason to sign with a key that others cannot have: where DNS can be asked, only DNS counts. */
  async #await(at: RotatedDomain, key: DkimKey, seconds: number, resolver: Resolver | null): Promise<void> {
    const { fs, log } = this.#ports;
    const due = resolver
      ? await publishedKey(resolver, at.domain, key) === "shown"
      : key.seconds + seconds >= DKIM_WAIT;
    if (!due) return await countSeconds(fs, at.folder, key, seconds);
    await activateKey(fs, at.folder, key);
    log.info("dkim key active", { domain: at.domain, selector: key.selector });
  }

  async #retire(at: RotatedDomain, key: DkimKey, seconds: number, resolver: Resolver | null): Promise<void> {
    const { fs, log } = this.#ports;
    // What signs for want of another stays.
    const signs = signingKeys(await readKeys(fs, at.folder, () => {})).some((k) =>
      k.selector === key.selector
    );
    const gone = !signs && key.state === "removable" && (key.seconds >= DKIM_FORGET ||
      (resolver !== null && await publishedKey(resolver, at.domain, key) === "gone"));
    if (!gone) return await countSeconds(fs, at.folder, key, seconds);
    await removeKey(fs, at.folder, key);
    log.info("dkim key removed", { domain: at.domain, selector: key.selector });
  }
}

/** Whether DNS has a key's record: `gone` only where it surely has none, or another. */
export async function publishedKey(
  resolver: Resolver,
  domain: string,
  key: Pick<DkimKey, "selector" | "algorithm" | "p">,
): Promise<"shown" | "gone" | "unknown"> {
  if (keyName(domain, key.selector) === null) return "gone";
  const answer = await lookupKeys(resolver, domain, key.selector);
  if (answer.kind === "temp") return "unknown";
  const octets = base64Value(key.p);
  if (answer.kind === "none" || !octets) return "gone";
  const same = answer.keys.some((k) =>
    k.type === key.algorithm && k.key !== null && sameBytes(k.key, octets)
  );
  return same ? "shown" : "gone";
}
