/**
 * The ACME client (RFC 8555): account, order, http-01, certificate. Invariants:
 * - Whatever the directory says, one issue ends within ACME_ORDER, asks no more than ACME_REQUESTS times, and reads no more than a few KiB a reply.
 * - What it hands out is a chain of PEM blocks; whether that is the certificate we wanted is for the caller to see.
 */
import type { Clock } from "../base/clock.ts";
import { fromUtf8 } from "../base/bytes.ts";
import {
  ACME_CHAIN,
  ACME_NONCES,
  ACME_ORDER,
  ACME_POLL,
  ACME_POLL_MOST,
  ACME_REPLY,
  ACME_REQUESTS,
  ACME_TEXT,
  ACME_WAIT_MOST,
} from "../base/limits.ts";
import { err, ok, type Result } from "../base/result.ts";
import type { AcmeFault, AcmeHttp, ChallengeBoard, HttpReply } from "./acme_types.ts";
import { base64url, type EcKey } from "./ec_key.ts";
import { keyAuthorization, signJws } from "./jws.ts";

const ERROR = "urn:ietf:params:acme:error:";

/** Ends an exchange from within; never leaves this file. */
class Ended extends Error {
  readonly fault: AcmeFault;
  constructor(fault: Partial<AcmeFault> & { readonly why: string }) {
    super(fault.why);
    this.fault = { wait: null, names: [], noAccount: false, ...fault };
  }
}

type Json = Readonly<Record<string, unknown>>;

interface Directory {
  readonly newNonce: string;
  readonly newAccount: string;
  readonly newOrder: string;
  readonly revokeCert: string | null;
}

export interface AcmeClientPorts {
  readonly http: AcmeHttp;
  readonly clock: Clock;
  readonly board: ChallengeBoard;
  /** Ends it early. */
  readonly signal: AbortSignal;
}

/** For one issue: what it may ask and how long is counted from its making. */
export class AcmeClient {
  readonly #ports: AcmeClientPorts;
  readonly #url: string;
  readonly #key: EcKey;
  readonly #end: number;
  #account: string | null;
  #directory: Directory | null = null;
  #nonce: string | null = null;
  #requests = 0;

  /** `account` is the account's URL where it is known. */
  constructor(ports: AcmeClientPorts, directoryUrl: string, key: EcKey, account: string | null) {
    this.#ports = ports;
    this.#url = directoryUrl;
    this.#key = key;
    this.#account = account;
    this.#end = ports.clock.monotonic() + ACME_ORDER;
  }

