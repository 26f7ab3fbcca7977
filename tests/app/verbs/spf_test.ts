import { assert, assertEquals } from "../../support/assert.ts";
import { Machine } from "../../support/command.ts";
import { zone } from "../../support/zone.ts";

const DNS = {
  "a.test": { TXT: ["v=spf1 include:b.test ip4:192.0.2.0/24 -all exp=e.test"] },
  "b.test": { TXT: ["v=spf1 a:mail.b.test ~all"] },
  "mail.b.test": { A: ["198.51.100.1"], TXT: ["v=spf1 a -all"] },
  "e.test": { TXT: ["%{i} is not ours"] },
};

function machine(): Machine {
  const m = new Machine();
  m.dns = zone(DNS);
  return m;
}

Deno.test("spf tells the result, what decided, and the way there", async () => {
  const m = machine();
  const fail = await m.run(["spf", "203.0.113.9", "you@a.test", "x.test"]);
  assertEquals([fail.code, fail.err], [0, ""]);
  assertEquals(fail.out.split("\n").map((l) => l.trimEnd()), [
    "fail: a.test says that 203.0.113.9 may not send in its name",
    "  checked      MAIL FROM you@a.test",
    "  why          -all in the record of a.test",
    "  it explains  203.0.113.9 is not ours",
    "  look-ups     2 of 10",
    "",
    "a.test               v=spf1 include:b.test ip4:192.0.2.0/24 -all exp=e.test",
    "    b.test           v=spf1 a:mail.b.test ~all",
    "      a:mail.b.test  no match",
    "      ~all           match",
    "  include:b.test     no match: softfail by ~all in the record of b.test",
    "  ip4:192.0.2.0/24   no match",
    "  -all               match",
  ]);
  assert((await m.run(["spf", "192.0.2.1", "<you@a.test>", "x.test"])).out.startsWith("pass: "));
  const helo = await m.run(["spf", "198.51.100.1", "", "mail.b.test"]);
  assert(helo.out.startsWith("pass: mail.b.test") && helo.out.includes("HELO mail.b.test"));
  assert((await m.run(["spf", "::1", "<>", "mail.b.test"])).out.startsWith("fail: mail.b.test"));
  assert((await m.run(["spf", "::1", "you@gone.test", "x"])).out.includes("there is no domain gone.test"));
});

Deno.test("spf --json has the outcome and the steps", async () => {
  const { out } = await machine().run(["spf", "198.51.100.1", '"you there"@a.test', "x.test", "--json"]);
  const got = JSON.parse(out);
  assertEquals([got.result, got.mechanism, got.lookups, got.steps.length], ["pass", "include:b.test", 2, 4]);
  assert(got.header.startsWith("Received-SPF: pass\r\n\t(mail.example.test: a.test designates 198.51.100.1"));
});

Deno.test("spf refuses what it cannot use", async () => {
  const m = machine();
  for (
    const args of [[], ["192.0.2.1"], ["192.0.2.1", "a@a.test"], ["x", "a@a.test", "h"], [
      "1.2.3.4",
      "a",
      "b",
      "c",
    ], ["--batch", "x"]]
  ) {
    const ran = await m.run(["spf", ...args]);
    assertEquals(ran.code, 2, args.join(" "));
  }
  for (const server of ["", "dns.example", "1.2.3.4:0", "1.2.3.4:99999", "::1:x"]) {
    assertEquals((await m.run(["spf", "192.0.2.1", "a@a.test", "h", "--dns", server])).code, 2, server);
  }
});

Deno.test("spf asks the named server, or as the configuration says, or the system", async () => {
  const m = machine();
  const asked = async (...args: string[]) => {
    await m.run(["spf", "192.0.2.1", "a@a.test", "h", ...args]);
    return m.resolvers.pop()?.dns.servers;
  };
  assertEquals(await asked("--dns", "127.0.0.1:5353"), [{ host: "127.0.0.1", port: 5353 }]);
  assertEquals(await asked("--dns", "localhost:5353"), [{ host: "127.0.0.1", port: 5353 }]);
  assertEquals(await asked("--dns", "[::1]:53"), [{ host: "::1", port: 53 }]);
  assertEquals(await asked(), []);
  const closed = new Machine({ "/home/roost.yaml": "hostname: a.test\nnetwork: closed\n" });
  await closed.run(["spf", "192.0.2.1", "a@a.test", "h"]);
  assertEquals(closed.resolvers[0]?.network, "closed");
  const bare = new Machine({});
  assertEquals((await bare.run(["spf", "192.0.2.1", "a@a.test", "h"])).code, 0);
  assertEquals(bare.resolvers[0]?.network, "open");
  const broken = new Machine({ "/home/roost.yaml": "hostname: [" });
  assertEquals((await broken.run(["spf", "192.0.2.1", "a@a.test", "h"])).code, 1);
  assertEquals((await broken.run(["spf", "192.0.2.1", "a@a.test", "h", "--dns", "127.0.0.1"])).code, 0);
});

Deno.test("spf --batch answers each line", async () => {
  const lines = [
    { id: 1, ip: "192.0.2.1", helo: "h", mailFrom: "a@a.test" },
    { id: "two", ip: "203.0.113.9", helo: "h", mailFrom: "<a@a.test>" },
    { id: 3, ip: "198.51.100.1", helo: "mail.b.test", mailFrom: "" },
    { id: 4, ip: "198.51.100.1", helo: "mail.b.test" },
    { id: 5, ip: "2001:db8::1", mailFrom: "a@gone.test" },
    { id: 6, ip: "nonsense", mailFrom: "a@a.test" },
    { id: 7, mailFrom: "a@a.test" },
    { id: 8, ip: "192.0.2.1", mailFrom: 8 },
  ].map((l) => JSON.stringify(l));
  const { code, out, err } = await machine().run(["spf", "--batch"], [...lines, "{oops"].join("\n"));
  assertEquals([code, err], [0, ""]);
  const answers = out.split("\n").map((l) => JSON.parse(l));
  const by = new Map(answers.map((a) => [a.id, a]));
  assertEquals(by.size, 9);
  assertEquals(by.get(1), { id: 1, result: "pass", explanation: null, lookups: 2 });
  assertEquals(by.get("two"), {
    id: "two",
    result: "fail",
    explanation: "203.0.113.9 is not ours",
    lookups: 2,
  });
  assertEquals([3, 4, 5].map((id) => by.get(id).result), ["pass", "pass", "none"]);
  for (const id of [6, 7, 8, null]) assertEquals(Object.keys(by.get(id)), ["id", "error"]);
});
