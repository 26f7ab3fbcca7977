/**
 * Aggregate reports of DMARC: what they say, as values and as XML. Written as RFC 9990 3.1.1 has it; read as that or as RFC 7489 appendix C,
 * which most senders still go by. Pure.
 */
import { err, ok, type Result } from "../../base/result.ts";
import { childOf, escapeXml, readXml, textOf, type XmlElement } from "./xml.ts";

export interface DmarcDkimResult {
  readonly domain: string;
  /** "" where it is not told. */
  readonly selector: string;
  readonly result: string;
}

export interface DmarcSpfResult {
  readonly domain: string;
  readonly scope: string;
  readonly result: string;
}

/** Messages from one address that fared alike. */
export interface DmarcRow {
  readonly sourceIp: string;
  readonly count: number;
  /** What was done: "none", "quarantine", "reject"; "pass" where there was nothing to be done. */
  readonly disposition: string;
  /** Aligned, and passed. */
  readonly dkim: string;
  readonly spf: string;
  /** Why what was done is not what the domain asks for (RFC 9990 3.1.1.6). */
  readonly reasons: readonly { readonly type: string; readonly comment: string }[];
  readonly headerFrom: string;
  /** Domain of MAIL FROM; "" for the null sender. */
  readonly envelopeFrom: string;
  readonly dkimResults: readonly DmarcDkimResult[];
  readonly spfResults: readonly DmarcSpfResult[];
}

/** The record as it was published; "" where something is not told. */
export interface DmarcPublished {
  readonly domain: string;
  readonly p: string;
  readonly sp: string;
  readonly np: string;
  readonly adkim: string;
  readonly aspf: string;
  readonly fo: string;
  /** t=, "y" or "n". */
  readonly testing: string;
}

/** A report without its rows. */
export interface DmarcReportHead {
  readonly organization: string;
  readonly email: string;
  readonly id: string;
  /** Milliseconds since 1970. */
  readonly begin: number;
  readonly end: number;
  /** What went wrong while it was made, or "". */
  readonly error: string;
  readonly published: DmarcPublished;
}

/** The report as XML, row by row: joined, the pieces are the document. */
export function* formatDmarcReport(head: DmarcReportHead, rows: Iterable<DmarcRow>): Generator<string> {
  const { published: p } = head;
  const said = (name: "np" | "adkim" | "aspf" | "fo" | "testing") =>
    p[name] === "" ? "" : field(name, p[name]);
  yield `<?xml version="1.0" encoding="UTF-8"?>\n<feedback xmlns="urn:ietf:params:xml:ns:dmarc-2.0">\n` +
    field("version", "1.0") +
    group(
      "report_metadata",
      field("org_name", head.organization) + field("email", head.email) + field("report_id", head.id) +
        group("date_range", field("begin", seconds(head.begin)) + field("end", seconds(head.end))) +
        (head.error === "" ? "" : field("error", head.error)) + field("generator", "Roost"),
    ) +
    group(
      "policy_published",
      field("domain", p.domain) + field("discovery_method", "treewalk") + field("p", p.p) +
        field("sp", p.sp === "" ? p.p : p.sp) + said("np") + said("fo") + said("adkim") + said("aspf") +
        said("testing"),
    );
  for (const row of rows) yield formatRow(row);
  yield "</feedback>\n";
}

function formatRow(row: DmarcRow): string {
  const reasons = row.reasons.map((r) =>
    group("reason", field("type", r.type) + field("comment", r.comment))
  );
  const dkim = row.dkimResults.map((d) =>
    group(
      "dkim",
      field("domain", d.domain) + field("selector", d.selector) +
        field("result", d.result),
    )
  );
  const spf = row.spfResults.map((s) =>
    group("spf", field("domain", s.domain) + field("scope", s.scope) + field("result", s.result))
  );
  return group(
    "record",
    group(
      "row",
      field("source_ip", row.sourceIp) + field("count", String(row.count)) +
        group(
          "policy_evaluated",
          field("disposition", row.disposition) + field("dkim", row.dkim) + field("spf", row.spf) +
            reasons.join(""),
        ),
    ) +
      group("identifiers", field("envelope_from", row.envelopeFrom) + field("header_from", row.headerFrom)) +
      group("auth_results", dkim.join("") + spf.join("")),
  );
}

