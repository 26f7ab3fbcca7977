import { assert, assertEquals } from "../../support/assert.ts";
import { CONFIG, Machine } from "../../support/command.ts";

Deno.test("dns prints a table, a zone or JSON, with the keys that are there", async () => {
  const m = new Machine();
  await m.run(["domain", "add", "b.test"]);
  const table = await m.run(["dns", "b.test"]);
  assert(table.out.startsWith("NAME"));
  assert(table.out.includes("rsa-20260102._domainkey.b.test"));
  assert(table.err.includes("PTR"), "advice does not mix with the data");
  const zone = await m.run(["dns", "b.test", "--zone", "--ns", "NS.lab"]);
  assert(zone.out.includes("@ IN SOA ns.lab. postmaster.b.test. 1767323045 "), zone.out);
  assert(zone.out.includes("b.test. IN MX 10 mail.example.test."));
  assert(zone.out.includes(";   mail.example.test. IN TXT"), "the server's own name is in another zone");
  for (const line of zone.out.split("\n").slice(5)) {
    assert(/^(\S+\. IN (MX|TXT|SRV|A|AAAA|CNAME) |; )/.test(line), line);
  }
  assert(JSON.parse((await m.run(["dns", "--json"])).out).length > 5);
  const all = await m.run(["dns"]);
  assertEquals(
    all.out.match(/^mail\.example\.test +TXT/gm)?.length,
    1,
    "the server's records stand there once",
  );
});

Deno.test("dns --zone is of one domain, with a name server that can be one", async () => {
  const m = new Machine();
  assertEquals((await m.run(["dns", "--zone"])).code, 0);
  await m.run(["domain", "add", "b.test"]);
  assertEquals((await m.run(["dns", "--zone"])).code, 2);
  assertEquals((await m.run(["dns", "b.test", "--zone", "--ns", "no name"])).code, 2);
});

Deno.test("dns gives records for a domain that has no mail, and names PTR records for known addresses", async () => {
  const m = new Machine({
    "/home/roost.yaml": CONFIG.replace('smtp: ["127.0.0.1:25"]', 'smtp: ["192.0.2.7:25"]'),
  });
  const none = await m.run(["dns", "parked.test", "--zone"]);
  assertEquals(none.out.split("\n")[5], "parked.test. IN MX 0 .");
  assert((await m.run(["dns"])).err.includes("7.2.0.192.in-addr.arpa. PTR mail.example.test."));
  assertEquals((await m.run(["dns", "no domain"])).code, 2);
  const empty = new Machine({ "/home/roost.yaml": "hostname: a.test\n" });
  assert((await empty.run(["dns"])).err.includes("roost domain add"));
});

Deno.test("dns finds the server's addresses: in listen, in dns.hosts, at the machine", async () => {
  const addresses = async (lines: string, machine: readonly string[] = []) => {
    const m = new Machine({ "/home/roost.yaml": `hostname: m.a.test\ndomains: { a.test: }\n${lines}\n` });
    m.addresses = ["127.0.0.1", "::1", "fe80::1", "169.254.3.4", ...machine];
    const all: { type: string; value: string }[] = JSON.parse((await m.run(["dns", "--json"])).out);
    return all.filter((r) => /^A/.test(r.type)).map((r) => r.value);
  };
  const everywhere = 'listen: { smtp: ["0.0.0.0:25", "[::]:25"] }';
  const machine = ["10.0.0.5", "198.51.100.7", "2001:db8::7", "fd00::7"];
  assertEquals(await addresses('listen: { smtp: ["192.0.2.7:25", "127.0.0.1:25"] }', machine), ["192.0.2.7"]);
  assertEquals(await addresses(`dns: { hosts: { m.a.test: [10.1.1.1] } }\n${everywhere}`, machine), [
    "10.1.1.1",
  ]);
  assertEquals(await addresses(everywhere, machine), ["198.51.100.7", "2001:db8::7"]);
  assertEquals(await addresses(everywhere, [...machine, "2001:db8::8"]), ["198.51.100.7"], "which of two?");
  assertEquals(await addresses('listen: { smtp: "0.0.0.0:25" }', machine), ["198.51.100.7"]);
  assertEquals(await addresses(`network: closed\n${everywhere}`, ["10.0.0.5", "fd00::7"]), [
    "10.0.0.5",
    "fd00::7",
  ]);
  assertEquals(await addresses('listen: { smtp: "127.0.0.1:25" }', machine), []);
  assertEquals(await addresses(everywhere), []);
});

Deno.test("dns advises on smarthosts and DANE", async () => {
  const m = new Machine({});
  await m.run(["quickstart", "you@a.test", "--dir", "/home"]);
  const plain = await m.run(["dns"]);
  assert(/_25\._tcp\.mail\.a\.test\. TLSA 2 1 1 [0-9a-f]{64}/.test(plain.err), plain.err);
  await m.fs.remove("/home/roost.yaml");
  const relay = new Machine({
    "/home/roost.yaml": `${CONFIG}routes: { "*": "submission://u@relay.far.test" }\n`,
  });
  assert((await relay.run(["dns"])).err.includes("Mail leaves by relay.far.test"));
});
