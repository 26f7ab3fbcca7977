import { utf8 } from "../base/bytes.ts";
import { DNS_TIMEOUT } from "../base/limits.ts";
import { parseAddress } from "../dns/address.ts";
import { parseName } from "../dns/name.ts";
import type { RecordTypes } from "../dns/resolver.ts";
import { parseResolvConf } from "../dns/servers.ts";
import type { RecordType, Server } from "../dns/source.ts";
import type { SystemLookup } from "../dns/system.ts";

/** Milliseconds the list of servers is believed before the file is read again. */
const SERVERS_KEPT = 10_000;

/** The name servers of this machine, as /etc/resolv.conf has them; read again now and then, since a laptop moves about. */
export function systemServers(path = "/etc/resolv.conf"): () => Promise<readonly Server[]> {
  let kept: readonly Server[] = [];
  let until = -1;
  return async () => {
    if (performance.now() < until) return kept;
    const text = await Deno.readTextFile(path).catch(() => ""); // without the file: the server on this machine
    // Nobody has named that one, so it may not be there, and the system knows better where to ask.
    kept = text === "" ? parseResolvConf("").map((s) => ({ ...s, trusted: false })) : parseResolvConf(text);
    until = performance.now() + SERVERS_KEPT;
    return kept;
  };
}

/** One record as the platform gives it. */
export type Raw = string | string[] | Deno.MxRecord | Deno.SrvRecord | Deno.CaaRecord;

/** `Deno.resolveDns`, whose overloads know each type only as a literal; this is their sum. */
export type PlatformResolve = (
  name: string,
  type: string,
  options: { readonly signal: AbortSignal },
) => Promise<readonly Raw[]>;

/** Deno's look-up. */
export class DenoLookup implements SystemLookup {
  readonly #resolve: PlatformResolve;

  constructor(resolve: PlatformResolve = Deno.resolveDns as unknown as PlatformResolve) {
    this.#resolve = resolve;
  }

  async records<T extends RecordType>(name: string, type: T): Promise<readonly RecordTypes[T][] | null> {
    const convert: ((raw: Raw) => RecordTypes[T] | null) | null = CONVERTERS[type];
    if (!convert) return null;
    let raws: readonly Raw[];
    try {
      // The final dot keeps the search domains of resolv.conf out: mail for "example.net" must not go to "example.net.corp.example".
      raws = await this.#resolve(`${name}.`, type, { signal: AbortSignal.timeout(DNS_TIMEOUT) });
    } catch {
      return null; // "no" and "could not ask" look the same here: whoever calls asks elsewhere
    }
    const records: RecordTypes[T][] = [];
    for (const raw of raws) {
      const record = convert(raw);
      if (record === null) return null;
      records.push(record);
    }
    return records;
  }
}

const CONVERTERS: { readonly [T in RecordType]: ((raw: Raw) => RecordTypes[T] | null) | null } = {
  A: addressOf,
  AAAA: addressOf,
  MX: (raw) => {
    if (typeof raw === "string" || !("exchange" in raw)) return null;
    const exchange = parseName(raw.exchange);
    return exchange === null ? null : { preference: raw.preference, exchange };
  },
  TXT: (raw) => {
    if (!Array.isArray(raw)) return null;
    const text = raw.join("");
    // The platform decodes as UTF-8; what was not is lost, so the stub must ask for the octets.
    return text.includes("\ufffd") ? null : utf8(text);
  },
  PTR: nameOf,
  CNAME: nameOf,
  NS: nameOf,
  SRV: (raw) => {
    if (typeof raw === "string" || !("target" in raw)) return null;
    const target = parseName(raw.target);
    return target === null ? null : { priority: raw.priority, weight: raw.weight, port: raw.port, target };
  },
  TLSA: null,
  CAA: (raw) => {
    if (typeof raw === "string" || !("tag" in raw)) return null;
    return { critical: raw.critical, tag: raw.tag.toLowerCase(), value: raw.value };
  },
};

function addressOf(raw: Raw): string | null {
  return typeof raw === "string" ? parseAddress(raw) : null;
}

function nameOf(raw: Raw): string | null {
  return typeof raw === "string" ? parseName(raw) : null;
}
