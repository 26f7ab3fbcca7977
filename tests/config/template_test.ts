import { parseConfig } from "../../mod/config/load.ts";
import { demoConfig, quickstartConfig } from "../../mod/config/template.ts";
import { assert, assertEquals } from "../support/assert.ts";

Deno.test("quickstartConfig() is a config without faults or warnings, open and closed", () => {
  for (const closed of [false, true]) {
    for (const owner of ["you", "1", "o'neil+x", "true", "müller"]) {
      const text = quickstartConfig({
        hostname: "mail.example.org",
        data: "/var/lib/roost",
        closed,
        owner: { local: owner, domain: "example.org" },
      });
      const parsed = parseConfig("/etc/roost/roost.yaml", text);
      assert(parsed.ok, JSON.stringify(parsed));
      assertEquals(parsed.value.warnings, []);
      assertEquals(parsed.value.config.network, closed ? "closed" : "open");
      assertEquals(parsed.value.config.domains.get("example.org")?.aliases["postmaster"], [
        { local: owner, domain: "example.org" },
      ]);
    }
  }
});

Deno.test("demoConfig() listens on loopback only and routes the other side", () => {
  const parsed = parseConfig(
    "/d/roost.yaml",
    demoConfig({
      hostname: "mail.example.test",
      domain: "example.test",
      ports: { smtp: 2025, http: 2080 },
      routes: { "outside.test": 2026 },
      comment: "demo",
    }),
  );
  assert(parsed.ok, JSON.stringify(parsed));
  const { config } = parsed.value;
  assertEquals(parsed.value.warnings, []);
  for (const at of Object.values(config.listen).flat()) assertEquals(at.host, "127.0.0.1");
  assertEquals(config.routes.get("outside.test")?.to[0].port, 2026);
  assertEquals([config.network, config.auth.cleartext], ["closed", "loopback"]);
});
