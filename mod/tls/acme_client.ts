/**
 * The ACME client (RFC 8555, RFC 8737): account, order, proofs by http-01 or tls-alpn-01, certificate. Invariants:
 * - Whatever the directory says, one issue ends within ACME_ORDER, asks no more than ACME_REQUESTS times, and reads no more than a few KiB a reply.
 * - What it hands out is a chain of PEM blocks; whether that is the certificate we wanted is for the caller to see.
 */
import type { Clock } from "../base/clock.ts";
import { fromUtf8 } from "../base/bytes.ts";
import {
  ACME_CHAIN,
  ACME_CLOCK,
  ACME_NONCES,
  ACME_ORDER,
  ACME_POLL,
  ACME_POLL_MOST,
  ACME_REPLY,
  ACME_REQUESTS,
  ACME_TEXT,
} from "../base/limits.ts";
import { err, ok, type Result } from "../base/result.ts";
import {
  ACME_ERROR,
  authorizationUrls,
  Ended,
  field,
  type Json,
  namesIn,
  objects,
  parseReply,
  problemText,
  retryAfter,
  text,
  url,
} from "./acme_replies.ts";
import type {
  AcmeFault,
  AcmeHttp,
  ChallengeBoard,
  ChallengeWay,
  ExternalAccount,
  HttpReply,
} from "./acme_types.ts";
import { base64url, type EcKey } from "./ec_key.ts";
import { bindAccount, keyAuthorization, signJws } from "./jws.ts";
import type { RenewalWindow } from "./renewal.ts";

/** Challenges of one authorization that are looked at: there are three kinds. */
const CHALLENGES = 20;

interface Directory {
  readonly newNonce: string;
  readonly newAccount: string;
  readonly newOrder: string;
  readonly revokeCert: string | null;
  readonly renewalInfo: string | null;
}

/** When the authority would have a certificate renewed. */
export interface RenewalInfo {
  readonly window: RenewalWindow;
  /** Milliseconds until it is to be asked again; null where it does not say. */
  readonly wait: number | null;
}

