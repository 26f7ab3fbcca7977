import { checkHost } from "../../auth/spf/check.ts";
import { selectRecords } from "../../auth/spf/parse.ts";
import type { SpfOutcome } from "../../auth/types.ts";
import { fromUtf8 } from "../../base/bytes.ts";
import type { DnsRecord } from "../dns_records.ts";
import { type Finding, fine, odd } from "./finding.ts";
import { about, absent, missing, notAsked, publish, type RecordPorts, wrong } from "./record_findings.ts";

/** An address nobody has (RFC 5737): where it may send, everybody may. */
const NOBODY = "198.51.100.254";

/** Whether there is one SPF record, and this server passes by it as others would see it. */
export async function checkSpf(record: DnsRecord, ports: RecordPorts): Promise<readonly Finding[]> {
  const answer = await ports.resolver.lookup(record.name, "TXT");
  if (answer.kind !== "records") return [absent(record, answer)];
  const texts = selectRecords(answer.records).map((r) => fromUtf8(r));
  const [text] = texts;
  if (text === undefined) return [missing(record)];
  if (texts.length > 1) {
    return [wrong(record, `has ${texts.length} SPF records, so that none counts; there must be one`)];
  }
  if (record.value === "v=spf1 -all") {
    return [
      text.trim() === record.value
        ? fine(about(record), text)
        : wrong(record, `is "${text}", though it sends no mail`),
    ];
  }
  const findings: Finding[] = [];
  // A server behind a smarthost does not send itself; what counts there is that the record can be read.
  for (const ip of ports.addresses.length > 0 ? ports.addresses : [NOBODY]) {
    const finding = await spfOf(record, ip, ports);
    if (finding) findings.push(finding);
  }
  if (!ports.addresses.includes(NOBODY) && (await evaluated(record, NOBODY, ports)).result === "pass") {
    findings.push(odd(about(record), `"${text}" lets everybody send`, publish(record)));
  }
  return findings.length > 0 ? findings : [fine(about(record), text)];
}

async function evaluated(
  { name }: DnsRecord,
  ip: string,
  { resolver, clock, hostname, helo }: RecordPorts,
): Promise<SpfOutcome> {
  const mailFrom = name === helo ? "" : `postmaster@${name}`;
  return await checkHost({ ip, helo, mailFrom }, { resolver, clock, hostname });
}

async function spfOf(record: DnsRecord, ip: string, ports: RecordPorts): Promise<Finding | null> {
  const { result, why } = await evaluated(record, ip, ports);
  const reason = why === "" ? "" : ` (${why})`;
  if (result === "permerror") return wrong(record, `cannot be used${reason}`);
  if (result === "temperror") return notAsked(record, why);
  if (result === "pass" || ip === NOBODY || ports.smarthost !== null) return null;
  return wrong(record, `says ${result} of ${ip}, which this server sends from${reason}`);
}
