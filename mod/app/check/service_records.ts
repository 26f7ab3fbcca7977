import type { DnsRecord } from "../dns_records.ts";
import { type Finding, fine } from "./finding.ts";
import { about, missing, notAsked, type RecordPorts, wrong } from "./record_findings.ts";

/** Whether mail programs are led to what is served here (RFC 6186). */
export async function checkService(record: DnsRecord, ports: RecordPorts): Promise<readonly Finding[]> {
  const [, , port = "", target = ""] = record.value.split(" ");
  const answer = await ports.resolver.lookup(record.name, "SRV");
  const offered = target !== ".";
  if (answer.kind === "temp") return [notAsked(record, answer.why)];
  if (answer.kind !== "records") {
    const settled = !offered || record.role === "settings";
    return [settled ? fine(about(record), "not published; optional") : missing(record)];
  }
  const there = answer.records.map((r) => `${r.target}:${r.port}`);
  const wanted = offered ? `${target.slice(0, -1)}:${port}` : ":0";
  if (there.includes(wanted)) return [fine(about(record), offered ? wanted : "not offered")];
  const here = offered ? `it is at ${wanted}` : "this server does not offer it";
  return [wrong(record, `leads to ${there.map((t) => t === ":0" ? "nowhere" : t).join(", ")}, but ${here}`)];
}

/** Where mail programs look for settings over HTTPS. */
export async function checkSettings(record: DnsRecord, ports: RecordPorts): Promise<readonly Finding[]> {
  if (record.type === "SRV") return await checkService(record, ports);
  const answer = await ports.resolver.lookup(record.name, "CNAME");
  if (answer.kind === "temp") return [notAsked(record, answer.why)];
  if (answer.kind !== "records") return [fine(about(record), "not published; optional")];
  const there = answer.records.map((r) => `${r}.`);
  const right = there.includes(record.value);
  return [right ? fine(about(record), record.value) : wrong(record, `is ${there.join(", ")}`)];
}
