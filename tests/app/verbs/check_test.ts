import fc from "fast-check";
import type { DnsRecord } from "../../../mod/app/dns_records.ts";
import type { RecordTypes } from "../../../mod/dns/resolver.ts";
import { assert, assertEquals } from "../../support/assert.ts";
import { Machine } from "../../support/command.ts";
import { zone, type ZoneData } from "../../support/zone.ts";

const ADDRESS = "203.0.113.5";
const SETTINGS = `hostname: mail.home.test
network: open
data: data
listen: { smtp: "${ADDRESS}:25", submissions: "0.0.0.0:465", imaps: "0.0.0.0:993", http: "127.0.0.1:8080" }
domains: { home.test: { mta_sts: testing } }
`;
const REVERSE = { "5.113.0.203.in-addr.arpa": { PTR: ["mail.home.test"] } };
const WORLD = { "gmail.com": { MX: ["5 mx.gmail.com"] }, "mx.gmail.com": { A: ["203.0.113.99"] } };

interface Found {
  readonly level: string;
  readonly about: string;
  readonly what: string;
  readonly fix: string | null;
}

/** What a name server would have from these records. */
function zoneOf(records: readonly DnsRecord[]): ZoneData {
  const data: Record<string, Record<string, unknown[]>> = {};
  for (const { name, type, value } of records) {
    const of = data[name.replace("*", "roost-check")] ??= {};
    (of[type] ??= []).push(read(type, value));
  }
  return data as ZoneData; // written by `read` as the types have it
}

function read(type: string, value: string): unknown {
  const [a = "", b = "", c = "", d = ""] = value.split(" ");
  switch (type) {
    case "SRV":
      return { priority: +a, weight: +b, port: +c, target: d.slice(0, -1) } satisfies RecordTypes["SRV"];
    case "CAA":
      return { critical: false, tag: b, value: c.replaceAll('"', "") } satisfies RecordTypes["CAA"];
    case "CNAME":
      return value.slice(0, -1);
    default:
      return value;
  }
}

/** A server that is set up, runs, and has the policies and greetings others look for. */
async function ready(settings: string = SETTINGS): Promise<{ m: Machine; records: DnsRecord[] }> {
  const m = new Machine({});
  await m.run(["quickstart", "you@home.test", "--dir", "/home"]);
  await m.fs.remove("/home/roost.yaml");
  await m.fs.createWith("/home/roost.yaml", [new TextEncoder().encode(settings)]);
  await m.startServer();
  for (const at of [`${ADDRESS}:25`, "203.0.113.99:25"]) {
    m.greetings.set(at, { kind: "line", line: "220 mail.home.test ESMTP" });
  }
  for (const at of ["127.0.0.1:465", "127.0.0.1:993", "127.0.0.1:8080"]) {
    m.greetings.set(at, { kind: "nothing" });
  }
  m.policies.set("mta-sts.home.test", "version: STSv1\nmode: testing\nmx: mail.home.test\nmax_age: 86400\n");
  const records: DnsRecord[] = JSON.parse((await m.run(["dns", "--json"])).out);
  m.dns = zone({ ...zoneOf(records), ...REVERSE, ...WORLD });
  return { m, records };
}

async function check(m: Machine, ...args: string[]): Promise<{ code: number; found: Found[] }> {
  const ran = await m.run(["check", "--json", ...args]);
  return { code: ran.code, found: JSON.parse(ran.out) };
}

/** All but what a file system without disk, and a clock that stands, cannot do well. */
const complaints = (found: readonly Found[]) =>
  found.filter((f) => f.level !== "ok" && !f.what.includes("cannot be: a power cut"));

Deno.test("check is content where all is published as dns says", async () => {
  const { m } = await ready();
  const { code, found } = await check(m);
  assertEquals(complaints(found), []);
  assertEquals(code, 0);
  const lines = await m.run(["check"]);
  assert(/^ok {4}home\.test MX: mail\.home\.test$/m.test(lines.out), lines.out);
  assert(found.some((f) => f.about === "port 25 out"), "it tells who it asked");
});

