/** An ACME directory in memory, that keeps to RFC 8555 unless it is told to lie. */
import { fromUtf8, utf8 } from "../../mod/base/bytes.ts";
import { err, ok, type Result } from "../../mod/base/result.ts";
import type { AcmeHttp, HttpReply } from "../../mod/tls/acme_types.ts";

type Reply = {
  status?: number;
  json?: unknown;
  text?: string;
  type?: string;
  headers?: Record<string, string>;
};

const TOP = "https://acme.test";

export class AcmeDirectory implements AcmeHttp {
  /** "METHOD PATH" of each request. */
  readonly asked: string[] = [];
  /** Replies that come instead of true ones, by path; a function may count. */
  readonly lies = new Map<string, Reply | "down" | (() => Reply | null)>();
  /** Names that cannot be proved. */
  readonly unproved = new Set<string>();
  readonly revoked: string[] = [];
  /** What it issues for names. */
  chain: (names: readonly string[]) => string = (names) => `chain of ${names}`;
  /** How names may be proved. */
  ways: readonly string[] = ["http-01"];
  /** Where it does not get through. */
  readonly blocked = new Set<string>();
  /** What came of an account made anew. */
  readonly accounts: Record<string, unknown>[] = [];
  /** When certificates are to be renewed, if it tells. */
  window: { start: string; end: string } | null = null;
  /** Looks at pending things before they are done. */
  patience = 1;
  #names: readonly string[] = [];
  #looks = 0;
  /** Names by their number, and how they were to be proved. */
  #answered = new Map<number, string>();
  #nonce = 0;

  get directory(): string {
    return `${TOP}/dir`;
  }

  send(
    method: "GET" | "HEAD" | "POST",
    url: string,
    body: Uint8Array | null,
  ): Promise<Result<HttpReply, string>> {
    const path = url.slice(TOP.length);
    this.asked.push(`${method} ${path}`);
    const lie = this.lies.get(path);
    if (lie === "down") return Promise.resolve(err("cannot reach acme.test: refused"));
    const reply = (typeof lie === "function" ? lie() : lie) ?? this.#answer(path, body);
    const octets = utf8(reply.text ?? JSON.stringify(reply.json ?? {}));
    const headers: Record<string, string> = {
      "replay-nonce": `nonce${this.#nonce++}`,
      "content-type": reply.type ?? "application/json",
      ...reply.headers,
    };
    return Promise.resolve(
      ok({ status: reply.status ?? 200, body: octets, header: (name) => headers[name] ?? null }),
    );
  }

  #answer(path: string, body: Uint8Array | null): Reply {
    const [, kind = "", id = "0", way = "http-01"] = path.split("/");
    const n = Number(id);
    const payload = body ? payloadOf(body) : null;
    switch (kind) {
      case "dir":
        return {
          json: Object.fromEntries(
            [["newNonce", "nonce"], ["newAccount", "account"], ["newOrder", "new"], ["revokeCert", "revoke"]]
              .concat(this.window ? [["renewalInfo", "info"]] : [])
              .map(([name, at]) => [name, `${TOP}/${at}`]),
          ),
        };
      case "account":
        if (payload) this.accounts.push(payload);
        return { status: 201, headers: { location: `${TOP}/accounts/1` } };
      case "new":
        this.#names = (payload?.["identifiers"] as { value: string }[]).map((i) => i.value);
        this.#answered = new Map();
        return { status: 201, headers: { location: `${TOP}/order` }, json: this.#order() };
      case "order":
        return { json: this.#order() };
      case "authz":
        return { json: this.#authorization(n) };
      case "challenge":
        this.#answered.set(n, way);
        this.#looks = 0;
        return {};
      case "finalize":
        return { json: { ...this.#order(), status: "valid", certificate: `${TOP}/certificate` } };
      case "certificate":
        return { text: this.chain(this.#names), type: "application/pem-certificate-chain" };
      case "info":
        return { json: { suggestedWindow: this.window } };
      case "revoke":
        this.revoked.push(String(payload?.["certificate"]));
        return {};
      default:
        return {};
    }
  }

  #order() {
    const done = this.#names.every((_, i) => this.#answered.has(i) && !this.#fails(i));
    return {
      status: done ? "ready" : "pending",
      authorizations: this.#names.map((_, i) => `${TOP}/authz/${i}`),
      finalize: `${TOP}/finalize`,
    };
  }

  #fails(n: number): boolean {
    return this.unproved.has(this.#names[n] ?? "") || this.blocked.has(this.#answered.get(n) ?? "");
  }

  #authorization(n: number) {
    const settled = this.#answered.has(n) && ++this.#looks >= this.patience;
    const bad = settled && this.#fails(n);
    const challenges = this.ways.map((type) => ({
      type,
      url: `${TOP}/challenge/${n}${type === "http-01" ? "" : `/${type}`}`,
      token: `token-of-enough-letters-${n}`,
      ...(bad ? { error: { type: "urn:ietf:params:acme:error:dns", detail: "no such\nname" } } : {}),
    }));
    const status = settled ? bad ? "invalid" : "valid" : "pending";
    const identifier = { type: "dns", value: this.#names[n] ?? "" };
    return { status, identifier, challenges: [{ type: "dns-01" }, ...challenges] };
  }
}

function payloadOf(body: Uint8Array): Record<string, unknown> | null {
  const { payload } = JSON.parse(fromUtf8(body)) as { payload: string };
  return payload === "" ? null : JSON.parse(atob(payload.replaceAll("-", "+").replaceAll("_", "/")));
}
