/** Reports about TLS (RFC 8460 4.4): what they say, as values and as JSON. Pure; what strangers write is bounded while it is read. */
import { fromUtf8 } from "../../base/bytes.ts";
import {
  REPORT_DEPTH,
  REPORT_DETAILS,
  REPORT_POLICIES,
  REPORT_STRINGS,
  REPORT_TEXT,
  REPORT_VALUES,
} from "../../base/limits.ts";
import { err, ok, type Result } from "../../base/result.ts";

/** RFC 8460 4.2: which policy the sessions were held against. */
export type TlsPolicyType = "tlsa" | "sts" | "no-policy-found";

/** RFC 8460 4.3. */
export type TlsFailure =
  | "starttls-not-supported"
  | "certificate-host-mismatch"
  | "certificate-expired"
  | "certificate-not-trusted"
  | "validation-failure"
  | "tlsa-invalid"
  | "dnssec-invalid"
  | "dane-required"
  | "sts-policy-fetch-error"
  | "sts-policy-invalid"
  | "sts-webpki-invalid";

/** Sessions that failed alike. What is null is not known, or had no part in it. */
export interface TlsFailureDetail {
  /** A `TlsFailure`; others in reports of newer senders. */
  readonly type: string;
  readonly sendingIp: string | null;
  readonly mx: string | null;
  readonly receivingIp: string | null;
  readonly sessions: number;
  /** For people. */
  readonly reason: string | null;
}

export interface TlsPolicyReport {
  readonly type: string;
  /** The policy as published: the lines of an MTA-STS policy, TLSA records. */
  readonly strings: readonly string[];
  readonly domain: string;
  /** MX patterns of an MTA-STS policy. */
  readonly mx: readonly string[];
  readonly successes: number;
  readonly failures: number;
  readonly details: readonly TlsFailureDetail[];
}

export interface TlsReport {
  readonly organization: string;
  /** Milliseconds since 1970. */
  readonly start: number;
  readonly end: number;
  readonly contact: string;
  readonly id: string;
  readonly policies: readonly TlsPolicyReport[];
}

/** The report as JSON. */
export function formatTlsReport(report: TlsReport): string {
  return JSON.stringify({
    "organization-name": report.organization,
    "date-range": { "start-datetime": dateTime(report.start), "end-datetime": dateTime(report.end) },
    "contact-info": report.contact,
    "report-id": report.id,
    policies: policiesJson(report.policies),
  });
}

/** The "policies" of a report, for JSON. */
export function policiesJson(policies: readonly TlsPolicyReport[]): readonly unknown[] {
  return policies.map((p) => ({
    policy: {
      "policy-type": p.type,
      ...(p.strings.length > 0 ? { "policy-string": p.strings } : {}),
      "policy-domain": p.domain,
      ...(p.mx.length > 0 ? { "mx-host": p.mx } : {}),
    },
    summary: {
      "total-successful-session-count": p.successes,
      "total-failure-session-count": p.failures,
    },
    ...(p.details.length > 0 ? { "failure-details": p.details.map(detailJson) } : {}),
  }));
}

/** Reads what `policiesJson` gives, or somebody else's: bounded, and with defaults for what is missing. */
export function readPolicies(value: unknown): readonly TlsPolicyReport[] {
  return list(value, REPORT_POLICIES).map(policyOf);
}

function detailJson(d: TlsFailureDetail): Record<string, unknown> {
  return {
    "result-type": d.type,
    ...(d.sendingIp === null ? {} : { "sending-mta-ip": d.sendingIp }),
    ...(d.mx === null ? {} : { "receiving-mx-hostname": d.mx }),
    ...(d.receivingIp === null ? {} : { "receiving-ip": d.receivingIp }),
    "failed-session-count": d.sessions,
    ...(d.reason === null ? {} : { "failure-reason-code": d.reason }),
  };
}

/** RFC 3339, in UTC and whole seconds. */
function dateTime(ms: number): string {
  return new Date(ms).toISOString().replace(/\.\d+Z$/, "Z");
}

