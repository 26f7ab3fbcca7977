import { assert, assertEquals } from "../../support/assert.ts";
import { Machine } from "../../support/command.ts";

Deno.test("status shows what the server tells, also when a part is missing", async () => {
  const m = new Machine();
  assertEquals((await m.run(["status"])).code, 1);
  await m.startServer();
  const facts = {
    hostname: "mail.example.test",
    version: "1.2.3",
    network: "open",
    uptime: 93784,
    queue: { size: 2, pending: 3, oldest: "2026-01-01T00:00:00Z" },
    memory: { rss: 50 * 1024 * 1024, heap: 1 },
    disk: { path: "/d", free: null, total: 1024 ** 3 },
    listeners: [{ kind: "smtp", address: "::", port: 25, connections: 4 }],
  };
  m.server = () => Response.json(facts);
  const r = await m.run(["status"]);
  for (
    const text of [
      "mail.example.test, Roost 1.2.3",
      "1 days 02:03:04",
      "2 messages, 3 recipients",
      "50 MB",
      "? free of 1024 MB",
      "4 connections",
    ]
  ) {
    assert(r.out.includes(text), `${text}\n${r.out}`);
  }
  assertEquals(JSON.parse((await m.run(["status", "--json"])).out), facts);
});
