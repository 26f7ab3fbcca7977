/** The Received-SPF field (RFC 7208 9.1). */
import type { SpfOutcome } from "../types.ts";

/** What was checked, and by whom. */
export interface SpfFacts {
  /** As `SpfQuestion` has them. */
  readonly ip: string;
  readonly helo: string;
  readonly mailFrom: string;
  /** Our own name. */
  readonly hostname: string;
}

const DOT_ATOM = /^[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*$/;
/** Characters of one value: even if each is escaped, or three octets long, the line stays under 998 octets (RFC 5322 2.1.1). */
const ASCII_VALUE = 450;
const OTHER_VALUE = 300;

/** The whole field with its line ends. Nothing in the values can end a line, a comment or a string. */
export function formatReceivedSpf(outcome: SpfOutcome, facts: SpfFacts): string {
  const pairs: readonly (readonly [string, string])[] = [
    ["receiver", facts.hostname],
    ["identity", outcome.identity],
    ["client-ip", facts.ip],
    ["envelope-from", facts.mailFrom],
    ["helo", facts.helo],
    ...outcome.mechanism === null ? [] : [["mechanism", outcome.mechanism] as const],
    ...outcome.result === "temperror" || outcome.result === "permerror"
      ? [["problem", outcome.why] as const]
      : [],
  ];
  const lines = pairs.map(([key, value]) => `\r\n\t${key}=${valueText(value)}`).join(";");
  return `Received-SPF: ${outcome.result}\r\n\t(${
    commentText(`${facts.hostname}: ${remark(outcome, facts)}`)
  })${lines}\r\n`;
}

function remark({ result, domain }: SpfOutcome, { ip }: SpfFacts): string {
  switch (result) {
    case "pass":
      return `${domain} designates ${ip} as permitted sender`;
    case "fail":
      return `${domain} does not designate ${ip} as permitted sender`;
    case "softfail":
      return `${domain} does not think ${ip} is a permitted sender`;
    case "neutral":
      return `${ip} is neither permitted nor denied by ${domain}`;
    case "none":
      return `${domain} does not tell permitted senders`;
    case "temperror":
      return `DNS could not be asked about ${domain}`;
    case "permerror":
      return `${domain} has a record that cannot be used`;
  }
}

function valueText(value: string): string {
  const text = visible(value);
  return DOT_ATOM.test(text) ? text : `"${text.replace(/["\\]/g, "\\$&")}"`;
}

function commentText(text: string): string {
  return visible(text).replace(/[()\\]/g, "\\$&");
}

/** Without control characters, line separators and lone surrogates; UTF-8 may stay (RFC 6532). */
function visible(text: string): string {
  const most = /^[\0-\x7f]*$/.test(text) ? ASCII_VALUE : OTHER_VALUE;
  return text.slice(0, most).replace(/[\p{Cc}\p{Cs}\u2028\u2029]/gu, "?");
}
