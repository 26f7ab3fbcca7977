/**
 * The HTTP app. Invariants:
 * - Reading is free from loopback and needs the token from elsewhere; changing always needs the token, and a token is never taken from a
 *   cookie or the query, so no foreign page can make a browser change anything.
 * - The Host header must be an address or one of our names: a foreign page cannot read by pointing its own name at loopback.
 * - No CORS headers; nothing is cached or framed.
 */
import { STATUS_BODY } from "../base/limits.ts";
import { type Context, Hono, type Next } from "hono";
import { statusPage } from "./page.ts";
import { parseIds, parseQueueQuery, QUEUE_ACTIONS } from "./queue_query.ts";
import type { QueueAction, QueueChange, StatusPorts } from "./types.ts";

/** What the HTTP server knows of a request beside its contents. */
export interface RequestFacts {
  readonly remoteAddress: string;
  /** Milliseconds since 1970. */
  readonly now: number;
}

type Env = { Bindings: RequestFacts };

/** Makes the app; `app.fetch(request, facts)` answers. `names` are host names we answer to beside addresses and "localhost". */
export function createStatusApp(ports: StatusPorts, names: () => readonly string[]): Hono<Env> {
  const app = new Hono<Env>();
  app.use(securityHeaders);
  app.get("/healthz", (c) => c.json({ status: "ok" }));
  // For all the world, and under names that nothing else is told under.
  app.get("/.well-known/mta-sts.txt", async (c, next) => {
    const policy = ports.stsPolicy(hostOf(c));
    return policy === null ? await next() : c.body(policy, 200, { "content-type": "text/plain" });
  });
  app.use((c, next) => onlyOurNames(c, next, names()));
  app.get("/ca.pem", (c) => {
    const pem = ports.authority();
    return pem === null ? c.notFound() : c.body(pem, 200, { "content-type": "application/x-x509-ca-cert" });
  });
  app.use((c, next) => mayRead(c, next, ports));
  app.get("/", async (c) => {
    const [snapshot, queue, received] = await Promise.all([
      ports.snapshot(),
      ports.queue(),
      ports.received(),
    ]);
    return c.html(statusPage(snapshot, queue, received, ports.authority() !== null, c.env.now));
  });
  app.get("/api/status", async (c) => c.json(await ports.snapshot()));
  app.get(
    "/metrics",
    async (c) =>
      c.body(await ports.metrics(), 200, { "content-type": "text/plain; version=0.0.4; charset=utf-8" }),
  );
  app.get("/api/reports/tls", async (c) => c.json((await ports.received()).tls));
  app.get("/api/reports/dmarc", async (c) => c.json((await ports.received()).dmarc));
  app.get("/api/queue", async (c) => c.json(await ports.queue()));
  app.get("/api/queue/away", (c) => c.json(ports.away()));
  app.get("/api/queue/suppressed", (c) => c.json(ports.suppressed()));
  app.get("/api/queue/:id", async (c) => {
    const item = (await ports.queue()).find((q) => q.id === c.req.param("id"));
    return item ? c.json(item) : c.json({ error: "no such message" }, 404);
  });
  app.use((c, next) => mayChange(c, next, ports));
  app.post("/api/reload", async (c) => {
    const fault = await ports.reload();
    return fault === null ? c.json({ reloaded: true }) : c.json({ error: fault }, 422);
  });
  app.post("/api/reports/send", async (c) => c.json({ sent: await ports.sendReports() }));
  app.post("/api/queue/rescan", async (c) => c.json({ found: await ports.rescan() }));
  app.delete("/api/queue/suppressed/:address", async (c) => {
    const removed = await ports.unsuppress(c.req.param("address"));
    return removed > 0 ? c.json({ removed }) : c.json({ error: "no such address" }, 404);
  });
  for (const action of QUEUE_ACTIONS) {
    app.post(
      `/api/queue/:id/${action}`,
      async (c) => changed(c, await ports.change(action, c.req.param("id"))),
    );
    app.post(`/api/queue/${action}`, (c) => changeMany(c, ports, action));
  }
  app.notFound((c) => c.json({ error: "not found" }, 404));
  app.onError((e, c) => {
    ports.failed(e);
    return c.json({ error: "internal error; the log has more" }, 500);
  });
  return app;
}

function changed(c: Context<Env>, change: QueueChange): Response {
  if (change === "done") return c.json({ done: true });
  if (change === "missing") return c.json({ error: "no such message" }, 404);
  return c.json({ error: "it is being tried at this moment; try again, or hold it first" }, 409);
}

/** Messages by a filter in the query, or by their IDs in the body. */
async function changeMany(c: Context<Env>, ports: StatusPorts, action: QueueAction): Promise<Response> {
  const query = c.req.query();
  const size = Number(c.req.header("content-length") ?? 0);
  if (size > STATUS_BODY) return c.json({ error: `at most ${STATUS_BODY} octets` }, 413);
  const named = size > 0 && Object.keys(query).length === 0 ? parseIds(await c.req.text()) : null;
  const which = named ? null : parseQueueQuery(query);
  if (which && !which.ok) return c.json({ error: which.error }, 400);
  const changes = await ports.changeMany(action, named ?? (which ? await ports.select(which.value) : []));
  const { done, busy, missing } = changes;
  // Those of a filter that are gone since were delivered.
  const ids = { done, busy, ...(named ? { missing } : {}) };
  return c.json({ done: done.length, busy: busy.length, ...(named ? { missing: missing.length } : {}), ids });
}

async function securityHeaders(c: Context<Env>, next: Next): Promise<void> {
  await next();
  c.header(
    "content-security-policy",
    "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
  );
  c.header("x-content-type-options", "nosniff");
  c.header("x-frame-options", "DENY");
  c.header("referrer-policy", "no-referrer");
  c.header("cross-origin-resource-policy", "same-origin");
  c.header("cache-control", "no-store");
}

function hostOf(c: Context<Env>): string {
  return (c.req.header("host") ?? "").toLowerCase().replace(/:\d+$/, "");
}

async function onlyOurNames(c: Context<Env>, next: Next, names: readonly string[]): Promise<Response | void> {
  const host = hostOf(c);
  const address = /^\d+\.\d+\.\d+\.\d+$/.test(host) || /^\[[0-9a-f:.]+\]$/.test(host);
  if (!address && host !== "localhost" && !names.includes(host)) {
    return c.json({ error: `this server does not answer for "${host}"` }, 421);
  }
  await next();
}

async function mayRead(c: Context<Env>, next: Next, ports: StatusPorts): Promise<Response | void> {
  if (!isLoopback(c.env.remoteAddress) && !hasToken(c, ports)) return refused(c);
  await next();
}

async function mayChange(c: Context<Env>, next: Next, ports: StatusPorts): Promise<Response | void> {
  if (!hasToken(c, ports)) return refused(c);
  await next();
}

function refused(c: Context<Env>): Response {
  c.header("www-authenticate", "Bearer");
  return c.json({
    error: "this needs the token of the file control.token in the data folder, as Authorization: Bearer",
  }, 401);
}

function hasToken(c: Context<Env>, ports: StatusPorts): boolean {
  const given = /^Bearer ([\x21-\x7e]{1,200})$/i.exec(c.req.header("authorization") ?? "")?.[1];
  return given !== undefined && ports.tokenIsRight(given);
}

function isLoopback(address: string): boolean {
  return address === "::1" || address.startsWith("127.") || address.startsWith("::ffff:127.");
}
