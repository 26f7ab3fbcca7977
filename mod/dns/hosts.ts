import { parseAddress, reverseName } from "./address.ts";
import { parseName } from "./name.ts";
import type { RecordTypes } from "./resolver.ts";
import type { Asked, RecordType, Source } from "./source.ts";

/** Seconds; short, so that a reload of the config is soon felt. */
const HOSTS_TTL = 60;

/**
 * The config's own names (`dns.hosts`), before any other source. It answers A, AAAA and PTR of what it names; other types go on to the
 * next source, whose "no such name" becomes "no such record": the name does exist here.
 */
export class HostsSource implements Source {
  readonly #addresses = new Map<string, string[]>();
  readonly #names = new Map<string, string[]>();
  readonly #next: Source;

  /** Names to addresses, one or several each; pairs that are no name or no address are left out (the config check tells of them). */
  constructor(hosts: Readonly<Record<string, string | readonly string[]>>, next: Source) {
    this.#next = next;
    for (const [text, value] of Object.entries(hosts)) {
      const name = parseName(text);
      if (name === null) continue;
      for (const one of typeof value === "string" ? [value] : value) {
        const address = parseAddress(one);
        const reverse = address && reverseName(address);
        if (!address || !reverse) continue;
        append(this.#addresses, name, address);
        append(this.#names, reverse, name);
      }
    }
  }

  async ask<T extends RecordType>(name: string, type: T): Promise<Asked<RecordTypes[T]>> {
    const addresses = this.#addresses.get(name);
    const names = this.#names.get(name);
    if (addresses && (type === "A" || type === "AAAA")) {
      return answer<T>(addresses.filter((a) => a.includes(":") === (type === "AAAA")));
    }
    if (names && type === "PTR") return answer<T>(names);
    const further = await this.#next.ask(name, type);
    return addresses && further.kind === "nxdomain" ? { ...further, kind: "nodata" } : further;
  }
}

/** The end of the line in a closed network without name servers: nothing else exists. */
export class ClosedSource implements Source {
  ask<T extends RecordType>(_name: string, _type: T): Promise<Asked<RecordTypes[T]>> {
    return Promise.resolve({ kind: "nxdomain", ttl: HOSTS_TTL, secure: false });
  }
}

function answer<T extends RecordType>(texts: readonly string[]): Asked<RecordTypes[T]> {
  if (texts.length === 0) return { kind: "nodata", ttl: HOSTS_TTL, secure: false };
  // A, AAAA and PTR records are text, and only for these is this called.
  return { kind: "records", records: texts as readonly RecordTypes[T][], ttl: HOSTS_TTL, secure: false };
}

function append(map: Map<string, string[]>, key: string, value: string): void {
  const all = map.get(key);
  if (!all) map.set(key, [value]);
  else if (!all.includes(value)) all.push(value);
}
