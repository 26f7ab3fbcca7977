/** What an ACME directory (RFC 8555) says, taken with care: every text is one line and not too long, every URL is https:. Pure. */
import { fromUtf8 } from "../base/bytes.ts";
import { ACME_TEXT, ACME_WAIT_MOST } from "../base/limits.ts";
import type { AcmeFault, HttpReply } from "./acme_types.ts";

export const ACME_ERROR = "urn:ietf:params:acme:error:";

/** Ends an exchange from within; the client catches it. */
export class Ended extends Error {
  readonly fault: AcmeFault;
  constructor(fault: Partial<AcmeFault> & { readonly why: string }) {
    super(fault.why);
    this.fault = { wait: null, names: [], noAccount: false, ...fault };
  }
}

export type Json = Readonly<Record<string, unknown>>;

/** A JSON object. Throws `Ended` on broken JSON; anything but an object is an empty one. */
export function parseReply(body: Uint8Array): Json {
  try {
    return object(JSON.parse(fromUtf8(body)));
  } catch {
    throw new Ended({ why: "the directory sent broken JSON" });
  }
}

export function object(value: unknown): Json {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? { ...value } : {};
}

/** The objects of a list, some at most. */
export function objects(value: unknown, most: number): readonly Json[] {
  return Array.isArray(value) ? value.slice(0, most).map(object) : [];
}

export function field(json: Json, name: string): Json {
  return object(json[name]);
}

/** "" for what is no text. */
export function text(value: unknown): string {
  return typeof value === "string" ? oneLine(value) : "";
}

/** URLs of authorizations, as many as there are names at most: more would be work for nothing. Throws `Ended`. */
export function authorizationUrls(value: unknown, most: number): readonly string[] {
  const all: readonly unknown[] = Array.isArray(value) ? value : [];
  if (all.length === 0 || all.length > most) {
    throw new Ended({ why: `the directory wants ${all.length} authorizations for ${most} names` });
  }
  return all.map((at) => url(at, "an authorization"));
}

/** An https: URL. Throws `Ended`. */
export function url(value: unknown, what: string): string {
  if (typeof value === "string" && value.length <= 2000 && URL.canParse(value)) {
    if (new URL(value).protocol === "https:") return value;
  }
  throw new Ended({ why: `the directory sent no https: URL for ${what}` });
}

/** What a problem document (RFC 9457) says, for people. */
export function problemText(problem: Json): string {
  const type = text(problem["type"]).replace(ACME_ERROR, "");
  const detail = text(problem["detail"]);
  return [type, detail].filter((t) => t !== "").join(", ") || "no reason given";
}

/** RFC 8555 6.7.1: names that subproblems are about. */
export function namesIn(problem: Json): readonly string[] {
  return objects(problem["subproblems"], 100).map((p) => text(field(p, "identifier")["value"]))
    .filter((n) => n !== "");
}

/** Seconds, or a date (RFC 9110 10.2.3), as milliseconds from now, never less than none nor more than ACME_WAIT_MOST; null for anything else. */
export function retryAfter(reply: HttpReply, now: number): number | null {
  const value = reply.header("retry-after") ?? "";
  const at = /^\d{1,9}$/.test(value)
    ? now + 1000 * Number(value)
    : /^[A-Z][a-z]{2}, /.test(value)
    ? Date.parse(value)
    : NaN;
  return Number.isFinite(at) ? Math.min(ACME_WAIT_MOST, Math.max(0, at - now)) : null;
}

/** Texts of others go to the log and to terminals. */
function oneLine(value: string): string {
  // deno-lint-ignore no-control-regex -- control characters are what must go
  return value.slice(0, ACME_TEXT).replace(/[\0-\x1f\x7f-\x9f\u2028\u2029]+/g, " ");
}
