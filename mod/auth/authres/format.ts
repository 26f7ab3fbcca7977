/**
 * Authentication-Results (RFC 8601 2.2), written. Much of what stands in it was said by strangers or their DNS: every value is a token or is
 * quoted, holds printable ASCII only, and never reads like another result to programs that only look for "dkim=pass".
 */
import { utf8 } from "../../base/bytes.ts";
import { AUTHRES_DKIM, AUTHRES_REASON } from "../../base/limits.ts";
import { type Address, formatAddress } from "../../mail/address.ts";
import type { AuthFindings, DkimOutcome, SpfOutcome } from "../types.ts";

/** What was known of the client. */
export interface ClientFacts {
  /** Its address; null where there is none to tell. */
  readonly address: string | null;
  /** MAIL FROM. */
  readonly sender: Address | null;
}

const LINE = 76;
const TOKEN = /^[!#$%&'*+\-.0-9A-Z^_`a-z{|}~]+$/;
const ADDRESS = /^[A-Za-z0-9!#$%&'*+\-/=?^_`{|}~.]*@[A-Za-z0-9._:[\]-]+$/;

/** The field with its line ends. `id`: our name (authserv-id). */
export function formatAuthResults(id: string, findings: AuthFindings, client: ClientFacts): Uint8Array {
  return utf8(`Authentication-Results: ${authResultsPayload(id, findings, client)}\r\n`);
}

/** What follows "Authentication-Results: ", and "i=1; " in ARC-Authentication-Results. */
export function authResultsPayload(id: string, findings: AuthFindings, client: ClientFacts): string {
  const results = [...resultsOf(findings, client)].map(fold);
  return `${value(id)};\r\n\t${results.join(";\r\n\t")}`;
}

function* resultsOf(findings: AuthFindings, client: ClientFacts): Generator<string[]> {
  const { spf, spfHelo, dkim, arc, dmarc, iprev } = findings;
  if (spf) yield spfResult(spf, client.sender);
  if (spfHelo) yield spfResult(spfHelo, null);
  yield* dkimResults(dkim);
  if (arc) {
    const address = client.address === null ? [] : [`smtp.remote-ip=${value(client.address)}`];
    const sets = arc.instances > 0 ? [`(${arc.instances} ${arc.instances === 1 ? "set" : "sets"})`] : [];
    yield [`arc=${arc.result}`, ...sets, ...reason(arc.reason), ...address];
  }
  if (dmarc) {
    const from = dmarc.domain === "" ? [] : [`header.from=${value(dmarc.domain)}`];
    const policy = dmarc.policy === null ? [] : [`policy.dmarc=${dmarc.policy}`];
    yield [`dmarc=${dmarc.result}`, ...reason(dmarc.reason), ...from, ...policy];
  }
  if (iprev) {
    const address = client.address === null ? [] : [`policy.iprev=${value(client.address)}`];
    const name = iprev.name === null || !TOKEN.test(iprev.name) ? [] : [`(${clean(iprev.name)})`];
    yield [`iprev=${iprev.result}`, ...name, ...address];
  }
}

function spfResult(spf: SpfOutcome, sender: Address | null): string[] {
  const name = spf.identity === "helo"
    ? `smtp.helo=${value(spf.domain)}`
    : `smtp.mailfrom=${addressValue(sender, spf.domain)}`;
  // Which term of the record matched is nobody's interest as long as all is well.
  const why = spf.result === "pass" || spf.result === "none" ? [] : reason(spf.why);
  return [`spf=${spf.result}`, ...why, name];
}

function* dkimResults(outcomes: readonly DkimOutcome[]): Generator<string[]> {
  if (outcomes.length === 0) yield ["dkim=none"];
  let shown = outcomes;
  if (outcomes.length > AUTHRES_DKIM) {
    // What passed counts; the rest of a heap is nobody's interest.
    const passed = outcomes.filter((o) => o.result === "pass");
    shown = [...passed, ...outcomes.filter((o) => o.result !== "pass")].slice(0, AUTHRES_DKIM);
  }
  for (const o of shown) {
    const words = [`dkim=${o.result}`];
    if (o.keyBits !== null) words.push(`(${o.keyBits}-bit key)`);
    if (o.testing) words.push("(testing)");
    words.push(...reason(o.reason));
    if (o.domain !== "") words.push(`header.d=${value(o.domain)}`);
    if (o.selector !== "") words.push(`header.s=${value(o.selector)}`);
    if (o.identity !== "" && o.identity !== `@${o.domain}`) words.push(`header.i=${value(o.identity)}`);
    if (o.algorithm !== "") words.push(`header.a=${value(o.algorithm)}`);
    if (o.signature !== "") words.push(`header.b=${value(o.signature.slice(0, 8))}`);
    yield words;
  }
}

function reason(text: string): string[] {
  const cleaned = clean(text).slice(0, AUTHRES_REASON);
  return cleaned === "" ? [] : [`reason=${quoted(cleaned)}`];
}

function value(text: string): string {
  const cleaned = clean(text);
  return TOKEN.test(cleaned) || ADDRESS.test(cleaned) ? cleaned : quoted(cleaned);
}

/** The sender as RFC 8601 2.2 has addresses; only the domain where the local part needs more than ASCII, or looks like a result. */
function addressValue(sender: Address | null, domain: string): string {
  const address = sender === null ? "" : formatAddress(sender);
  return ADDRESS.test(address) && clean(address) === address ? address : value(domain);
}

/** Printable ASCII on one line, without what ends a result and without anything that looks like one. */
function clean(text: string): string {
  return text.replace(/[^\x20-\x7e]+/g, (s) => /^\s+$/.test(s) ? " " : "?").replaceAll(";", ",")
    .replace(/=(?=\s*"?\s*pass)/gi, ":").trim();
}

function quoted(text: string): string {
  return `"${text.replace(/["\\]/g, "\\$&")}"`;
}

/** Words of one result in lines; nothing within a word is broken. */
function fold(words: readonly string[]): string {
  let length = 8;
  let out = "";
  for (const word of words) {
    const fits = out === "" || length + 1 + word.length <= LINE;
    out += out === "" ? word : fits ? ` ${word}` : `\r\n\t${word}`;
    length = fits ? length + 1 + word.length : 8 + word.length;
  }
  return out;
}
