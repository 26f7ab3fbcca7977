import { inspectMx, type MxNote } from "../../dns/mx_notes.ts";
import type { DnsRecord } from "../dns_records.ts";
import { bad, type Finding, fine, odd } from "./finding.ts";
import { about, absent, notAsked, publish, type RecordPorts, wrong } from "./record_findings.ts";

/** Whether mail for the domain comes to this server, and nothing about its hosts is odd. */
export async function checkMx(record: DnsRecord, ports: RecordPorts): Promise<readonly Finding[]> {
  const answer = await ports.resolver.lookup(record.name, "MX");
  if (answer.kind !== "records") return [absent(record, answer)];
  const hosts = answer.records.map((r) => r.exchange);
  const list = hosts.map((h) => h === "" ? "." : h).join(", ");
  if (record.value === "0 .") {
    const isNull = hosts.length === 1 && hosts[0] === "";
    return [
      isNull
        ? fine(about(record), "takes no mail")
        : wrong(record, `leads to ${list}, though it takes no mail`),
    ];
  }
  if (hosts.every((h) => h === "")) return [wrong(record, "says that the domain takes no mail")];
  if (!hosts.includes(ports.hostname)) return [wrong(record, `leads to ${list}, not to this server`)];
  const notes = (await inspectMx(record.name, ports.resolver)).flatMap((n) => mxNote(record, n, ports));
  return notes.length > 0 ? notes : [fine(about(record), list)];
}

function mxNote(record: DnsRecord, note: MxNote, { hostname, network }: RecordPorts): readonly Finding[] {
  const at = about(record);
  switch (note.kind) {
    case "alias":
      return [
        odd(
          at,
          `${note.host} is an alias (CNAME) of ${note.target}: some servers do not follow it`,
          `let MX name ${note.target}`,
        ),
      ];
    case "address-as-name":
      return [bad(at, `names the address ${note.host} instead of a host`, publish(record))];
    case "no-address":
      return [
        bad(at, `${note.host} has neither A nor AAAA record`, `publish its address, or take it out of MX`),
      ];
    case "null-mx-among-others":
      return [bad(at, "has a null MX among others, which means nothing", "take one or the other out")];
    case "not-public":
      if (network === "closed") return [];
      return [
        odd(
          at,
          `${note.host} has the address ${note.address}, which nobody else can reach`,
          `publish the address that ${hostname} has for others`,
        ),
      ];
    case "not-checked":
      return [notAsked(record, `${note.host}: ${note.why}`)];
  }
}
