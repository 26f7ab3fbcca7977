/** Where a domain wants its reports: the addresses of `rua` in TLSRPT (RFC 8460 3) and DMARC records (RFC 7489 6.2). Pure. */
import { asciiLower } from "../base/bytes.ts";
import { REPORT_TARGETS } from "../base/limits.ts";
import { type Address, formatAddress, parseAddress } from "../mail/address.ts";

/** One address. `most`: octets of the largest report it takes, null without a limit. */
export type ReportUri =
  | { readonly kind: "mail"; readonly address: Address; readonly most: number | null }
  /** An absolute https: URL without user and fragment. */
  | { readonly kind: "https"; readonly url: string };

/** RFC 7489 6.4. */
const UNITS: Readonly<Record<string, number>> = { "": 1, k: 2 ** 10, m: 2 ** 20, g: 2 ** 30, t: 2 ** 40 };

/**
 * Reads a comma-separated list. What is no address of a kind we know is passed over, so that the others get theirs; of the rest the
 * first REPORT_TARGETS count.
 */
export function parseReportUris(text: string): ReportUri[] {
  const found: ReportUri[] = [];
  for (const part of text.split(",", 10 * REPORT_TARGETS)) {
    const uri = parseOne(part.trim());
    if (uri && !found.some((f) => sameTarget(f, uri))) found.push(uri);
    if (found.length === REPORT_TARGETS) break;
  }
  return found;
}

/** The list as it stands in a record. */
export function formatReportUris(uris: readonly ReportUri[]): string {
  return uris.map((uri) => {
    if (uri.kind === "https") return escaped(uri.url);
    const size = uri.most === null ? "" : `!${uri.most}`;
    return `mailto:${encodeURI(formatAddress(uri.address)).replace(/[?#]/g, encodeURIComponent)}`
      .replace(/[,;!]/g, percent) + size;
  }).join(",");
}

function parseOne(text: string): ReportUri | null {
  // "!" stands in no URI but before a size.
  const [, uri = "", digits, unit = ""] = /^([^!]*)(?:!([0-9]{1,12})([kmgt]?))?$/i.exec(text) ?? [];
  const scheme = asciiLower(uri.slice(0, uri.indexOf(":") + 1));
  if (scheme === "https:") return parseHttps(uri);
  if (scheme !== "mailto:") return null;
  const decoded = decode(uri.slice("mailto:".length).replace(/[?#].*$/s, ""));
  const address = decoded === null ? null : parseAddress(decoded);
  if (!address?.ok || address.value.domain === "" || address.value.domain.startsWith("[")) return null;
  const most = digits === undefined ? null : Number(digits) * (UNITS[asciiLower(unit)] ?? 1);
  return { kind: "mail", address: address.value, most };
}

function parseHttps(text: string): ReportUri | null {
  if (!URL.canParse(text)) return null;
  const url = new URL(text);
  if (url.protocol !== "https:" || url.username !== "" || url.password !== "" || url.hash !== "") return null;
  // A name, so that a certificate can vouch for it.
  if (!/^[a-z0-9-]+(\.[a-z0-9-]+)*\.[a-z][a-z0-9-]*$/.test(url.hostname)) return null;
  return { kind: "https", url: url.href };
}

function decode(text: string): string | null {
  try {
    return decodeURIComponent(text);
  } catch (e) {
    if (e instanceof URIError) return null;
    throw e;
  }
}

function escaped(url: string): string {
  return url.replace(/[,;!]/g, percent);
}

function percent(character: string): string {
  return `%${character.charCodeAt(0).toString(16).toUpperCase()}`;
}

function sameTarget(a: ReportUri, b: ReportUri): boolean {
  return formatReportUris([a]).replace(/!.*$/, "") === formatReportUris([b]).replace(/!.*$/, "");
}
