/** Looks up what `roost dns` says to publish, one record at a time: is it there, and does it do what it is there for? */
import { lookupKeys } from "../../auth/dkim/key_lookup.ts";
import { parseDmarcRecords } from "../../auth/dmarc/record.ts";
import type { DmarcRecord } from "../../auth/dmarc/types.ts";
import { parseStsRecords } from "../../auth/mta_sts/record.ts";
import { parseTlsRptRecords } from "../../auth/tlsrpt/record.ts";
import { parseAddress } from "../../dns/address.ts";
import { findAddresses } from "../../dns/mx.ts";
import type { DnsRecord, RecordRole } from "../dns_records.ts";
import { bad, type Finding, fine, odd } from "./finding.ts";
import { checkMx } from "./mx_record.ts";
import {
  about,
  absent,
  missing,
  notAsked,
  publish,
  type RecordCheck,
  type RecordPorts,
  wrong,
} from "./record_findings.ts";
import { checkService, checkSettings } from "./service_records.ts";
import { checkSpf } from "./spf_record.ts";
import { tagValue } from "./tag_value.ts";

/** No key has this selector. */
const ANY_SELECTOR = "roost-check";

const CHECKS: Readonly<Record<RecordRole, RecordCheck>> = {
  "address": checkAddress,
  "mx": checkMx,
  "spf": checkSpf,
  "dkim": checkDkim,
  "dmarc": checkDmarc,
  "mta-sts": checkSts,
  "mta-sts-host": checkStsHost,
  "tls-reports": checkTlsReports,
  "service": checkService,
  "settings": checkSettings,
  "caa": checkCaa,
};

/** What is found about one record. Never throws. */
export async function checkRecord(record: DnsRecord, ports: RecordPorts): Promise<readonly Finding[]> {
  return await CHECKS[record.role](record, ports);
}

async function checkAddress(record: DnsRecord, ports: RecordPorts): Promise<readonly Finding[]> {
  const answer = await ports.resolver.lookup(record.name, record.type === "A" ? "A" : "AAAA");
  if (answer.kind !== "records") return [absent(record, answer)];
  const there = answer.records.map((r) => parseAddress(r) ?? r);
  if (there.includes(parseAddress(record.value) ?? record.value)) return [fine(about(record), record.value)];
  return [wrong(record, `is ${there.join(", ")}, but this server is at ${record.value}`)];
}

async function checkDkim(record: DnsRecord, ports: RecordPorts): Promise<readonly Finding[]> {
  const at = record.name.indexOf("._domainkey.");
  const selector = record.name.slice(0, at);
  const domain = record.name.slice(at + "._domainkey.".length);
  const ours = tagValue(record.value, "p");
  const found = await lookupKeys(ports.resolver, domain, selector === "*" ? ANY_SELECTOR : selector);
  if (found.kind === "temp") return [notAsked(record, found.why)];
  if (found.kind === "none") {
    return [found.why.startsWith("no key") ? missing(record) : wrong(record, found.why)];
  }
  const [key, another] = found.keys;
  if (another) return [wrong(record, "has more than one key")];
  const p = key?.key?.toBase64() ?? "";
  if (p !== ours) {
    return [
      wrong(record, p === "" ? "is revoked (p= is empty)" : "is another key than the one that is here"),
    ];
  }
  if (key?.testing) return [wrong(record, "says t=y: receivers take our signatures for a test")];
  if (key && !key.forMail) return [wrong(record, "is not for mail (s=)")];
  return [fine(about(record), ours === "" ? "no keys" : "the key that is here")];
}

