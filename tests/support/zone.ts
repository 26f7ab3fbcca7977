import { utf8 } from "../../mod/base/bytes.ts";
import { parseQuestionName } from "../../mod/dns/name.ts";
import type { DnsAnswer, RecordTypes, Resolver } from "../../mod/dns/resolver.ts";
import type { Asked, RecordType, Source } from "../../mod/dns/source.ts";

/** What can go wrong with a whole name or one of its types. */
export type ZoneFault = "nxdomain" | "nodata" | "servfail" | "timeout";

/** Records as a test writes them: MX as "10 mail.example.org" ("0 ." is the null MX), TXT as text, the rest as `RecordTypes` has it. */
interface Written {
  readonly A?: readonly string[] | ZoneFault;
  readonly AAAA?: readonly string[] | ZoneFault;
  readonly MX?: readonly string[] | ZoneFault;
  readonly TXT?: readonly (string | Uint8Array)[] | ZoneFault;
  readonly PTR?: readonly string[] | ZoneFault;
  readonly SRV?: readonly RecordTypes["SRV"][] | ZoneFault;
  readonly CNAME?: readonly string[] | ZoneFault;
  readonly NS?: readonly string[] | ZoneFault;
  readonly TLSA?: readonly RecordTypes["TLSA"][] | ZoneFault;
  readonly CAA?: readonly RecordTypes["CAA"][] | ZoneFault;
  /** Answers for this name have the AD bit. */
  readonly secure?: boolean;
  /** Seconds; 300 unless given. */
  readonly ttl?: number;
}

export type ZoneData = Readonly<Record<string, Written | ZoneFault>>;

/** A resolver, and a source for the cache, that answers from a table and remembers what it was asked. */
export interface Zone extends Resolver, Source {
  /** Look-ups in order: "MX example.org". CNAMEs followed within are not counted. */
  readonly calls: readonly string[];
}

/**
 * A zone of names to records. Names that are not in it do not exist; those above one that is have no records. CNAMEs are followed.
 * "servfail" and "timeout" answer `temp` at once.
 */
export function zone(data: ZoneData): Zone {
  const names = new Map(
    Object.entries(data).map(([name, value]) => [name.toLowerCase().replace(/\.$/, ""), value]),
  );
  const calls: string[] = [];
  const ask = <T extends RecordType>(name: string, type: T): Promise<Asked<RecordTypes[T]>> => {
    calls.push(`${type} ${name}`);
    return Promise.resolve(answerFrom(names, name, type, 0));
  };
  return {
    calls,
    ask,
    async lookup<T extends RecordType>(name: string, type: T): Promise<DnsAnswer<RecordTypes[T]>> {
      const parsed = parseQuestionName(name);
      if (parsed === null) return { kind: "nxdomain", secure: false };
      return await ask(parsed, type);
    },
  };
}

function answerFrom<T extends RecordType>(
  names: ReadonlyMap<string, Written | ZoneFault>,
  name: string,
  type: T,
  hops: number,
): Asked<RecordTypes[T]> {
  const entry = names.get(name);
  if (entry === undefined) {
    const above = [...names.keys()].some((n) => n.endsWith(`.${name}`));
    return fault(above ? "nodata" : "nxdomain", false);
  }
  if (typeof entry === "string") return fault(entry, false);
  const secure = entry.secure ?? false;
  const alias = entry.CNAME;
  if (Array.isArray(alias) && type !== "CNAME") {
    if (hops > 10) return fault("servfail", false);
    const end = answerFrom(names, String(alias[0]).toLowerCase(), type, hops + 1);
    return end.kind === "temp" ? end : { ...end, secure: end.secure && secure };
  }
  const found: Written[RecordType] = entry[type];
  if (found === undefined) return fault("nodata", secure);
  if (typeof found === "string") return fault(found, secure);
  // The table's shape says which values stand under which type.
  const records = found.map((r) => convert(type, r)) as RecordTypes[T][];
  return { kind: "records", records, ttl: entry.ttl ?? 300, secure };
}

function fault(kind: ZoneFault, secure: boolean): Asked<never> {
  if (kind === "servfail" || kind === "timeout") return { kind: "temp", why: kind };
  return { kind, ttl: 300, secure };
}

function convert(type: RecordType, record: unknown): unknown {
  if (type === "TXT" && typeof record === "string") return utf8(record);
  if (type !== "MX") return record;
  const [preference = "", exchange = ""] = String(record).split(" ");
  return { preference: Number(preference), exchange: exchange.toLowerCase().replace(/\.$/, "") };
}
