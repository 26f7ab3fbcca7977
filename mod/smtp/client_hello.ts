import { asciiUpper } from "../base/bytes.ts";
import type { ClientReply } from "./client_reply.ts";

/** What the peer offers, as far as we use it (the keywords of its EHLO or LHLO reply). */
export interface Extensions {
  readonly startTls: boolean;
  readonly pipelining: boolean;
  /** RFC 3030. */
  readonly chunking: boolean;
  readonly eightBit: boolean;
  readonly smtpUtf8: boolean;
  readonly dsn: boolean;
  /** RFC 8689. */
  readonly requireTls: boolean;
  /** RFC 6710. */
  readonly priority: boolean;
  /** RFC 2852: the least seconds that mail which is to come back must have left, 0 for any; null where it is not offered. */
  readonly deliverBy: number | null;
  /** SIZE (RFC 1870): offered; `maxSize` in octets, null when it names no limit. */
  readonly size: boolean;
  readonly maxSize: number | null;
  /** SASL mechanisms, upper case. */
  readonly auth: readonly string[];
}

/** A peer that knows HELO only. */
export const NO_EXTENSIONS: Extensions = {
  startTls: false,
  pipelining: false,
  chunking: false,
  eightBit: false,
  smtpUtf8: false,
  dsn: false,
  requireTls: false,
  priority: false,
  deliverBy: null,
  size: false,
  maxSize: null,
  auth: [],
};

/** Reads the keywords below the first line (RFC 5321 4.1.1.1). What is not understood is not offered. */
export function parseExtensions(reply: ClientReply): Extensions {
  const offered = new Map<string, readonly string[]>();
  for (const line of reply.lines.slice(1)) {
    // "AUTH=LOGIN" is what some servers wrote before RFC 2554; they all write the other form too.
    const [keyword = "", ...parameters] = asciiUpper(line).split(/[ \t]+/);
    if (keyword !== "" && !offered.has(keyword)) offered.set(keyword, parameters);
  }
  const limit = offered.get("SIZE")?.[0] ?? "";
  const maxSize = /^[0-9]{1,15}$/.test(limit) && Number(limit) > 0 ? Number(limit) : null;
  return {
    startTls: offered.has("STARTTLS"),
    pipelining: offered.has("PIPELINING"),
    chunking: offered.has("CHUNKING"),
    eightBit: offered.has("8BITMIME"),
    smtpUtf8: offered.has("SMTPUTF8"),
    dsn: offered.has("DSN"),
    requireTls: offered.has("REQUIRETLS"),
    priority: offered.has("MT-PRIORITY"),
    deliverBy: leastTime(offered.get("DELIVERBY")),
    size: offered.has("SIZE"),
    maxSize,
    auth: offered.get("AUTH") ?? [],
  };
}

/** RFC 2852 2: a list by commas, of which the first item is known. */
function leastTime(parameters: readonly string[] | undefined): number | null {
  if (!parameters) return null;
  const least = parameters[0]?.split(",")[0] ?? "";
  return /^[0-9]{1,9}$/.test(least) ? Number(least) : 0;
}