  /** The account's URL; the account is made where there is none (its terms of service are agreed to: who writes tls.acme does). */
  signIn(email: string): Promise<Result<string, AcmeFault>> {
    return told(async () => {
      if (this.#account !== null) return this.#account;
      const { newAccount } = await this.#open();
      const { reply } = await this.#post(newAccount, {
        termsOfServiceAgreed: true,
        contact: [`mailto:${email}`],
      });
      this.#account = url(reply.header("location"), "the account");
      return this.#account;
    });
  }

  /** Proves that the names are ours and has `request` (DER) signed: the certificate with its chain, PEM. */
  issue(names: readonly string[], request: Uint8Array): Promise<Result<string, AcmeFault>> {
    return told(async () => {
      const { newOrder } = await this.#open();
      const made = await this.#post(newOrder, {
        identifiers: names.map((value) => ({ type: "dns", value })),
      });
      const at = url(made.reply.header("location"), "the order");
      await this.#prove(texts(made.json["authorizations"], names.length));
      // RFC 8555 7.4: an order whose names are proved becomes "ready".
      let order = await this.#settled(at, made.json, ["pending"]);
      if (order["status"] === "ready") {
        order = (await this.#post(url(order["finalize"], "finalize"), { csr: base64url(request) })).json;
        order = await this.#settled(at, order, ["ready", "processing"]);
      }
      if (order["status"] !== "valid") {
        throw new Ended({ why: `the order failed: ${problemText(field(order, "error"))}` });
      }
      const chain = await this.#post(url(order["certificate"], "the certificate"), null, ACME_CHAIN);
      return fromUtf8(chain.reply.body);
    });
  }

  /** Revokes a certificate (DER) of this account (RFC 8555 7.6); `reason` by RFC 5280 5.3.1. */
  revoke(certificate: Uint8Array, reason: number): Promise<Result<void, AcmeFault>> {
    return told(async () => {
      const { revokeCert } = await this.#open();
      if (revokeCert === null) throw new Ended({ why: "the directory does not revoke" });
      await this.#post(revokeCert, { certificate: base64url(certificate), reason });
    });
  }

  async #open(): Promise<Directory> {
    if (this.#directory) return this.#directory;
    const { json } = await this.#ask("GET", this.#url, null);
    const { revokeCert } = json;
    return this.#directory = {
      newNonce: url(json["newNonce"], "newNonce"),
      newAccount: url(json["newAccount"], "newAccount"),
      newOrder: url(json["newOrder"], "newOrder"),
      revokeCert: revokeCert === undefined ? null : url(revokeCert, "revokeCert"),
    };
  }

  /** All names are tried, so that those that fail are known together. */
  async #prove(authorizations: readonly string[]): Promise<void> {
    const failed: { readonly name: string; readonly why: string; readonly wait: number | null }[] = [];
    for (const at of authorizations) {
      const { json } = await this.#post(at, null);
      const name = text(field(json, "identifier")["value"]);
      if (json["status"] === "valid") continue;
      const why = json["status"] === "pending"
        ? await this.#challenge(at, json)
        : "it is not pending any more";
      if (why !== null) failed.push({ name, why, wait: null });
    }
    if (failed.length === 0) return;
    const why = failed.map((f) => `${f.name}: ${f.why}`).join("; ").slice(0, ACME_TEXT);
    throw new Ended({ why, names: failed.map((f) => f.name) });
  }

  /** Null when the name is proved, else why not. */
  async #challenge(at: string, authorization: Json): Promise<string | null> {
    const all = Array.isArray(authorization["challenges"]) ? authorization["challenges"] : [];
    const challenge = all.slice(0, 20).map(object).find((c) => c["type"] === "http-01");
    if (!challenge) return "the authority offers no http-01";
    const token = text(challenge["token"]);
    // RFC 8555 8.3: base64url, at least 128 bits.
    if (!/^[A-Za-z0-9_-]{22,200}$/.test(token)) {
      throw new Ended({ why: "the directory sent a token that is none" });
    }
    const { board } = this.#ports;
    board.publish(token, await keyAuthorization(token, this.#key));
    try {
      await this.#post(url(challenge["url"], "the challenge"), {});
      const done = await this.#settled(at, authorization, ["pending"]);
      if (done["status"] === "valid") return null;
      const tried = (Array.isArray(done["challenges"]) ? done["challenges"] : []).slice(0, 20).map(object);
      return problemText(tried.map((c) => field(c, "error")).find((e) => "detail" in e) ?? {});
    } finally {
      board.remove(token);
    }
  }

  /** Looks at an order or authorization until it is in none of the states `busy`. */
  async #settled(at: string, first: Json, busy: readonly string[]): Promise<Json> {
    const { clock, signal } = this.#ports;
    let json = first;
    let wait = 0;
    while (busy.includes(text(json["status"]))) {
      if (wait > 0) await clock.sleep(wait, signal);
      const looked = await this.#post(at, null);
      json = looked.json;
      const asked = retryAfter(looked.reply, clock.now());
      wait = Math.min(ACME_POLL_MOST, Math.max(wait * 1.5, ACME_POLL, asked ?? 0));
    }
    return json;
  }

  /** A signed request; a used-up nonce is no fault (RFC 8555 6.5). `payload` null is POST-as-GET. */
  async #post(at: string, payload: Json | null, most: number = ACME_REPLY): Promise<Answer> {
    for (let tries = 1;; tries++) {
      const nonce = this.#nonce ?? await this.#newNonce();
      this.#nonce = null;
      const account = at === this.#directory?.newAccount ? null : this.#account;
      const body = await signJws(this.#key, { url: at, nonce, account }, payload);
      const answer = await this.#ask("POST", at, body, most, tries < ACME_NONCES);
      if (answer) return answer;
    }
  }

  async #newNonce(): Promise<string> {
    const { newNonce } = await this.#open();
    await this.#ask("HEAD", newNonce, null);
    if (this.#nonce === null) throw new Ended({ why: "the directory gave no nonce" });
    return this.#nonce;
  }

  #ask(method: "GET" | "HEAD", at: string, body: null): Promise<Answer>;
  #ask(method: "POST", at: string, body: Uint8Array, most: number, again: boolean): Promise<Answer | null>;
  /** One request; null for a bad nonce where `again` it may be tried. */
  async #ask(
    method: "GET" | "HEAD" | "POST",
    at: string,
    body: Uint8Array | null,
    most: number = ACME_REPLY,
    again = false,
  ): Promise<Answer | null> {
    const { http, clock, signal } = this.#ports;
    if (signal.aborted) throw new Ended({ why: "the server stops" });
    if (clock.monotonic() > this.#end || this.#requests++ >= ACME_REQUESTS) {
      throw new Ended({ why: "the authority did not come to an end" });
    }
    const sent = await http.send(method, at, body, most);
    if (!sent.ok) throw new Ended({ why: sent.error });
    const reply = sent.value;
    const nonce = reply.header("replay-nonce");
    if (nonce !== null && /^[A-Za-z0-9_-]{1,500}$/.test(nonce)) this.#nonce = nonce;
    const good = reply.status >= 200 && reply.status < 300;
    if (method === "HEAD" && good) return { reply, json: {} };
    const isJson = /^application\/(problem\+)?json\s*(;|$)/i.test(reply.header("content-type") ?? "");
    const json = isJson ? parsed(reply.body) : {};
    if (good) {
      if (method === "GET" && !isJson) throw new Ended({ why: "what answers there is no ACME directory" });
      return { reply, json };
    }
    if (again && json["type"] === `${ERROR}badNonce`) return null;
    throw new Ended({
      why: `${new URL(at).host} replied ${reply.status}: ${problemText(json)}`.slice(0, ACME_TEXT),
      wait: retryAfter(reply, clock.now()),
      names: namesIn(json),
      noAccount: json["type"] === `${ERROR}accountDoesNotExist`,
    });
  }
}

