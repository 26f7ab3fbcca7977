/** DMARC policy records, read (RFC 9989 4.7, 4.8; RFC 7489 6.3, 6.4). */
import { asciiLower, fromAscii } from "../../base/bytes.ts";
import { DMARC_RECORD } from "../../base/limits.ts";
import { parseReportUris } from "../report_uri.ts";
import type { DmarcPolicy, DmarcRecord } from "./types.ts";

const VERSION = /^v[ \t]*=[ \t]*DMARC1[ \t]*(?:;|$)/;

/**
 * The one DMARC record among the TXT records of a name; null when there is none, or more than one (RFC 9989 4.10). Records of other kinds do not
 * count.
 */
export function parseDmarcRecords(records: readonly Uint8Array[]): DmarcRecord | null {
  const texts = records.filter((r) => r.length <= DMARC_RECORD).map(fromAscii).filter((t) => VERSION.test(t));
  const [text] = texts;
  return text === undefined || texts.length > 1 ? null : readRecord(text);
}

/** Of a tag that is there twice the first counts; tags nobody knows, and values that are none, are as if they were not there. */
function readRecord(text: string): DmarcRecord {
  const tags = new Map<string, string>();
  for (const part of text.split(";").slice(1)) {
    const [, name = "", value = ""] = /^[ \t\r\n]*([A-Za-z0-9_]+)[ \t]*=[ \t]*([^]*)$/.exec(part) ?? [];
    const key = asciiLower(name);
    if (key !== "" && !tags.has(key)) tags.set(key, value.trim());
  }
  const aggregate = parseReportUris(tags.get("rua") ?? "");
  const [p, sp, np] = ["p", "sp", "np"].map((tag) => policyOf(tags.get(tag)));
  // RFC 9989 4.7: who cannot write down a policy but wants reports gets reports.
  const clear = p !== null && p !== undefined && sp !== null && np !== null;
  return {
    policy: clear ? p : aggregate.length > 0 ? "none" : null,
    subdomains: clear ? sp ?? null : null,
    nonexistent: clear ? np ?? null : null,
    strictDkim: asciiLower(tags.get("adkim") ?? "") === "s",
    strictSpf: asciiLower(tags.get("aspf") ?? "") === "s",
    testing: asciiLower(tags.get("t") ?? "") === "y",
    percent: percentOf(tags.get("pct")),
    psd: psdOf(tags.get("psd")),
    aggregate,
    failure: parseReportUris(tags.get("ruf") ?? ""),
    failureOptions: (tags.get("fo") ?? "0").split(":").map((o) => asciiLower(o.trim())).filter((o) =>
      /^[01ds]$/.test(o)
    ),
  };
}

/** undefined: not there. null: there, and no policy. */
function policyOf(value: string | undefined): DmarcPolicy | null | undefined {
  if (value === undefined) return undefined;
  const word = asciiLower(value);
  return word === "none" || word === "quarantine" || word === "reject" ? word : null;
}

function percentOf(value: string | undefined): number {
  return value !== undefined && /^[0-9]{1,3}$/.test(value) ? Math.min(100, Number(value)) : 100;
}

function psdOf(value: string | undefined): DmarcRecord["psd"] {
  const word = asciiLower(value ?? "");
  return word === "y" || word === "n" ? word : "u";
}
