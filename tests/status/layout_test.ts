import { duration, moment, page, PAGES, plainPage, size } from "../../mod/status/layout.ts";
import { html } from "hono/html";
import { assert, assertEquals } from "../support/assert.ts";

Deno.test("size(), duration() and moment() read well", async () => {
  assertEquals([0, 999, 1000, 1536, 15_000_000, 2.5e11].map(size), [
    "0 B",
    "999 B",
    "1.0 KB",
    "1.5 KB",
    "15.0 MB",
    "250 GB",
  ]);
  assertEquals([5, 65, 3700, 90_000].map(duration), ["5 s", "1 min", "1 h 1 min", "1 d 1 h"]);
  assert(String(await moment("2026-01-02T03:04:05.678Z")).includes(">2026-01-02 03:04:05<"));
});

Deno.test("page() marks itself in the navigation and holds no script or style of its own", async () => {
  const facts = { hostname: "<b>", now: 0, formKey: null, signedIn: false };
  const text = String(await page(facts, "/queue", "Queue", html`x`));
  assertEquals(text.match(/aria-current/g)?.length, 1);
  assert(/href="\/queue"\s+aria-current="page"/.test(text) && text.includes("&lt;b&gt;"), text);
  for (const [at] of PAGES) assert(text.includes(`href="${at}"`));
  assert(!/<style|style=|<script>|onclick/.test(text) && !text.includes("Sign out"));
  const inside = String(await page({ ...facts, signedIn: true }, "/", "x", html`x`));
  assert(inside.includes("Sign out") && inside.includes("may only read"));
  assert(!String(await plainPage("x", html`x`)).includes("<nav"));
});