interface Answer {
  readonly reply: HttpReply;
  /** Empty where the body is something else. */
  readonly json: Json;
}

async function told<T>(work: () => Promise<T>): Promise<Result<T, AcmeFault>> {
  try {
    return ok(await work());
  } catch (e) {
    if (e instanceof Ended) return err(e.fault);
    throw e;
  }
}

function parsed(body: Uint8Array): Json {
  try {
    return object(JSON.parse(fromUtf8(body)));
  } catch {
    throw new Ended({ why: "the directory sent broken JSON" });
  }
}

function object(value: unknown): Json {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? { ...value } : {};
}

function field(json: Json, name: string): Json {
  return object(json[name]);
}

function text(value: unknown): string {
  return typeof value === "string" ? oneLine(value) : "";
}

/** As many URLs as there are names, at most: more would be work for nothing. */
function texts(value: unknown, most: number): readonly string[] {
  const all: readonly unknown[] = Array.isArray(value) ? value : [];
  if (all.length === 0 || all.length > most) {
    throw new Ended({ why: `the directory wants ${all.length} authorizations for ${most} names` });
  }
  return all.map((at) => url(at, "an authorization"));
}

function url(value: unknown, what: string): string {
  if (typeof value === "string" && value.length <= 2000 && URL.canParse(value)) {
    if (new URL(value).protocol === "https:") return value;
  }
  throw new Ended({ why: `the directory sent no https: URL for ${what}` });
}

/** What a problem document (RFC 9457) says, for people. */
function problemText(problem: Json): string {
  const type = text(problem["type"]).replace(ERROR, "");
  const detail = text(problem["detail"]);
  return [type, detail].filter((t) => t !== "").join(", ") || "no reason given";
}

/** RFC 8555 6.7.1: names that subproblems are about. */
function namesIn(problem: Json): readonly string[] {
  const parts = Array.isArray(problem["subproblems"]) ? problem["subproblems"].slice(0, 100) : [];
  return parts.map((p) => text(field(object(p), "identifier")["value"])).filter((n) => n !== "");
}

/** Seconds, or a date (RFC 9110 10.2.3), as milliseconds from now. */
function retryAfter(reply: HttpReply, now: number): number | null {
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
