import { loadConfig } from "../../../mod/config/load.ts";
import { loadAccounts } from "../../../mod/account/accounts_file.ts";
import { assert, assertEquals, assertMatch } from "../../support/assert.ts";
import { Machine } from "../../support/command.ts";
import { zone } from "../../support/zone.ts";

Deno.test("quickstart makes config, keys, certificate and account, and never touches what is there", async () => {
  const m = new Machine({});
  const r = await m.run(["quickstart", "You@Example.test", "--dir", "srv", "--closed"]);
  assertEquals([r.code, r.err], [0, ""]);
  assertMatch(r.out, /password: (\w{4}-){4}\w{4} {3}\(shown only now\)/);
  assert(r.out.includes("roost serve --config /home/srv/roost.yaml"));
  assert(r.out.includes("_domainkey.example.test"));
  const loaded = await loadConfig(m.fs, "/home/srv/roost.yaml");
  assert(loaded.ok);
  assertEquals([loaded.value.config.network, loaded.value.config.hostname], ["closed", "mail.example.test"]);
  const accounts = await loadAccounts(m.fs, "/home/srv/data/accounts.yaml");
  assert(accounts.ok && accounts.value.has("you@example.test"));
  const files = m.fs.tree("/home/srv").join("\n");
  for (const name of ["ca.pem", "ca.key", "server.pem", "server.key", "rsa-20260102.pem"]) {
    assert(files.includes(name), files);
  }
  for (const name of ["ca.key", "server.key"]) {
    assertEquals(m.fs.statSync(`/home/srv/data/tls/${name}`)?.mode, 0o600);
  }
  const before = await m.text("/home/srv/roost.yaml");
  const again = await m.run(["quickstart", "me@else.test", "--dir", "srv"]);
  assertEquals(again.code, 1);
  assert(again.err.includes("/home/srv/roost.yaml is there already"));
  assertEquals(await m.text("/home/srv/roost.yaml"), before);
});

Deno.test("quickstart says what is wrong with its operands before it writes anything", async () => {
  const m = new Machine({});
  for (
    const args of [[], ["you"], ["postmaster"], ["you@[192.0.2.1]"], ["you@a.test", "--hostname", "a b"], [
      '"a b"@a.test',
    ]]
  ) {
    assertEquals((await m.run(["quickstart", ...args])).code, 2, args.join(" "));
  }
  assertEquals(m.fs.tree("/home"), ["/home/"]);
});

Deno.test("quickstart puts the data where --data says: config and mail may belong in different places", async () => {
  const m = new Machine({});
  const r = await m.run([
    "quickstart",
    "you@example.test",
    "--dir",
    "/etc/roost",
    "--data",
    "/var/lib/roost",
  ]);
  assertEquals([r.code, r.err], [0, ""]);
  const loaded = await loadConfig(m.fs, "/etc/roost/roost.yaml");
  assert(loaded.ok && loaded.value.config.data === "/var/lib/roost");
  assert(await m.fs.stat("/var/lib/roost/accounts.yaml"));
  assertEquals(m.fs.tree("/etc/roost"), ["/etc/roost/roost.yaml"]);
});

Deno.test("quickstart finds out where the machine is, and never asks on a closed network", async () => {
  const m = new Machine({});
  m.addresses = ["127.0.0.1", "192.168.1.10"];
  m.hostname = "post.example.test";
  m.dns = zone({ "smtp.gmail.com": { A: ["203.0.113.98"] } });
  m.hellos.set("203.0.113.98:587", "250-smtp.gmail.com at your service, [198.51.100.7]");
  m.greetings.set("::1:25", { kind: "line", line: "220 pi ESMTP Exim 4.96" });
  const open = await m.run(["quickstart", "you@example.test", "--dir", "open"]);
  assertEquals([open.code, open.err], [0, ""]);
  assertMatch(open.out, /post\.example\.test +A +198\.51\.100\.7\n/);
  assert(open.out.includes("7.100.51.198.in-addr.arpa. PTR post.example.test."), open.out);
  assert(open.out.includes("forward these TCP ports to 192.168.1.10"), open.out);
  assert(open.out.includes('somebody else answers: "220 pi ESMTP Exim 4.96"'), open.out);
  assertMatch(open.out, /\n {2}([0-9A-F]{2}:){31}[0-9A-F]{2}$/);
  assertEquals(m.resolvers.length, 1);
  const closed = await m.run(["quickstart", "you@example.test", "--dir", "closed", "--closed"]);
  assertEquals(closed.code, 0);
  assert(!closed.out.includes("Your line"), closed.out);
  assertEquals(m.resolvers.length, 1);
});
