/** Makes the aggregate report of a domain's day (RFC 9990) and hands it over to whom the domain names, and who wants it. */
import { formatDmarcReport } from "../auth/dmarc/report.ts";
import { DmarcTree } from "../auth/dmarc/tree.ts";
import { parseReportUris, type ReportUri } from "../auth/report_uri.ts";
import { fromAscii, utf8 } from "../base/bytes.ts";
import type { Clock } from "../base/clock.ts";
import { DMARC_RECORD, REPORT_TARGETS } from "../base/limits.ts";
import type { Resolver } from "../dns/resolver.ts";
import { formatAddress } from "../mail/address.ts";
import { DAY, type ReportKey } from "./daily_ledger.ts";
import type { DmarcCounted, DmarcLedger } from "./dmarc_ledger.ts";
import { gzip } from "./gzip.ts";
import type { FinishedReport, HandOver } from "./hand_over.ts";
import { formatReportMail } from "./report_mail.ts";
import type { Reporter } from "./tls_reports.ts";

export interface DmarcReportPorts {
  readonly ledger: DmarcLedger;
  readonly resolver: Resolver;
  readonly handOver: HandOver;
  readonly clock: Clock;
  /** null: no reports are sent. */
  readonly reporter: () => Reporter | null;
}

/** Rows written between two pauses: others get their turn. */
const SLICE = 200;

export class DmarcReports {
  readonly #ports: DmarcReportPorts;

  constructor(ports: DmarcReportPorts) {
    this.#ports = ports;
  }

  async send(key: ReportKey): Promise<"done" | "none" | "later"> {
    const { ledger, handOver, reporter } = this.#ports;
    const by = reporter();
    const counted = ledger.report(key);
    if (!by || !counted || counted.rows.length === 0) return "none";
    const targets = await this.#targets(key.domain, counted.rua);
    if (targets === "temp") return "later";
    if (targets.length === 0) return "none";
    return await handOver.toAll(await this.#make(key, counted, by), targets);
  }

  /** Addresses that want it: those in another organization must say so (RFC 9990 4). */
  async #targets(domain: string, rua: string): Promise<readonly ReportUri[] | "temp"> {
    const tree = new DmarcTree(this.#ports.resolver);
    const own = await tree.walk(domain);
    if (own.kind === "temp") return "temp";
    const targets: ReportUri[] = [];
    // RFC 9990 3.5.2: by mail only.
    for (const uri of parseReportUris(rua)) {
      if (uri.kind !== "mail") continue;
      const host = uri.address.domain;
      const theirs = await tree.walk(host);
      if (theirs.kind === "temp") return "temp";
      if (theirs.organization === own.organization) targets.push(uri);
      else {
        const agreed = await this.#agreed(domain, host, uri);
        if (agreed === "temp") return "temp";
        targets.push(...agreed);
      }
    }
    return targets.slice(0, REPORT_TARGETS);
  }

  /** What `host` says about reports on `domain`: to the address as it is, to others of its own, or nothing. */
  async #agreed(domain: string, host: string, uri: ReportUri): Promise<readonly ReportUri[] | "temp"> {
    const answer = await this.#ports.resolver.lookup(`${domain}._report._dmarc.${host}`, "TXT");
    if (answer.kind === "temp") return "temp";
    if (answer.kind !== "records") return [];
    const records = answer.records.filter((r) => r.length <= DMARC_RECORD).map(fromAscii)
      .filter((text) => /^v[ \t]*=[ \t]*DMARC1[ \t]*(?:;|$)/.test(text));
    if (records.length === 0) return [];
    const rua = records.flatMap((text) => /;[ \t]*rua[ \t]*=([^;]*)/i.exec(text)?.[1] ?? []);
    const others = rua.flatMap((text) => parseReportUris(text));
    if (others.length === 0) return [uri];
    const within = (u: ReportUri) => u.kind === "mail" && u.address.domain === host;
    // One that leads elsewhere again: neither it nor the first.
    return others.every(within) ? others : [];
  }

  async #make({ day, domain }: ReportKey, counted: DmarcCounted, by: Reporter): Promise<FinishedReport> {
    const { clock } = this.#ports;
    const { from, hostname } = by;
    const begin = day * DAY;
    const end = begin + DAY - 1000;
    const date = new Date(begin).toISOString().slice(0, 10);
    const id = `${date}_${domain}@${hostname}`;
    const submitter = from.domain;
    const { left, rows, published } = counted;
    const head = {
      organization: submitter,
      email: formatAddress(from),
      id,
      begin,
      end,
      error: left === 0 ? "" : `${left} more messages were not counted, for want of room`,
      published,
    };
    let xml = "";
    let pieces = 0;
    for (const piece of formatDmarcReport(head, rows)) {
      xml += piece;
      if (++pieces % SLICE === 0) await clock.sleep(0);
    }
    const packed = await gzip(utf8(xml));
    return {
      id: `dmarc ${id}`,
      from,
      packed,
      mediaType: "application/gzip",
      tlsOptional: false,
      mailTo: (to) =>
        formatReportMail({
          from,
          to,
          // RFC 9990 3.5.2 has these forms.
          subject: `Report Domain: ${domain} Submitter: ${submitter} Report-ID: <${id}>`,
          id: `${date}.${domain}.dmarc`,
          hostname,
          now: clock.now(),
          fields: [],
          type: "multipart/mixed",
          text:
            `This is a DMARC report about mail in the name of ${domain} that reached ${hostname} on ${date} (UTC),\n` +
            `sent because ${domain} asks for such reports (RFC 9990). It needs no answer.\n`,
          attached: {
            type: "application/gzip",
            name: `${submitter}!${domain}!${begin / 1000}!${end / 1000}.xml.gz`,
            octets: packed,
          },
        }),
    };
  }
}
