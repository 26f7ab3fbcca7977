/** Whose name a client uses (RFC 7208 2.3, 2.4, 4.1, 4.3). */
import { asciiLower } from "../../base/bytes.ts";
import { parseQuestionName } from "../../dns/name.ts";
import { parseDomain } from "../../mail/address.ts";

export interface SpfIdentity {
  readonly identity: "mailfrom" | "helo";
  /** "postmaster" where there is none (RFC 7208 4.3). */
  readonly local: string;
  /** The domain as `checkableDomain` gives it, or null when it is none. */
  readonly domain: string | null;
  /** What stands where the domain should be. */
  readonly written: string;
}

const ASCII = /^[\0-\x7f]*$/;

/** The identity to check: "local@domain", or the name after HELO where the sender is "" (null). */
export function identityOf(mailFrom: string, helo: string): SpfIdentity {
  const at = mailFrom.lastIndexOf("@");
  const written = mailFrom === "" ? helo : mailFrom.slice(at + 1);
  return {
    identity: mailFrom === "" ? "helo" : "mailfrom",
    local: mailFrom.slice(0, Math.max(0, at)) || "postmaster",
    domain: checkableDomain(written),
    written,
  };
}

/**
 * A domain that may have a record: at least two labels that can be in the DNS, lower case, U-labels as A-labels (RFC 8616), no final dot.
 * null for all else: address literals, bare addresses, single labels, malformed names (RFC 7208 4.3).
 */
export function checkableDomain(text: string): string | null {
  const name = parseQuestionName(toAscii(text) ?? "");
  if (name === null || name.startsWith("[")) return null;
  const labels = name.split(".");
  return labels.length < 2 || /^[0-9]+$/.test(labels.at(-1) ?? "") ? null : name;
}

/** U-labels as A-labels, all else as it is; null when it cannot be in ASCII (RFC 8616 4). */
export function toAscii(text: string): string | null {
  if (ASCII.test(text)) return text;
  const parsed = parseDomain(asciiLower(text));
  return parsed.ok ? parsed.value : null;
}