async function checkDmarc(record: DnsRecord, ports: RecordPorts): Promise<readonly Finding[]> {
  const answer = await ports.resolver.lookup(record.name, "TXT");
  if (answer.kind !== "records") return [absent(record, answer)];
  const policy = parseDmarcRecords(answer.records);
  if (!policy) {
    const several = answer.records.length > 1 ? `has ${answer.records.length} records` : "cannot be read";
    return [wrong(record, `${several}: there must be one that begins with v=DMARC1`)];
  }
  const wanted = tagValue(record.value, "p");
  if (policy.policy === null) return [wrong(record, "has no policy (p=) that can be followed")];
  if (wanted === "reject" && policy.policy !== "reject") {
    return [wrong(record, `says p=${policy.policy}, though the domain sends no mail`)];
  }
  const weak = policy.policy === "none" || policy.testing;
  if (weak) {
    const what = policy.testing ? "is only tried (t=y)" : "says p=none: forged mail is delivered";
    return [odd(about(record), what, `when reports show that all of yours passes, ${publish(record)}`)];
  }
  return [await unwelcome(record, policy, ports) ?? fine(about(record), `p=${policy.policy}`)];
}

/** Who gets the reports of another domain must say that he wants them (RFC 9990 4; RFC 7489 7.1), or none are sent. */
async function unwelcome(
  record: DnsRecord,
  { aggregate }: DmarcRecord,
  ports: RecordPorts,
): Promise<Finding | null> {
  const domain = record.name.slice("_dmarc.".length);
  for (const uri of aggregate) {
    const to = uri.kind === "mail" ? uri.address.domain : new URL(uri.url).hostname;
    if (to === domain || to.endsWith(`.${domain}`) || domain.endsWith(`.${to}`)) continue;
    const name = `${domain}._report._dmarc.${to}`;
    const answer = await ports.resolver.lookup(name, "TXT");
    if (answer.kind === "temp" || (answer.kind === "records" && parseDmarcRecords(answer.records))) continue;
    return odd(
      about(record),
      `reports are to go to ${to}, which has not said that it takes them`,
      `there, publish: ${name}. IN TXT "v=DMARC1"`,
    );
  }
  return null;
}

async function checkSts(record: DnsRecord, ports: RecordPorts): Promise<readonly Finding[]> {
  const answer = await ports.resolver.lookup(record.name, "TXT");
  if (answer.kind !== "records") return [absent(record, answer)];
  const id = parseStsRecords(answer.records);
  if (id === null) return [wrong(record, "has no MTA-STS record that can be read, or several")];
  const ours = tagValue(record.value, "id");
  if (id === ours) return [fine(about(record), `id ${id}`)];
  return [wrong(record, `has the id ${id}: others will not see that the policy is another now`)];
}

async function checkStsHost(record: DnsRecord, ports: RecordPorts): Promise<readonly Finding[]> {
  const found = await findAddresses(record.name, ports.resolver);
  if (found.kind === "temp") return [notAsked(record, found.why)];
  return [found.kind === "addresses" ? fine(about(record), found.addresses.join(", ")) : missing(record)];
}

async function checkTlsReports(record: DnsRecord, ports: RecordPorts): Promise<readonly Finding[]> {
  const answer = await ports.resolver.lookup(record.name, "TXT");
  if (answer.kind !== "records") return [absent(record, answer)];
  const uris = parseTlsRptRecords(answer.records);
  if (!uris) return [wrong(record, "has no record that can be read, or several")];
  return [
    fine(about(record), `reports go to ${uris.length === 1 ? "one address" : `${uris.length} addresses`}`),
  ];
}

/** RFC 8659 3: the record of the nearest name above counts. */
async function checkCaa(record: DnsRecord, ports: RecordPorts): Promise<readonly Finding[]> {
  const labels = record.name.split(".");
  const issuer = /"(.*)"/.exec(record.value)?.[1] ?? "";
  for (let i = 0; i < labels.length; i++) {
    const name = labels.slice(i).join(".");
    const answer = await ports.resolver.lookup(name, "CAA");
    if (answer.kind === "temp") return [notAsked(record, answer.why)];
    if (answer.kind !== "records") continue;
    const issuers = answer.records.filter((r) => r.tag === "issue").map((r) =>
      r.value.split(";")[0]?.trim() ?? ""
    );
    if (issuers.length === 0 || issuers.includes(issuer)) {
      return [fine(about(record), `${issuer} may issue certificates`)];
    }
    return [
      bad(
        about(record),
        `${name} lets only ${issuers.map((i) => i || "nobody").join(", ")} issue certificates`,
        publish(record),
      ),
    ];
  }
  return [missing(record)];
}
