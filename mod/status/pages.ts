/** The routes of the pages. They work without scripts: links, and forms that lead back to their page. */
import type { Hono } from "hono";
import { html } from "hono/html";
import { type Gate, isAtHome, isOurForm, mayPost } from "./access.ts";
import { type Ask, type Env, formOf } from "./http.ts";
import { type Html, page, type PageFacts, plainPage } from "./layout.ts";
import { accountsPage, decisionsPage, domainsPage } from "./lists.ts";
import { LiveStreams } from "./live.ts";
import { overview } from "./page.ts";
import { QUEUE_ACTIONS } from "./queue_query.ts";
import { queuePage, toldOf } from "./queue_page.ts";
import { reportTable } from "./report_table.ts";
import type { StatusPorts } from "./types.ts";

/** Adds what who is not signed in may see, too. */
export function addSignIn(app: Hono<Env>, gate: Gate): void {
  app.get("/sign-in", (c) => c.html(signInPage(null)));
  app.post("/sign-in", async (c) => {
    const form = isOurForm(c) ? await formOf(c) : null;
    if (form === null) return c.html(signInPage("That did not come from this page. Try again here."), 400);
    const token = (form.get("token") ?? "").trim();
    if (/^[\x21-\x7e]{1,200}$/.test(token) && await gate.signIn(c, token)) return c.redirect("/", 303);
    return c.html(signInPage("This token is not known here."), 401);
  });
  app.post("/sign-out", (c) => {
    if (!isOurForm(c)) return c.html(signInPage(null), 400);
    gate.signOut(c);
    return c.redirect("/sign-in", 303);
  });
}

/** Adds the pages, for who may read. */
export function addPages(app: Hono<Env>, ports: StatusPorts, gate: Gate, hostname: () => string): void {
  const facts = (c: Ask): PageFacts => {
    const { right, session } = c.get("access");
    const formKey = session && right === "change" ? session.formKey : null;
    return { hostname: hostname(), now: c.env.now, formKey, signedIn: session !== null };
  };
  const show = (c: Ask, path: string, title: string, body: Html) => c.html(page(facts(c), path, title, body));
  app.get("/", async (c) => {
    const [snapshot, health] = await Promise.all([ports.snapshot(), ports.health()]);
    return show(c, "/", "Overview", overview(snapshot, health, ports.day()));
  });
  app.get("/queue", async (c) => show(c, "/queue", "Queue", queuePage(facts(c), await ports.queue(), null)));
  app.post("/queue", async (c) => {
    const form = await formOf(c);
    if (!form || !mayPost(c, form)) {
      return c.html(signInPage("To change something, sign in with a token that may."), 403);
    }
    const action = QUEUE_ACTIONS.find((a) => a === form.get("action"));
    const ids = form.getAll("id");
    const told = !action
      ? "That is nothing that can be done."
      : ids.length === 0
      ? "Nothing was ticked, so nothing was done."
      : toldOf(action, await ports.changeMany(action, ids));
    return show(c, "/queue", "Queue", queuePage(facts(c), await ports.queue(), told));
  });
  app.get(
    "/decisions",
    (c) => show(c, "/decisions", "Decisions", decisionsPage(ports.decisions())),
  );
  app.get(
    "/accounts",
    async (c) => show(c, "/accounts", "Accounts", accountsPage(await ports.accounts())),
  );
  app.get("/domains", async (c) => {
    const [domains, { certificates }] = await Promise.all([ports.domains(), ports.snapshot()]);
    const body = domainsPage(domains, certificates, ports.authority() !== null, c.env.now);
    return show(c, "/domains", "DNS and certificates", body);
  });
  app.get(
    "/reports",
    async (c) => show(c, "/reports", "Reports", html`${reportTable(await ports.received())}`),
  );
  const streams = new LiveStreams(ports);
  app.get("/live", (c) => {
    // Nobody would ever read, nor end, what is opened for HEAD.
    if (c.req.method === "HEAD") return c.body(null);
    const access = c.get("access");
    const home = isAtHome(c);
    // Where nothing changes nothing is written, and a page that was left would be noticed late.
    const stream = streams.open(async () => !c.env.gone() && await gate.stillAllowed(access, home));
    if (!stream) return c.text("too many pages are open\n", 503);
    return c.body(stream, 200, { "content-type": "text/event-stream", "x-accel-buffering": "no" });
  });
}

function signInPage(fault: string | null): Html {
  return plainPage(
    "Sign in - Roost",
    html`
      <h1>Sign in</h1>
      ${fault === null ? "" : html`<p class="told bad" role="alert">${fault}</p>`}
      <form method="post" action="/sign-in">
        <p><label for="token">Token</label><br><input id="token" name="token" type="password" autocomplete="current-password" required autofocus></p>
        <p><button>Sign in</button></p>
      </form>
      <p class="sub">On the server, <code>roost token add NAME</code> makes one. It is shown once.</p>
      <p><a href="/">To the overview</a></p>
    `,
  );
}
