/** MTA-STS policies (RFC 8461 3.2): reading them, and which hosts they allow. */
import { asciiLower, fromUtf8 } from "../../base/bytes.ts";
import { err, ok, type Result } from "../../base/result.ts";

export interface StsPolicy {
  readonly mode: "enforce" | "testing" | "none";
  /** Seconds. */
  readonly maxAge: number;
  /** Host names in lower case, "*." for one label. Only with mode `none` it may be empty. */
  readonly mx: readonly string[];
}

/** Seconds; RFC 8461 3.2. */
const LONGEST_AGE = 31_557_600;
/** Patterns of one policy; the largest providers have under ten. */
const MOST_MX = 200;
const KEY = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,31}$/;
const LABEL = "[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?";
const PATTERN = new RegExp(`^(?:\\*\\.)?${LABEL}(?:\\.${LABEL})*$`);

/** Reads a policy; the error says what is wrong with it. Lines may end with LF or CRLF, unknown keys are passed over, of known ones the first counts. */
export function parseStsPolicy(bytes: Uint8Array): Result<StsPolicy, string> {
  const seen = new Map<string, string>();
  const mx: string[] = [];
  const lines = fromUtf8(bytes).split("\n").map((line) => line.replace(/[ \t]*\r?$/, ""));
  while (lines.at(-1) === "") lines.pop();
  for (const [i, line] of lines.entries()) {
    const colon = line.indexOf(":");
    const key = line.slice(0, Math.max(colon, 0)).replace(/[ \t]+$/, "");
    const value = line.slice(colon + 1).replace(/^[ \t]+/, "");
    // deno-lint-ignore no-control-regex -- controls are what must not be there
    if (!KEY.test(key) || value === "" || /[\x00-\x08\x0a-\x1f\x7f]/.test(value)) {
      return err(`line ${i + 1} is not "key: value"`);
    }
    if (key !== "mx") {
      if (!seen.has(key)) seen.set(key, value);
      continue;
    }
    const pattern = asciiLower(value).replace(/\.$/, "");
    if (!PATTERN.test(pattern) || pattern.length > 255) return err(`line ${i + 1}: no host name`);
    if (mx.push(pattern) > MOST_MX) return err(`more than ${MOST_MX} hosts`);
  }
  if (seen.get("version") !== "STSv1") return err("version is not STSv1");
  const mode = seen.get("mode");
  if (mode !== "enforce" && mode !== "testing" && mode !== "none") {
    return err("mode is none of enforce, testing and none");
  }
  const age = seen.get("max_age") ?? "";
  if (!/^[0-9]{1,10}$/.test(age)) return err("max_age is no number of seconds");
  if (mode !== "none" && mx.length === 0) return err("no mx");
  return ok({ mode, maxAge: Math.min(Number(age), LONGEST_AGE), mx });
}

/** A policy as it is served. */
export function formatStsPolicy(policy: StsPolicy): string {
  const lines = ["version: STSv1", `mode: ${policy.mode}`, ...policy.mx.map((m) => `mx: ${m}`)];
  return `${[...lines, `max_age: ${policy.maxAge}`].join("\r\n")}\r\n`;
}

/** Whether a policy allows an MX host (RFC 8461 4.1); `host` is in lower case without a final dot. */
export function allowsMx(policy: Pick<StsPolicy, "mx">, host: string): boolean {
  const parent = host.indexOf(".") > 0 ? host.slice(host.indexOf(".")) : null;
  return policy.mx.some((p) => p.startsWith("*.") ? parent !== null && p.slice(1) === parent : p === host);
}
