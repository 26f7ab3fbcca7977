/** What can be said of a record that is to be published. */
import type { Clock } from "../../base/clock.ts";
import type { DnsAnswer, Resolver } from "../../dns/resolver.ts";
import type { DnsRecord } from "../dns_records.ts";
import { formatRecord } from "../zone_file.ts";
import { bad, type Finding, odd } from "./finding.ts";

/** What records are judged by. */
export interface RecordPorts {
  readonly resolver: Resolver;
  readonly clock: Clock;
  readonly hostname: string;
  /** The name we greet others with. */
  readonly helo: string;
  /** Addresses our mail comes from; none where they are not known. */
  readonly addresses: readonly string[];
  /** The host all mail leaves by, or null. */
  readonly smarthost: string | null;
  readonly network: "open" | "closed";
}

/** What is found about one record. Never throws. */
export type RecordCheck = (record: DnsRecord, ports: RecordPorts) => Promise<readonly Finding[]>;

export function about({ name, type }: DnsRecord): string {
  return `${name} ${type}`;
}

/** What to do about a record, in the form name servers take it. */
export function publish(record: DnsRecord): string {
  return `publish: ${formatRecord(record)}`;
}

export function missing(record: DnsRecord): Finding {
  const tell = record.need === "must" ? bad : odd;
  return tell(about(record), `is not published (${record.why})`, publish(record));
}

export function wrong(record: DnsRecord, what: string): Finding {
  const tell = record.need === "must" ? bad : odd;
  return tell(about(record), what, publish(record));
}

export function notAsked(record: DnsRecord, why: string): Finding {
  return odd(about(record), `could not be asked for: ${why}`, "try again; see dns.servers if it stays so");
}

/** What to say where the answer holds no record. */
export function absent(record: DnsRecord, answer: Exclude<DnsAnswer<unknown>, { kind: "records" }>): Finding {
  return answer.kind === "temp" ? notAsked(record, answer.why) : missing(record);
}