Deno.test("check names each record that is taken away, with the line to publish", async () => {
  const { m, records } = await ready();
  const optional = new Set(["settings"]);
  for (const gone of records) {
    m.dns = zone({ ...zoneOf(records.filter((r) => r !== gone)), ...REVERSE, ...WORLD });
    const { code, found } = await check(m, "home.test");
    const offered = !gone.value.endsWith(" .") && !optional.has(gone.role);
    const named = complaints(found).filter((f) => f.about === `${gone.name} ${gone.type}`);
    assertEquals(named.length, offered ? 1 : 0, `${gone.name} ${gone.type} ${gone.value}`);
    if (!offered) continue;
    assert(named[0]?.fix?.startsWith(`publish: ${gone.name}. IN ${gone.type} `), named[0]?.fix ?? "");
    assertEquals(named[0]?.level, gone.need === "must" ? "fail" : "warn");
    assertEquals(code, gone.need === "must" ? 1 : 0, gone.name);
  }
});

Deno.test("check names each record that says something else", async () => {
  const { m, records } = await ready();
  const others: Readonly<Record<string, readonly string[]>> = {
    "address": ["203.0.113.6"],
    "mx": ["10 mail.far.test.", "0 ."],
    "spf": [
      "v=spf1 ip4:192.0.2.1 -all",
      "v=spf1 nonsense",
      "v=spf1 include:none.test -all",
      "v=spf1 +all",
      "v=spf2",
    ],
    "dkim": ["v=DKIM1; k=rsa; p=", "v=DKIM1; k=rsa; p=AAAA", "v=DKIM1; k=rsa", "no tags", "v=DKIM9; p=AAAA"],
    "dmarc": [
      "v=DMARC1; p=reject; rua=mailto:a@far.test",
      "v=DMARC1; p=none",
      "v=DMARC1; p=quarantine; t=y",
      "p=reject",
      "v=DMARC1",
      "DMARC",
    ],
    "mta-sts": ["v=STSv1; id=1;", "v=STSv2; id=1;", ""],
    "mta-sts-host": ["nowhere.test."],
    "tls-reports": ["v=TLSRPTv1; rua=", "v=TLSRPTv2; rua=mailto:a@b.test"],
    "service": ["0 1 999 mail.home.test.", "0 1 993 mail.far.test."],
    "settings": ["far.test.", "0 1 443 far.test."],
  };
  for (const record of records) {
    for (const value of others[record.role] ?? []) {
      if (record.role === "settings" && (record.type === "SRV") !== /^0/.test(value)) continue;
      const rest = records.filter((r) => r !== record);
      m.dns = zone({ ...zoneOf([...rest, { ...record, value }]), ...REVERSE, ...WORLD });
      const { found } = await check(m, "home.test");
      const named = complaints(found).filter((f) => f.about === `${record.name} ${record.type}`);
      assertEquals(
        named.length > 0,
        true,
        `${record.name} ${record.type} ${value}: ${JSON.stringify(found)}`,
      );
    }
  }
});

Deno.test("check sees what is doubled, and what cannot be asked for is no reason to fail", async () => {
  const { m, records } = await ready();
  for (const role of ["spf", "dmarc", "dkim"] as const) {
    const record = records.find((r) => r.role === role);
    assert(record);
    const twin = {
      ...record,
      value: record.value.replace("-all", "~all").replace("quarantine", "reject").replace(/p=.*/, "p=AAAA"),
    };
    m.dns = zone({ ...zoneOf([...records, twin]), ...REVERSE, ...WORLD });
    const { code, found } = await check(m, "home.test");
    assertEquals([code, complaints(found).map((f) => f.about)], [1, [`${record.name} TXT`]]);
  }
  const names = new Set(records.map((r) => r.name));
  m.dns = zone(Object.fromEntries([...names].map((n) => [n, "servfail"])));
  const { found } = await check(m, "home.test");
  const asked = found.filter((f) => f.about.includes(" ") && names.has(f.about.split(" ")[0] ?? ""));
  assertEquals(new Set(asked.map((f) => f.level)), new Set(["warn"]), JSON.stringify(asked));
});

