/** The TXT record by which a domain asks for reports about TLS (RFC 8460 3). Pure. */
import { asciiLower, fromAscii } from "../../base/bytes.ts";
import { formatReportUris, parseReportUris, type ReportUri } from "../report_uri.ts";

const VERSION = /^v=TLSRPTv1[ \t]*;/;
const FIELD =
  /^([A-Za-z0-9][A-Za-z0-9_.-]{0,31})[ \t]*=[ \t]*([\x21-\x3a\x3c\x3e-\x7e][\x20-\x3a\x3c\x3e-\x7e=]*)$/;

/**
 * Where reports go by the TXT records of `_smtp._tls.DOMAIN`; null when they do not ask for any: none or several records (RFC 8460 3), or one
 * that is malformed. Records of other kinds do not count.
 */
export function parseTlsRptRecords(records: readonly Uint8Array[]): readonly ReportUri[] | null {
  const texts = records.filter((r) => r.every((b) => b < 0x80)).map(fromAscii).filter((t) => VERSION.test(t));
  const [text] = texts;
  if (text === undefined || texts.length > 1) return null;
  const fields = text.split(";").map((f) => f.replace(/^[ \t]+|[ \t]+$/g, ""));
  if (fields.at(-1) === "") fields.pop();
  let uris: readonly ReportUri[] | null = null;
  for (const field of fields.slice(1)) {
    const [, name = "", value = ""] = FIELD.exec(field) ?? [];
    if (name === "") return null;
    if (asciiLower(name) !== "rua") continue;
    if (uris !== null) return null;
    uris = parseReportUris(value);
  }
  return uris === null || uris.length === 0 ? null : uris;
}

/** The record that asks for reports at these addresses. */
export function formatTlsRptRecord(uris: readonly ReportUri[]): string {
  return `v=TLSRPTv1; rua=${formatReportUris(uris)}`;
}