function field(name: string, value: string): string {
  return `<${name}>${escapeXml(value)}</${name}>\n`;
}

function group(name: string, within: string): string {
  return `<${name}>\n${within}</${name}>\n`;
}

function seconds(ms: number): string {
  return String(Math.floor(ms / 1000));
}

/**
 * Reads a report of somebody else's, giving out its rows as they come, and null where others may have their turn; the result is the rest, or
 * what is wrong with it. Rows may have been given out before that is found.
 */
export function* readDmarcReport(xml: string): Generator<DmarcRow | null, Result<DmarcReportHead, string>> {
  const elements = readXml(xml, "record");
  for (;;) {
    const next = elements.next();
    if (!next.done) yield next.value && rowOf(next.value);
    else return next.value.ok ? headOf(next.value.value) : next.value;
  }
}

function headOf(root: XmlElement): Result<DmarcReportHead, string> {
  if (root.name !== "feedback") return err("it is no report");
  const metadata = childOf(root, "report_metadata");
  const range = childOf(metadata, "date_range");
  const begin = time(textOf(range, "begin"));
  const end = time(textOf(range, "end"));
  if (begin === null || end === null || end < begin) return err("it has no date range");
  const id = textOf(metadata, "report_id");
  if (id === "") return err("it has no report_id");
  const policy = childOf(root, "policy_published");
  const domain = name(textOf(policy, "domain"));
  if (domain === "") return err("it has no domain");
  return ok({
    organization: textOf(metadata, "org_name"),
    email: textOf(metadata, "email"),
    id,
    begin,
    end,
    error: textOf(metadata, "error"),
    published: {
      domain,
      p: textOf(policy, "p"),
      sp: textOf(policy, "sp"),
      np: textOf(policy, "np"),
      adkim: textOf(policy, "adkim"),
      aspf: textOf(policy, "aspf"),
      fo: textOf(policy, "fo"),
      testing: textOf(policy, "testing"),
    },
  });
}

function rowOf(record: XmlElement): DmarcRow {
  const row = childOf(record, "row");
  const evaluated = childOf(row, "policy_evaluated");
  const identifiers = childOf(record, "identifiers") ?? childOf(record, "identities");
  const results = childOf(record, "auth_results");
  const all = (from: XmlElement | null, name: string) => from?.children.filter((c) => c.name === name) ?? [];
  return {
    sourceIp: textOf(row, "source_ip"),
    count: count(textOf(row, "count")),
    disposition: textOf(evaluated, "disposition"),
    dkim: textOf(evaluated, "dkim"),
    spf: textOf(evaluated, "spf"),
    reasons: all(evaluated, "reason").map((r) => ({
      type: textOf(r, "type"),
      comment: textOf(r, "comment"),
    })),
    headerFrom: name(textOf(identifiers, "header_from")),
    envelopeFrom: name(textOf(identifiers, "envelope_from")),
    dkimResults: all(results, "dkim").map((d) => ({
      domain: name(textOf(d, "domain")),
      selector: textOf(d, "selector"),
      result: textOf(d, "result"),
    })),
    spfResults: all(results, "spf").map((s) => ({
      domain: name(textOf(s, "domain")),
      scope: textOf(s, "scope"),
      result: textOf(s, "result"),
    })),
  };
}

function name(text: string): string {
  return text.toLowerCase().replace(/\.$/, "");
}

function time(text: string): number | null {
  return /^\d{1,11}$/.test(text) ? Number(text) * 1000 : null;
}

function count(text: string): number {
  return /^\d{1,15}$/.test(text) ? Number(text) : 0;
}