Deno.test("check looks at the server's name and addresses both ways, and at lists", async () => {
  const { m, records } = await ready(`${SETTINGS}reception: { blocklists: [list.test] }\n`);
  const complaintsWith = async (more: ZoneData) => {
    m.dns = zone({ ...zoneOf(records), ...WORLD, ...more });
    return complaints((await check(m)).found).map((f) => `${f.level} ${f.about}`);
  };
  assertEquals(await complaintsWith(REVERSE), []);
  assertEquals(await complaintsWith({}), [`fail ${ADDRESS} PTR`]);
  const dial = "5-113.dial.test";
  assertEquals(await complaintsWith({ "5.113.0.203.in-addr.arpa": { PTR: [dial] } }), [
    `fail ${ADDRESS} PTR`,
  ]);
  assertEquals(
    await complaintsWith({ "5.113.0.203.in-addr.arpa": { PTR: [dial] }, [dial]: { A: [ADDRESS] } }),
    [`warn ${ADDRESS} PTR`],
  );
  assertEquals(await complaintsWith({ "5.113.0.203.in-addr.arpa": "servfail" }), [`warn ${ADDRESS} PTR`]);
  assertEquals(await complaintsWith({ ...REVERSE, "5.113.0.203.list.test": { A: ["127.0.0.2"] } }), [
    `fail ${ADDRESS} lists`,
  ]);
  const tlsa = (usage: number, hex: string) => ({
    "_25._tcp.mail.home.test": { TLSA: [{ usage, selector: 1, matching: 1, data: Uint8Array.fromHex(hex) }] },
  });
  assertEquals(await complaintsWith({ ...REVERSE, ...tlsa(3, "00".repeat(32)) }), [
    "fail _25._tcp.mail.home.test TLSA",
  ]);
  const ours = /TLSA 2 1 1 (\w{64})/.exec((await m.run(["dns"])).err)?.[1] ?? "";
  assertEquals(await complaintsWith({ ...REVERSE, ...tlsa(2, ours) }), []);
  assertEquals(await complaintsWith({ ...REVERSE, ...tlsa(3, ours) }), ["fail _25._tcp.mail.home.test TLSA"]);
  const alias = {
    "mail.home.test": { CNAME: ["host.test"] },
    "host.test": { A: [ADDRESS], TXT: ["v=spf1 a -all"] },
  };
  assertEquals(await complaintsWith({ ...REVERSE, ...alias }), ["warn home.test MX"]);
});

Deno.test("check survives whatever DNS answers, and nothing of it steers the terminal", async () => {
  const { m, records } = await ready();
  const text = fc.oneof(
    fc.uint8Array({ maxLength: 600 }),
    fc.constantFrom(
      "v=spf1 include:home.test ?all",
      "v=DMARC1; p=\x1b[2J",
      "v=DKIM1; p=\x1b[2J",
      "v=spf1 \x1b]0;x\x07 +all",
      "v=STSv1; id=\0;",
      "x".repeat(65_000),
    ),
  );
  const names = [...new Set(records.map((r) => r.name))];
  await fc.assert(
    fc.asyncProperty(fc.array(text, { maxLength: 3 }), async (TXT) => {
      const SRV = [{ priority: 0, weight: 0, port: 0, target: "x".repeat(63) }];
      const junk = {
        TXT,
        SRV,
        MX: ["0 .", "1 mail.home.test", "2 1.2.3.4"],
        A: [ADDRESS],
        CAA: [{ critical: true, tag: "issue", value: ";" }],
      };
      m.dns = zone({ ...Object.fromEntries(names.map((n) => [n, junk])), ...WORLD });
      const ran = await m.run(["check"]);
      // deno-lint-ignore no-control-regex -- controls are what must not be there
      assert(!/[\0-\x09\x0b-\x1f\x7f-\x9f]/.test(ran.out));
      assert(ran.out.length < 60_000);
    }),
    { seed: 3, numRuns: 30 },
  );
});

