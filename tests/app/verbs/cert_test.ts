import { assert, assertEquals } from "../../support/assert.ts";
import { Machine } from "../../support/command.ts";

const STATUS = {
  certificates: [{
    source: "acme",
    names: ["mail.example.test"],
    issuer: "CN=CA",
    begins: "2026-01-01T00:00:00.000Z",
    expires: "2026-04-01T00:00:00.000Z",
    days: 89,
    renews: "2026-03-02T00:00:00.000Z",
    fingerprint: "AB:CD",
  }],
  acme: {
    directory: "https://ca.test/dir",
    next: "2026-03-02T00:00:00.000Z",
    tried: null,
    failures: 2,
    error: "no such name",
    refused: ["imap.example.test"],
  },
};

Deno.test("cert show tells of names, dates, the next renewal and the last error", async () => {
  const m = new Machine();
  await m.startServer();
  m.server = () => Response.json(STATUS);
  const r = await m.run(["cert", "show"]);
  for (
    const text of [
      "mail.example.test",
      "CN=CA",
      "2026-01-01 to 2026-04-01, 89 days left",
      "2026-03-02T00:00",
      "no such name (2 times)",
      "imap.example.test",
    ]
  ) {
    assert(r.out.includes(text), `${text}\n${r.out}`);
  }
  assertEquals(JSON.parse((await m.run(["cert", "show", "--json"])).out), STATUS);
});

Deno.test("cert show works without a server; cert renew does not", async () => {
  const m = new Machine();
  const shown = await m.run(["cert", "show"]);
  assertEquals([shown.code, shown.out.includes("no certificate yet")], [0, true]);
  const renewed = await m.run(["cert", "renew"]);
  assertEquals([renewed.code, renewed.err.includes("the server must run")], [1, true]);
  assertEquals([(await m.run(["cert"])).code, (await m.run(["cert", "drop"])).code], [2, 2]);
});

Deno.test("cert renew asks the server, and tells why it would not", async () => {
  const m = new Machine();
  await m.startServer();
  const asked: string[] = [];
  m.server = (method, path) => {
    asked.push(`${method} ${path}`);
    return path.includes("/api/status") ? Response.json(STATUS) : Response.json({ renewed: true });
  };
  assertEquals((await m.run(["cert", "renew", "--revoke"])).code, 0);
  assertEquals(asked, ["POST /api/certificates/renew", "GET /api/status"]);
  m.server = () => Response.json({ error: "the authority is down" }, { status: 422 });
  const refused = await m.run(["cert", "renew"]);
  assertEquals([refused.code, refused.err.includes("the authority is down")], [1, true]);
});
