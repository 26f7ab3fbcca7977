/** Makes the report of a domain's day (RFC 8460 4, 5) and hands it over to whom the domain names. */
import { parseTlsRptRecords } from "../auth/tlsrpt/record.ts";
import { formatTlsReport } from "../auth/tlsrpt/report.ts";
import { utf8 } from "../base/bytes.ts";
import type { Clock } from "../base/clock.ts";
import type { Resolver } from "../dns/resolver.ts";
import { type Address, formatAddress } from "../mail/address.ts";
import { DAY, type ReportKey } from "./daily_ledger.ts";
import { gzip } from "./gzip.ts";
import type { FinishedReport, HandOver } from "./hand_over.ts";
import { formatReportMail } from "./report_mail.ts";
import type { TlsLedger } from "./tls_ledger.ts";

/** Who reports. */
export interface Reporter {
  readonly from: Address;
  readonly hostname: string;
}

export interface TlsReportPorts {
  readonly ledger: TlsLedger;
  readonly resolver: Resolver;
  readonly handOver: HandOver;
  readonly clock: Clock;
  /** null: no reports are sent. */
  readonly reporter: () => Reporter | null;
}

export class TlsReports {
  readonly #ports: TlsReportPorts;

  constructor(ports: TlsReportPorts) {
    this.#ports = ports;
  }

  async send(key: ReportKey): Promise<"done" | "none" | "later"> {
    const { ledger, resolver, handOver, reporter } = this.#ports;
    const by = reporter();
    const policies = ledger.report(key);
    if (!by || policies.length === 0) return "none";
    const answer = await resolver.lookup(`_smtp._tls.${key.domain}`, "TXT");
    if (answer.kind === "temp") return "later";
    const targets = answer.kind === "records" ? parseTlsRptRecords(answer.records) : null;
    if (!targets) return "none";
    return await handOver.toAll(await this.#make(key, policies, by), targets);
  }

  async #make(
    { day, domain }: ReportKey,
    policies: ReturnType<TlsLedger["report"]>,
    by: Reporter,
  ): Promise<FinishedReport> {
    const { from, hostname } = by;
    const start = day * DAY;
    const end = start + DAY - 1000;
    const date = new Date(start).toISOString().slice(0, 10);
    const id = `${date}_${domain}@${hostname}`;
    const submitter = from.domain;
    const json = formatTlsReport({
      organization: submitter,
      start,
      end,
      contact: formatAddress(from),
      id,
      policies,
    });
    const packed = await gzip(utf8(json));
    const now = this.#ports.clock.now();
    return {
      id,
      from,
      packed,
      mediaType: "application/tlsrpt+gzip",
      tlsOptional: true,
      mailTo: (to) =>
        formatReportMail({
          from,
          to,
          // RFC 8460 5.3 has these forms.
          subject: `Report Domain: ${domain} Submitter: ${submitter} Report-ID: <${id}>`,
          id: `${date}.${domain}.tls`,
          hostname,
          now,
          fields: [
            ["TLS-Report-Domain", domain],
            ["TLS-Report-Submitter", submitter],
            ["TLS-Required", "No"],
          ],
          type: "multipart/report; report-type=tlsrpt",
          text:
            `This is a report about TLS on the way of mail from ${hostname} to ${domain} on ${date} (UTC),\n` +
            `sent because ${domain} asks for such reports (RFC 8460). It needs no answer.\n`,
          attached: {
            type: "application/tlsrpt+gzip",
            name: `${submitter}!${domain}!${start / 1000}!${end / 1000}!001.json.gz`,
            octets: packed,
          },
        }),
    };
  }
}
