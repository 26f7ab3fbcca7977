/** The HTTP app without a server. */
import { createStatusApp } from "../../mod/status/app.ts";
import type { ClientFacts } from "../../mod/status/clients.ts";
import { MailHistory } from "../../mod/status/history.ts";
import type { QueueItem, StatusPorts } from "../../mod/status/types.ts";
import { FakeClock } from "./fake_clock.ts";
import { SeededRandom } from "./seeded_random.ts";
import { RECEIVED, SNAPSHOT } from "./status_snapshot.ts";

/** A server with everything. */
export const CLIENTS: ClientFacts = {
  hostname: "mail.example.org",
  domains: ["example.org", "example.net"],
  services: [
    { kind: "imap", port: 993, security: "tls" },
    { kind: "imap", port: 143, security: "starttls" },
    { kind: "pop3", port: 995, security: "tls" },
    { kind: "smtp", port: 587, security: "starttls" },
  ],
};

/** When the requests come. */
export const NOW = Date.UTC(2026, 0, 2, 4);

/** A message whose texts strangers wrote. */
export const ITEM: QueueItem = {
  id: "q1",
  state: "deferred",
  sender: "<script>@x",
  size: 1,
  arrived: "2026-01-02T03:04:05.000Z",
  attempts: 1,
  next: null,
  recipients: [{ address: "a@b", state: "pending", reply: "451 <b>later</b>" }],
};

/** What a request of `ask` may say. */
export interface AskOptions {
  readonly from?: string;
  readonly host?: string;
  readonly token?: string;
  readonly body?: string | Uint8Array;
  readonly headers?: Readonly<Record<string, string>>;
  readonly secure?: boolean;
  readonly old?: boolean;
  /** Whether the client has gone, when somebody looks. */
  readonly gone?: () => boolean;
}

/** The app over ports that note what is done; "right" may change, "reader" may read. */
export function testApp(over: Partial<StatusPorts> = {}) {
  const calls: string[] = [];
  const clock = new FakeClock();
  const ports: StatusPorts = {
    clock,
    random: new SeededRandom(3),
    stopping: new AbortController().signal,
    rightOf: (t) => Promise.resolve(t === "right" ? "change" : t === "reader" ? "read" : null),
    clients: () => CLIENTS,
    health: () => Promise.resolve([]),
    day: () => new MailHistory().day(NOW),
    decisions: () => [],
    revision: () => "1",
    accounts: () => Promise.resolve([]),
    domains: () => Promise.resolve([]),
    isPublicName: (host) => /^(autoconfig|mta-sts)\.example\.org$/.test(host),
    secureOrigin: () => null,
    strictTransport: () => false,
    stsPolicy: (host) => host === "mta-sts.example.org" ? "version: STSv1\r\n" : null,
    snapshot: () => Promise.resolve(SNAPSHOT),
    metrics: () => Promise.resolve("m 1\n"),
    challenge: (asked) => asked === "open-token" ? "open-token.print" : null,
    renewCertificate: (revoke) => Promise.resolve(revoke ? "no certificate to revoke" : null),
    authority: () => null,
    queue: () => Promise.resolve([ITEM]),
    select: (which) => Promise.resolve(calls.push(JSON.stringify(which)) > 0 ? ["q1", "q2", "q3"] : []),
    change(action, id) {
      calls.push(`${action} ${id}`);
      return Promise.resolve(id === "q1" ? "done" : id === "q2" ? "busy" : "missing");
    },
    changeMany(action, ids) {
      calls.push(`${action} ${ids}`);
      return Promise.resolve({ done: ["q1"], busy: ["q2"], missing: ["q3"] });
    },
    suppressed: () => [],
    unsuppress: (address) =>
      Promise.resolve(calls.push(`unsuppress ${address}`) > 0 && address === "@x.test" ? 2 : 0),
    away: () => ({ hosts: [], destinations: [{ destination: "x.test", until: "soon", failures: 1 }] }),
    received: () => Promise.resolve(RECEIVED),
    sendReports: () => Promise.resolve(2),
    rescan: () => Promise.resolve(3),
    reload: () => Promise.resolve(null),
    why: (asked, within) =>
      Promise.resolve({
        asked: `${asked} ${within}`,
        messages: [],
        refusals: [],
        more: false,
      }),
    failed: (e) => void calls.push(`failed ${e.message}`),
    ...over,
  };
  const hono = createStatusApp(ports, () => ["mail.example.org"]);
  const ask = async (
    method: string,
    path: string,
    {
      from = "127.0.0.1",
      host = "localhost:8080",
      token = "",
      body = "",
      headers = {},
      secure = false,
      old = false,
      gone = () => false,
    }: AskOptions = {},
  ): Promise<Response> => {
    const answer = Promise.resolve(hono.fetch(
      new Request(`${secure ? "https" : "http"}://x${path}`, {
        method,
        headers: {
          host,
          ...(token ? { authorization: `Bearer ${token}` } : {}),
          ...(body.length > 0 ? { "content-length": `${body.length}` } : {}),
          ...headers,
        },
        ...(body.length > 0 ? { body: body as BodyInit } : {}),
      }),
      { remoteAddress: from, now: NOW, secure, old, gone },
    ));
    return await answer;
  };
  return { ask, calls, clock, hono };
}
