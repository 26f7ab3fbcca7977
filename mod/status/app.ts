/**
 * The HTTP app. Invariants:
 * - Who may read and who may change: see `access.ts`.
 * - Under the names that mail programs ask for by themselves there is only what needs no token.
 * - The Host header must be an address or one of our names: a foreign page cannot read by pointing its own name at loopback.
 * - No CORS headers; nothing is cached or framed; pages load nothing from elsewhere and hold no script or style of their own.
 */
import { type Context, Hono, type Next } from "hono";
import { HSTS_AGE } from "../base/limits.ts";
import { Gate, isLoopback, isPassedOn, mayRead } from "./access.ts";
import { addChangingRoutes, addReadingRoutes } from "./api.ts";
import { SCRIPT, STYLE } from "./assets.ts";
import { type Env, hostOf } from "./http.ts";
import { addPages, addSignIn } from "./pages.ts";
import { ConnectionLost } from "../wire/conn.ts";
import { addDiscovery, addSetup } from "./setup.ts";
import type { StatusPorts } from "./types.ts";

/** Makes the app; `app.fetch(request, facts)` answers. `names` are host names we answer to beside addresses and "localhost", our own first. */
export function createStatusApp(ports: StatusPorts, names: () => readonly string[]): Hono<Env> {
  const app = new Hono<Env>();
  const gate = new Gate(ports);
  const own = () => names()[0] ?? "";
  app.use((c, next) => securityHeaders(c, next, hostOf(c) === own() && ports.strictTransport()));
  app.get("/healthz", (c) => c.json({ status: "ok" }));
  // For all the world, and under names that nothing else is told under.
  app.get("/.well-known/mta-sts.txt", async (c, next) => {
    const policy = ports.stsPolicy(hostOf(c));
    return policy === null ? await next() : c.body(policy, 200, { "content-type": "text/plain" });
  });
  app.get("/.well-known/acme-challenge/:token", (c) => {
    const answer = ports.challenge(c.req.param("token"));
    return answer === null
      ? c.notFound()
      : c.body(answer, 200, { "content-type": "application/octet-stream" });
  });
  addDiscovery(app, ports);
  app.use((c, next) => onlyOurNames(c, next, (host) => names().includes(host) || ports.isPublicName(host)));
  app.get("/style.css", (c) => c.body(STYLE, 200, { "content-type": "text/css; charset=utf-8" }));
  app.get("/live.js", (c) => c.body(SCRIPT, 200, { "content-type": "text/javascript; charset=utf-8" }));
  addSetup(app, ports);
  app.use((c, next) => notUnderPublicNames(c, next, ports));
  app.use((c, next) => overTls(c, next, hostOf(c) === own() ? ports.secureOrigin() : null));
  app.use((c, next) => gate.see(c, next));
  addSignIn(app, gate);
  app.use(mayRead);
  addReadingRoutes(app, ports);
  addPages(app, ports, gate, own);
  addChangingRoutes(app, ports);
  app.notFound((c) => c.json({ error: "not found" }, 404));
  app.onError((e, c) => {
    // A client that goes in the middle of what it sends is no fault of ours.
    if (!(e instanceof ConnectionLost)) ports.failed(e);
    return c.json({ error: "internal error; the log has more" }, 500);
  });
  return app;
}

/** `strict`: whoever has come by TLS once is never to come without (RFC 6797). */
async function securityHeaders(c: Context<Env>, next: Next, strict: boolean): Promise<void> {
  await next();
  if (strict && c.env.secure) c.header("strict-transport-security", `max-age=${HSTS_AGE / 1000}`);
  c.header(
    "content-security-policy",
    "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self' data:; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
  );
  c.header("x-content-type-options", "nosniff");
  c.header("x-frame-options", "DENY");
  // Not "no-referrer": browsers would then not say where a form comes from.
  c.header("referrer-policy", "same-origin");
  c.header("cross-origin-resource-policy", "same-origin");
  c.header("cross-origin-opener-policy", "same-origin");
  c.header("permissions-policy", "camera=(), geolocation=(), microphone=()");
  c.header("cache-control", "no-store");
}

async function onlyOurNames(
  c: Context<Env>,
  next: Next,
  isOurs: (host: string) => boolean,
): Promise<Response | void> {
  const host = hostOf(c);
  const address = /^\d+\.\d+\.\d+\.\d+$/.test(host) || /^\[[0-9a-f:.]+\]$/.test(host);
  if (!address && host !== "localhost" && !isOurs(host)) {
    return c.json({ error: `this server does not answer for "${host}"` }, 421);
  }
  await next();
}

/** Names for mail programs have what needs no token, and nothing else. */
async function notUnderPublicNames(
  c: Context<Env>,
  next: Next,
  ports: StatusPorts,
): Promise<Response | void> {
  if (!ports.isPublicName(hostOf(c))) return await next();
  return c.req.path === "/" ? c.redirect("/setup", 303) : c.json({ error: "not found" }, 404);
}

/** Tokens do not travel in the clear where we have TLS: who asks from elsewhere, and by our name, is led there. */
async function overTls(c: Context<Env>, next: Next, origin: string | null): Promise<Response | void> {
  const away = origin !== null && !c.env.secure && !isLoopback(c.env.remoteAddress) && !isPassedOn(c);
  if (!away || (c.req.method !== "GET" && c.req.method !== "HEAD")) return await next();
  const { pathname, search } = new URL(c.req.url);
  return c.redirect(`${origin}${pathname}${search}`, 307);
}