/**
 * Reads a report of somebody else's. The error says what is wrong. Policies, failures and texts past what REPORT_* allow are cut off; counts
 * are as told, made whole and not negative.
 */
export function parseTlsReport(json: Uint8Array): Result<TlsReport, string> {
  const { depth, values } = shapeOf(json);
  if (depth > REPORT_DEPTH) return err("nested too deeply");
  if (values > REPORT_VALUES) return err("too many values");
  let whole: unknown;
  try {
    whole = JSON.parse(fromUtf8(json).replace(/^\ufeff/, ""));
  } catch {
    return err("it is not JSON");
  }
  const report = member(whole);
  const range = member(report["date-range"]);
  const start = Date.parse(text(range["start-datetime"]));
  const end = Date.parse(text(range["end-datetime"]));
  if (!Number.isFinite(start) || !Number.isFinite(end) || end < start) return err("it has no date range");
  const id = text(report["report-id"]);
  if (id === "") return err("it has no report-id");
  const policies = readPolicies(report["policies"]);
  if (policies.length === 0) return err("it has no policies");
  if (policies.some((p) => p.domain === "")) return err("a policy has no domain");
  const organization = text(report["organization-name"]);
  return ok({ organization, start, end, contact: text(report["contact-info"]), id, policies });
}

function policyOf(value: unknown): TlsPolicyReport {
  const whole = member(value);
  const policy = member(whole["policy"]);
  const summary = member(whole["summary"]);
  return {
    type: text(policy["policy-type"]),
    strings: texts(policy["policy-string"]),
    domain: text(policy["policy-domain"]).toLowerCase().replace(/\.$/, ""),
    mx: texts(policy["mx-host"]),
    successes: count(summary["total-successful-session-count"]),
    failures: count(summary["total-failure-session-count"]),
    details: list(whole["failure-details"], REPORT_DETAILS).map((detail) => {
      const d = member(detail);
      return {
        type: text(d["result-type"]),
        sendingIp: text(d["sending-mta-ip"]) || null,
        mx: text(d["receiving-mx-hostname"]) || null,
        receivingIp: text(d["receiving-ip"]) || null,
        sessions: count(d["failed-session-count"]),
        reason: text(d["failure-reason-code"]) || text(d["additional-information"]) || null,
      };
    }),
  };
}

/** How deep braces and brackets go, and how many values there are at most; signs in texts count too, which real reports do not have many of. */
function shapeOf(json: Uint8Array): { readonly depth: number; readonly values: number } {
  let open = 0;
  let depth = 0;
  let values = 1;
  for (const octet of json) {
    if (octet === 0x7b || octet === 0x5b) {
      depth = Math.max(depth, ++open);
      values++;
    } else if (octet === 0x7d || octet === 0x5d) open--;
    else if (octet === 0x2c) values++;
  }
  return { depth, values };
}

function member(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? value as Readonly<Record<string, unknown>> // an object is one
    : {};
}

function list(value: unknown, most: number): readonly unknown[] {
  return Array.isArray(value) ? value.slice(0, most) : [];
}

/** One text or several: senders differ. */
function texts(value: unknown): string[] {
  const all = typeof value === "string" ? [value] : list(value, REPORT_STRINGS);
  return all.map(text).filter((t) => t !== "");
}

/** Control characters become spaces: what is shown to people must not move their cursor. */
function text(value: unknown): string {
  if (typeof value !== "string") return "";
  // deno-lint-ignore no-control-regex -- control characters are what it is about
  return value.slice(0, REPORT_TEXT).replace(/[\0-\x1f\x7f-\x9f\u2028\u2029]+/g, " ").trim();
}

/** Some senders write numbers as texts. */
function count(value: unknown): number {
  const n = Number(typeof value === "string" ? value.slice(0, 20) : value);
  return Number.isFinite(n) && n > 0 ? Math.min(Math.floor(n), Number.MAX_SAFE_INTEGER) : 0;
}