export interface AcmeClientPorts {
  readonly http: AcmeHttp;
  readonly clock: Clock;
  readonly board: ChallengeBoard;
  /** How names may be proved, the best way first. */
  readonly ways: readonly ChallengeWay[];
  /** The account elsewhere that ours belongs to, where the authority wants one. */
  readonly external: ExternalAccount | null;
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
      const { external } = this.#ports;
      const { reply } = await this.#post(newAccount, {
        termsOfServiceAgreed: true,
        contact: [`mailto:${email}`],
        ...(external ? { externalAccountBinding: await bindAccount(this.#key, newAccount, external) } : {}),
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
      await this.#prove(authorizationUrls(made.json["authorizations"], names.length), names);
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

  /** Asks about a certificate by its `renewalId` (RFC 9773 4.1); null where the authority does not tell. */
  renewalInfo(id: string): Promise<Result<RenewalInfo | null, AcmeFault>> {
    return told(async () => {
      const { renewalInfo } = await this.#open();
      if (renewalInfo === null) return null;
      const { reply, json } = await this.#ask("GET", `${renewalInfo.replace(/\/$/, "")}/${id}`, null);
      const suggested = field(json, "suggestedWindow");
      const [start = NaN, end = NaN] = ["start", "end"].map((name) => Date.parse(text(suggested[name])));
      // RFC 9773 4.2: such a window is no answer.
      if (!(start >= 0 && start < end)) throw new Ended({ why: "the directory suggests no time to renew" });
      return { window: { start, end }, wait: retryAfter(reply, this.#ports.clock.now()) };
    });
  }

  async #open(): Promise<Directory> {
    if (this.#directory) return this.#directory;
    const { json } = await this.#ask("GET", this.#url, null);
    const { revokeCert, renewalInfo } = json;
    return this.#directory = {
      newNonce: url(json["newNonce"], "newNonce"),
      newAccount: url(json["newAccount"], "newAccount"),
      newOrder: url(json["newOrder"], "newOrder"),
      revokeCert: revokeCert === undefined ? null : url(revokeCert, "revokeCert"),
      renewalInfo: renewalInfo === undefined ? null : url(renewalInfo, "renewalInfo"),
    };
  }

  /** All names are tried, so that those that fail are known together. */
  async #prove(authorizations: readonly string[], names: readonly string[]): Promise<void> {
    const failed: { readonly name: string; readonly why: string }[] = [];
    for (const at of authorizations) {
      const { json } = await this.#post(at, null);
      const name = text(field(json, "identifier")["value"]).toLowerCase();
      if (!names.includes(name)) {
        throw new Ended({ why: `the directory wants a proof of "${name}", which was not asked for` });
      }
      if (json["status"] === "valid") continue;
      const why = json["status"] === "pending"
        ? await this.#challenge(at, json, name)
        : "it is not pending any more";
      if (why !== null) failed.push({ name, why });
    }
    if (failed.length === 0) return;
    const why = failed.map((f) => `${f.name}: ${f.why}`).join("; ").slice(0, ACME_TEXT);
    throw new Ended({ why, names: failed.map((f) => f.name) });
  }

  /** Null when the name is proved, else why not. */
  async #challenge(at: string, authorization: Json, name: string): Promise<string | null> {
    const { ways } = this.#ports;
    const offered = objects(authorization["challenges"], CHALLENGES);
    const way = ways.find((w) => offered.some((c) => c["type"] === w));
    const challenge = offered.find((c) => c["type"] === way);
    if (!way || !challenge) return `the authority offers no ${ways.join(" nor ")}`;
    const token = text(challenge["token"]);
    // RFC 8555 8.3: base64url, at least 128 bits.
    if (!/^[A-Za-z0-9_-]{22,200}$/.test(token)) {
      throw new Ended({ why: "the directory sent a token that is none" });
    }
    const remove = await this.#publish(way, name, token);
    try {
      await this.#post(url(challenge["url"], "the challenge"), {});
      const done = await this.#settled(at, authorization, ["pending"]);
      if (done["status"] === "valid") return null;
      const tried = objects(done["challenges"], CHALLENGES);
      return problemText(tried.map((c) => field(c, "error")).find((e) => "detail" in e) ?? {});
    } finally {
      remove();
    }
  }

  /** Gives what takes it away again. */
  async #publish(way: ChallengeWay, name: string, token: string): Promise<() => void> {
    const { board, clock } = this.#ports;
    const answer = await keyAuthorization(token, this.#key);
    if (way === "http-01") {
      board.publish(token, answer);
      return () => board.remove(token);
    }
    const { validationCertificate } = await import("./validation_certificate.ts");
    board.publishTls(name, await validationCertificate(name, answer, clock.now()));
    return () => board.removeTls(name);
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
    const json = isJson ? parseReply(reply.body) : {};
    if (good) {
      if (method === "GET" && !isJson) throw new Ended({ why: "what answers there is no ACME directory" });
      if (method === "GET") checkClock(reply, clock.now());
      return { reply, json };
    }
    if (again && json["type"] === `${ACME_ERROR}badNonce`) return null;
    throw new Ended({
      why: `${new URL(at).host} replied ${reply.status}: ${problemText(json)}`.slice(0, ACME_TEXT),
      wait: retryAfter(reply, clock.now()),
      names: namesIn(json),
      noAccount: json["type"] === `${ACME_ERROR}accountDoesNotExist`,
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

/** A certificate that is asked for by a wrong clock would be thrown away, and counted by the authority all the same. */
function checkClock(reply: HttpReply, now: number): void {
  const theirs = Date.parse(reply.header("date") ?? "");
  if (!Number.isFinite(theirs) || Math.abs(theirs - now) <= ACME_CLOCK) return;
  const [here, there] = [now, theirs].map((at) => new Date(at).toISOString().slice(0, 16));
  throw new Ended({ why: `the clock says ${here}, the authority ${there}; one of them is wrong` });
}
