import { utf8 } from "../../mod/base/bytes.ts";
import type { RecordType } from "../../mod/dns/source.ts";
import { DenoLookup, type Raw, systemServers } from "../../mod/sys/dns.ts";
import { assertEquals } from "../support/assert.ts";

Deno.test("DenoLookup converts what the platform gives, or gives nothing", async () => {
  const cases: readonly (readonly [RecordType, readonly Raw[], unknown])[] = [
    ["A", ["192.0.2.1"], ["192.0.2.1"]],
    ["AAAA", ["2001:DB8:0::1"], ["2001:db8::1"]],
    ["A", ["nonsense"], null],
    ["MX", [{ preference: 10, exchange: "MX.example.org." }], [{
      preference: 10,
      exchange: "mx.example.org",
    }]],
    ["MX", [{ preference: 0, exchange: "." }], [{ preference: 0, exchange: "" }]],
    ["MX", [{ preference: 0, exchange: "a b" }], null],
    ["TXT", [["v=spf1 ", "-all"]], [utf8("v=spf1 -all")]],
    ["TXT", [["broken \ufffd"]], null],
    ["PTR", ["Mail.example.org."], ["mail.example.org"]],
    ["SRV", [{ priority: 1, weight: 2, port: 3, target: "S.example." }], [
      { priority: 1, weight: 2, port: 3, target: "s.example" },
    ]],
    ["CAA", [{ critical: true, tag: "Issue", value: "ca" }], [{ critical: true, tag: "issue", value: "ca" }]],
  ];
  for (const [type, raws, expected] of cases) {
    const asked: string[] = [];
    const lookup = new DenoLookup((name, t) => {
      asked.push(`${t} ${name}`);
      return Promise.resolve(raws);
    });
    assertEquals<unknown>(await lookup.records("example.org", type), expected, type);
    assertEquals(asked, [`${type} example.org.`], "the final dot keeps search domains out");
  }
});

Deno.test("DenoLookup gives nothing where the platform throws, and does not ask it for TLSA", async () => {
  const lookup = new DenoLookup(() => Promise.reject(new Deno.errors.NotFound("no record")));
  assertEquals(await lookup.records("example.org", "A"), null);
  assertEquals(await lookup.records("example.org", "TLSA"), null);
});

Deno.test("systemServers() reads resolv.conf, and does without", async () => {
  const path = await Deno.makeTempFile();
  await Deno.writeTextFile(path, "nameserver 192.0.2.53\n");
  const servers = systemServers(path);
  assertEquals((await servers()).map((s) => s.address), ["192.0.2.53"]);
  await Deno.remove(path);
  assertEquals((await servers()).map((s) => s.address), ["192.0.2.53"], "believed for a while");
  assertEquals(await systemServers(path)(), [{ address: "127.0.0.1", port: 53, trusted: false }]);
});
