import type { DmarcRecord, JudgedMessage } from "../../mod/auth/dmarc/types.ts";
import { parseReportUris } from "../../mod/auth/report_uri.ts";
import { DAY } from "../../mod/report/daily_ledger.ts";

/** Noon of day 10. */
export const NOON = 10.5 * DAY;

/** A message in the name of a.example that failed, on day 10. */
export function judged(over: Partial<JudgedMessage> = {}, rua = "mailto:dmarc@a.example"): JudgedMessage {
  const record: DmarcRecord = {
    policy: "reject",
    subdomains: null,
    nonexistent: "quarantine",
    strictDkim: true,
    strictSpf: false,
    testing: false,
    percent: 100,
    psd: "u",
    aggregate: parseReportUris(rua),
    failure: [],
    failureOptions: ["0"],
  };
  return {
    at: NOON,
    address: "192.0.2.1",
    envelopeFrom: "b.example",
    envelopeTo: "example.org",
    evaluation: {
      outcome: {
        result: "fail",
        domain: "news.a.example",
        policyDomain: "a.example",
        policy: "reject",
        spfAligned: false,
        dkimAligned: false,
        reason: "",
      },
      record,
    },
    spf: {
      result: "pass",
      identity: "mailfrom",
      domain: "b.example",
      explanation: null,
      mechanism: null,
      why: "",
      lookups: 1,
    },
    dkim: [],
    disposition: "reject",
    override: null,
    ...over,
  };
}
