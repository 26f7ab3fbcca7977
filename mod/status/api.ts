/** The routes of the API. Each has its line in `openapi.ts`; a test walks both. */
import type { Hono } from "hono";
import { STATUS_BODY } from "../base/limits.ts";
import { mayChange } from "./access.ts";
import { type Ask, type Env, textWithin } from "./http.ts";
import { openApi } from "./openapi.ts";
import { parseIds, parseQueueQuery, QUEUE_ACTIONS } from "./queue_query.ts";
import type { QueueAction, QueueChange, StatusPorts } from "./types.ts";

/** Adds what only reads. */
export function addReadingRoutes(app: Hono<Env>, ports: StatusPorts): void {
  app.get("/api/openapi.json", async (c) => c.json(openApi((await ports.snapshot()).version)));
  app.get("/api/status", async (c) => c.json(await ports.snapshot()));
  app.get("/api/health", async (c) => c.json(await ports.health()));
  app.get("/api/history", (c) => c.json(ports.day()));
  app.get("/api/decisions", (c) => c.json(ports.decisions()));
  app.get("/api/accounts", async (c) => c.json(await ports.accounts()));
  app.get("/api/domains", async (c) => c.json(await ports.domains()));
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
  app.get("/api/why/:asked", async (c) => {
    const since = c.req.query("since");
    if (since !== undefined && !/^\d{1,9}$/.test(since)) {
      return c.json({ error: "since is a number of seconds" }, 400);
    }
    return c.json(await ports.why(c.req.param("asked"), since === undefined ? null : Number(since) * 1000));
  });
  app.get("/api/queue/:id", async (c) => {
    const item = (await ports.queue()).find((q) => q.id === c.req.param("id"));
    return item ? c.json(item) : c.json({ error: "no such message" }, 404);
  });
}

/** Adds what changes something. */
export function addChangingRoutes(app: Hono<Env>, ports: StatusPorts): void {
  app.use(mayChange);
  app.post("/api/reload", async (c) => {
    const fault = await ports.reload();
    return fault === null ? c.json({ reloaded: true }) : c.json({ error: fault }, 422);
  });
  app.post("/api/certificates/renew", async (c) => {
    const fault = await ports.renewCertificate(c.req.query("revoke") === "yes");
    return fault === null ? c.json({ renewed: true }) : c.json({ error: fault }, 422);
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
}

function changed(c: Ask, change: QueueChange): Response {
  if (change === "done") return c.json({ done: true });
  if (change === "missing") return c.json({ error: "no such message" }, 404);
  return c.json({ error: "it is being tried at this moment; try again, or hold it first" }, 409);
}

/** Messages by a filter in the query, or by their IDs in the body. */
async function changeMany(c: Ask, ports: StatusPorts, action: QueueAction): Promise<Response> {
  const query = c.req.query();
  const text = await textWithin(c, STATUS_BODY);
  if (text === null) return c.json({ error: `at most ${STATUS_BODY} octets` }, 413);
  const named = text !== "" && Object.keys(query).length === 0 ? parseIds(text) : null;
  const which = named ? null : parseQueueQuery(query);
  if (which && !which.ok) return c.json({ error: which.error }, 400);
  const changes = await ports.changeMany(action, named ?? (which ? await ports.select(which.value) : []));
  const { done, busy, missing } = changes;
  // Those of a filter that are gone since were delivered.
  const ids = { done, busy, ...(named ? { missing } : {}) };
  return c.json({ done: done.length, busy: busy.length, ...(named ? { missing: missing.length } : {}), ids });
}