Deno.test("check tells who else is on a port, and that nobody is", async () => {
  const { m } = await ready();
  m.greetings.set(`${ADDRESS}:25`, { kind: "line", line: "220 debian ESMTP Postfix\x07" });
  m.greetings.delete("127.0.0.1:993");
  const { code, found } = await check(m, "--offline");
  assertEquals(code, 1);
  assertEquals(complaints(found).map((f) => f.what), [
    'somebody else answers: "220 debian ESMTP Postfix?"',
    "nobody answers (connection refused)",
  ]);
  m.server = null;
  m.greetings.delete(`${ADDRESS}:25`);
  const foreign = await m.run(["check", "--offline", "elsewhere.test"]);
  assertEquals([foreign.code, foreign.out], [2, ""], "nothing to look at is no good news");
  const stopped = complaints((await check(m, "--offline")).found);
  assertEquals(stopped.map((f) => f.about), ["server", "submissions 0.0.0.0:465", "http 127.0.0.1:8080"]);
});

Deno.test("check asks nobody offline, on a closed network only who is named, and tells when port 25 is blocked", async () => {
  const { m } = await ready();
  m.resolvers.length = 0;
  m.dns = zone({});
  assertEquals((await check(m, "--offline")).code, 0);
  assertEquals(m.resolvers.length, 0);
  const blocked = await check(m);
  assert(blocked.found.some((f) => f.about === "port 25 out" && f.level === "fail"));
  const closed = await ready(SETTINGS.replace("open", "closed"));
  closed.m.dns = zone({});
  assertEquals(complaints((await check(closed.m)).found), []);
  const routed = await ready(
    SETTINGS.replace("open", "closed") +
      'routes: { b.test: "smtp://192.0.2.9:25", c.test: "smtp://c.test" }\n',
  );
  routed.m.greetings.set("192.0.2.9:25", { kind: "line", line: "220 b" });
  routed.m.dns = zone({});
  const told = complaints((await check(routed.m)).found);
  assertEquals(told.map((f) => f.about), ["route c.test:25"]);
});

Deno.test("check looks at files, keys, certificates, clock and accounts", async () => {
  const { m } = await ready();
  const about = async () =>
    complaints((await check(m, "--offline")).found).map((f) => `${f.level} ${f.about}`);
  await m.fs.createWith("/home/data/keys/loose", [new Uint8Array(1)], 0o644);
  assertEquals(await about(), ["fail files"]);
  await m.fs.remove("/home/data/keys/loose");
  await m.clock.advance(385 * 86_400_000);
  assertEquals(await about(), ["warn certificate"]);
  await m.clock.advance(20 * 86_400_000);
  assertEquals(await about(), ["fail certificate"]);
  await m.fs.remove("/home/data/tls/server.key");
  assertEquals(await about(), ["warn certificate"]);
  await m.fs.setTime("/home/data/accounts.yaml", m.clock.now() + 86_400_000);
  assertEquals(await about(), ["fail clock", "warn certificate"]);
});

Deno.test("check looks whether a domain without mail says so", async () => {
  const { m } = await ready();
  const records: DnsRecord[] = JSON.parse((await m.run(["dns", "parked.test", "--json"])).out);
  m.dns = zone(zoneOf(records));
  const all = await check(m, "parked.test");
  assertEquals([all.code, complaints(all.found)], [0, []]);
  assertEquals(all.found.length, 4);
  for (const record of records) {
    m.dns = zone(zoneOf(records.filter((r) => r !== record)));
    assertEquals(complaints((await check(m, "parked.test")).found).map((f) => f.about), [
      `${record.name} ${record.type}`,
    ]);
  }
  m.dns = zone({
    "parked.test": { MX: ["10 mail.parked.test"], TXT: ["v=spf1 mx -all"] },
    "_dmarc.parked.test": { TXT: ["v=DMARC1; p=none"] },
    "roost-check._domainkey.parked.test": { TXT: ["v=DKIM1; p=AAAA"] },
  });
  assertEquals(complaints((await check(m, "parked.test")).found).length, 4);
});

Deno.test("check says what is wrong with its operands and its configuration", async () => {
  const { m } = await ready();
  assertEquals((await m.run(["check", "no domain"])).code, 2);
  const broken = new Machine({ "/home/roost.yaml": "hostname: a b\nlisten: { smtp: x }\n" });
  const ran = await broken.run(["check"]);
  assertEquals(ran.code, 1);
  assert(ran.err.includes("/home/roost.yaml:1:"), ran.err);
});
