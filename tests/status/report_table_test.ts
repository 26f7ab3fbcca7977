import { reportTable } from "../../mod/status/report_table.ts";
import { assert, assertEquals } from "../support/assert.ts";
import { RECEIVED } from "../support/status_snapshot.ts";

Deno.test("reportTable() adds up what others report, by domain", async () => {
  const { tls, dmarc } = RECEIVED;
  const spiteful = tls.map((r) => ({ ...r, domain: "<script>" }));
  const page = String(await reportTable({ tls: [...tls, ...tls, ...spiteful], dmarc }));
  const cells = [...page.matchAll(/<td[^>]*>([^<]*)<\/td>/g)].map((m) => m[1]);
  assertEquals(cells.slice(0, 6), ["example.org", "3", "262", "22", "313", "13"]);
  assert(!page.includes("<script>") && page.includes("&lt;script&gt;"));
  assert(page.includes("/api/reports/dmarc"));
});

Deno.test("reportTable() says so where nobody has reported", async () => {
  assert(String(await reportTable({ tls: [], dmarc: [] })).includes("Nothing yet"));
});
