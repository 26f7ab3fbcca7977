/** What `roost dns` says to publish, loaded by a real name server. */
import { fromUtf8 } from "../../mod/base/bytes.ts";
import { StubResolver } from "../../mod/dns/stub.ts";
import { CachingResolver } from "../../mod/dns/cache.ts";
import type { Resolver } from "../../mod/dns/resolver.ts";
import { systemClock } from "../../mod/sys/clock.ts";
import { systemRandom } from "../../mod/sys/random.ts";
import { NodeExchange } from "../../mod/sys/udp.ts";
import { assert, assertEquals } from "../support/assert.ts";
import { ensureDkimKeys } from "../../mod/app/dkim_keys.ts";
import { formatZone } from "../../mod/app/zone_file.ts";
import { silentLog } from "../../mod/app/silent_log.ts";
import { DenoFs } from "../../mod/sys/fs.ts";
import { freePort } from "../support/free_ports.ts";
import { Nsd } from "../support/nsd.ts";
import { RoostProcess, runRoost } from "../support/roost_process.ts";

interface Published {
  readonly name: string;
  readonly type: string;
  readonly value: string;
}

function resolverAt(port: number): Resolver {
  const servers = [{ address: "127.0.0.1", port, trusted: false }];
  const stub = new StubResolver({
    exchange: new NodeExchange(),
    random: systemRandom,
    servers: () => Promise.resolve(servers),
  });
  return new CachingResolver(stub, systemClock);
}

/** What the name server says, written as `roost dns` writes it. */
async function asked(dns: Resolver, { name, type }: Published): Promise<string[]> {
  const records = async <T>(
    answer: Promise<{ kind: string; records?: readonly T[] }>,
    show: (r: T) => string,
  ) => ((await answer).records ?? []).map(show);
  switch (type) {
    case "A":
    case "AAAA":
      return await records(dns.lookup(name, type), String);
    case "CNAME":
      return await records(dns.lookup(name, type), (r) => `${r}.`);
    case "MX":
      return await records(dns.lookup(name, type), (r) => `${r.preference} ${r.exchange}.`);
    case "TXT":
      return await records(dns.lookup(name, type), fromUtf8);
    case "SRV":
      return await records(dns.lookup(name, type), (r) => `${r.priority} ${r.weight} ${r.port} ${r.target}.`);
    case "CAA":
      return await records(dns.lookup(name, type), (r) => `${r.critical ? 128 : 0} ${r.tag} "${r.value}"`);
    default:
      return [`no ${type}`];
  }
}

async function must(dir: string, ...args: string[]): Promise<string> {
  const { code, out, err } = await runRoost(args, { cwd: dir });
  assertEquals(code, 0, err);
  return out;
}

Deno.test("publish: nsd loads the zones of roost dns and serves every record as it stands in the table", async () => {
  const dir = await Deno.makeTempDir({ prefix: "roost-publish-" });
  try {
    await must(dir, "quickstart", "you@home.test", "--closed");
    const file = `${dir}/roost.yaml`;
    await Deno.writeTextFile(
      file,
      (await Deno.readTextFile(file)).replace("hosts: {}", "hosts: { mail.home.test: [10.1.2.3, fd00::5] }"),
    );
    await must(dir, "domain", "add", "other.test");
    const zones: Record<string, string> = {};
    const records: Published[] = [];
    for (const domain of ["home.test", "other.test", "parked.test"]) {
      zones[domain] = await must(dir, "dns", domain, "--zone");
      const all: Published[] = JSON.parse(await must(dir, "dns", domain, "--json"));
      records.push(...all.filter((r) => r.name === domain || r.name.endsWith(`.${domain}`)));
    }
    await using nsd = await Nsd.start(zones);
    const dns = resolverAt(nsd.port);
    for (const type of ["A", "AAAA", "MX", "TXT", "SRV"]) assert(records.some((r) => r.type === type), type);
    for (const r of records) {
      const there = await asked(dns, { ...r, name: r.name.replace("*", "anything") });
      assert(there.includes(r.value), `${r.name} ${r.type}: "${r.value}", not ${JSON.stringify(there)}`);
    }
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});

Deno.test("publish: nsd reads any text as it was written", async () => {
  const texts = [
    "",
    '"',
    "\\",
    "\\010;$@()",
    "é☃\x00\x1f\x7f",
    "x".repeat(255),
    "y".repeat(256),
    "ä".repeat(400),
    "; comment",
    "v=DKIM1; p=",
  ];
  const records = texts.map((value, i) => {
    return { name: `t${i}.text.test`, type: "TXT", value, role: "spf", need: "must", why: "" } as const;
  });
  const notes = ["$INCLUDE nothing"];
  const zone = formatZone({ domain: "text.test", nameServer: "ns.text.test", serial: 1, records, notes });
  await using nsd = await Nsd.start({ "text.test": zone });
  const dns = resolverAt(nsd.port);
  for (const r of records) assertEquals(await asked(dns, r), [r.value], JSON.stringify(r.value));
});

Deno.test("publish: check is content with a running server whose zone nsd has, and names what is taken out of it", async () => {
  const port = freePort();
  await using roost = await RoostProcess.start({
    config: `dns: { servers: ["127.0.0.1:${port}"], hosts: { mail.example.test: [127.0.0.1] } }`,
  });
  await ensureDkimKeys(
    { fs: new DenoFs(silentLog), clock: systemClock },
    { data: `${roost.dir}/data` },
    "example.test",
  );
  const zone = (await roost.verb("dns", "example.test", "--zone")).out;
  const check = async (text: string) => {
    await using _nsd = await Nsd.start({ "example.test": text }, port);
    const { code, out, err } = await roost.verb("check", "--json");
    const found: { level: string; about: string; fix: string | null }[] = JSON.parse(out || "[]");
    return { code, err, complaints: found.filter((f) => f.level !== "ok") };
  };
  assertEquals(await check(zone), { code: 0, err: "", complaints: [] });
  const line = zone.split("\n").find((l) => l.startsWith("rsa-")) ?? "no key";
  const broken = await check(zone.replace(`${line}\n`, ""));
  assertEquals([broken.code, broken.complaints.map((f) => f.fix)], [1, [`publish: ${line}`]]);
});
