import { StsPolicies } from "../../../mod/auth/mta_sts/cache.ts";
import { fromUtf8, utf8 } from "../../../mod/base/bytes.ts";
import { err, ok, type Result } from "../../../mod/base/result.ts";
import { assert, assertEquals } from "../../support/assert.ts";
import { FakeClock } from "../../support/fake_clock.ts";
import { MemFs } from "../../support/mem_fs.ts";
import { MemoryLog } from "../../support/memory_log.ts";
import { zone, type ZoneData } from "../../support/zone.ts";

const FILE = "/data/mta_sts.json";
const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

function policy(mode: string, maxAge = 7 * 86400): Result<Uint8Array, string> {
  return ok(utf8(`version: STSv1\nmode: ${mode}\nmx: mx.a.example\nmax_age: ${maxAge}\n`));
}

function id(value: string): ZoneData {
  return { "_mta-sts.a.example": { TXT: [`v=STSv1; id=${value};`] } };
}

/** A place with one domain, whose record and policy are what the test says. */
async function place(fs = new MemFs(), clock = new FakeClock()) {
  await fs.makeDir("/data");
  const log = new MemoryLog();
  const state = {
    dns: id("1"),
    web: policy("enforce"),
    fetched: [] as string[],
    hold: null as Promise<void> | null,
  };
  const sts = new StsPolicies({
    resolver: { lookup: (name, type) => zone(state.dns).lookup(name, type) },
    fetcher: {
      async fetch(host, path) {
        state.fetched.push(host + path);
        await state.hold;
        return state.web;
      },
    },
    fs,
    clock,
    log,
    file: FILE,
  });
  const mode = async (domain = "a.example") => (await sts.find(domain))?.mode ?? null;
  return { sts, state, clock, fs, log, mode };
}

Deno.test("find() fetches a policy once, and again when its id changes", async () => {
  const { state, mode } = await place();
  assertEquals(await mode(), "enforce");
  assertEquals(await mode("A.Example."), "enforce");
  assertEquals(state.fetched, ["mta-sts.a.example/.well-known/mta-sts.txt"]);
  state.web = policy("none");
  assertEquals(await mode(), "enforce");
  state.dns = id("2");
  assertEquals(await mode(), "none");
  assertEquals(state.fetched.length, 2);
});

Deno.test("find() asks nobody about what is no domain, and fetches nothing without a record", async () => {
  const { state, mode } = await place();
  for (const name of ["[192.0.2.1]", "localhost", "", "a..example", "a/b.example"]) {
    assertEquals(await mode(name), null, name);
  }
  for (
    const dns of [{}, { "_mta-sts.a.example": { TXT: ["v=STSv1; id=1", "v=STSv1; id=2"] } }] as ZoneData[]
  ) {
    state.dns = dns;
    assertEquals(await mode(), null);
  }
  assertEquals(state.fetched, []);
});

Deno.test("a kept policy outlives missing records, broken DNS, failed fetches and malformed policies", async () => {
  const { state, mode, clock, log } = await place();
  assertEquals(await mode(), "enforce");
  state.web = err("certificate has expired");
  const broken: readonly ZoneData[] = [{}, { "_mta-sts.a.example": "servfail" }, id("2")];
  for (const dns of broken) {
    state.dns = dns;
    assertEquals(await mode(), "enforce", JSON.stringify(dns));
  }
  const warned = log.lines.find((l) => l.event === "mta-sts policy not fetched");
  assertEquals(warned?.fields, { domain: "a.example", why: "certificate has expired", kept: "enforce" });
  // Not again at once, but after a while.
  assertEquals(await mode(), "enforce");
  assertEquals(state.fetched.length, 2);
  await clock.advance(6 * MINUTE);
  state.web = ok(utf8("<html>"));
  assertEquals(await mode(), "enforce");
  assertEquals(state.fetched.length, 3);
  await clock.advance(8 * DAY);
  assertEquals(await mode(), null);
});

Deno.test("a policy in use is fetched again each day, so that it does not run out", async () => {
  const { sts, state, mode, clock } = await place();
  for (let day = 0; day < 30; day++) {
    assertEquals(await mode(), "enforce", `day ${day}`);
    await sts.settled();
    await clock.advance(DAY + MINUTE);
  }
  assertEquals(state.fetched.length, 30);
});

Deno.test("many who ask at a time share one fetch", async () => {
  const { state, mode } = await place();
  let go = () => {};
  state.hold = new Promise((resolve) => go = resolve);
  const all = Promise.all(Array.from({ length: 20 }, () => mode()));
  for (let i = 0; i < 50; i++) await Promise.resolve();
  go();
  assertEquals((await all).every((m) => m === "enforce"), true);
  assertEquals(state.fetched.length, 1);
});

Deno.test("policies outlive a restart, and not their time", async () => {
  const first = await place();
  assertEquals(await first.mode(), "enforce");
  await first.sts.settled();
  const later = await place(first.fs, first.clock);
  later.state.web = err("down");
  later.state.dns = {};
  assertEquals(await later.mode(), "enforce");
  await first.clock.advance(8 * DAY);
  assertEquals(await later.mode(), null);
  const written: unknown = JSON.parse(fromUtf8(await first.fs.readFile(FILE, 10_000) ?? new Uint8Array()));
  assertEquals((written as { readonly version: number }).version, 1);
});

Deno.test("a broken file, or one of another version, is as good as none", async () => {
  const texts = [
    "",
    "{",
    "[]",
    '{"version":2,"policies":{}}',
    '{"version":1,"policies":{"a.example":{"id":1}}}',
  ];
  for (const text of texts) {
    const fs = new MemFs();
    await fs.makeDir("/data");
    await fs.createWith(FILE, [utf8(text)]);
    const { mode, sts, log } = await place(fs);
    assertEquals(await mode(), "enforce", text);
    assert(log.lines.some((l) => l.event === "mta-sts policies of before cannot be read"), text);
    await sts.settled();
    assert(fromUtf8(await fs.readFile(FILE, 10_000) ?? new Uint8Array()).includes("enforce"));
  }
});
