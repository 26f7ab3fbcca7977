import { assert, assertEquals } from "../../support/assert.ts";
import { CONFIG, Machine } from "../../support/command.ts";

Deno.test("dns prints a table, a zone or JSON, with the keys that are there", async () => {
  const m = new Machine();
  await m.run(["domain", "add", "b.test"]);
  const table = await m.run(["dns", "b.test"]);
  assert(table.out.startsWith("NAME"));
  assert(table.out.includes("rsa-20260102._domainkey.b.test"));
  assert(table.err.includes("PTR"), "advice does not mix with the data");
  const zone = await m.run(["dns", "--zone"]);
  assert(zone.out.includes("example.test. 3600 IN MX 10 mail.example.test."));
  for (const line of zone.out.split("\n")) assert(/^\S+\. 3600 IN (MX|TXT|SRV|A|AAAA) /.test(line), line);
  assert(JSON.parse((await m.run(["dns", "--json"])).out).length > 5);
});

Deno.test("dns gives records for a domain that has no mail, and names PTR records for known addresses", async () => {
  const m = new Machine({
    "/home/roost.yaml": CONFIG.replace('smtp: ["127.0.0.1:25"]', 'smtp: ["192.0.2.7:25"]'),
  });
  const none = await m.run(["dns", "parked.test", "--zone"]);
  assertEquals(none.out.split("\n")[0], "parked.test. 3600 IN MX 0 .");
  assert((await m.run(["dns"])).err.includes("7.2.0.192.in-addr.arpa  PTR  mail.example.test."));
  assertEquals((await m.run(["dns", "no domain"])).code, 2);
  const empty = new Machine({ "/home/roost.yaml": "hostname: a.test\n" });
  assert((await empty.run(["dns"])).err.includes("roost domain add"));
});
