import { AcmeKeeper, type AcmePorts, type AcmeTerms } from "../../mod/tls/acme_keeper.ts";
import { ChallengeTokens } from "../../mod/tls/challenge_tokens.ts";
import { AcmeDirectory } from "../support/acme_directory.ts";
import { assert, assertEquals } from "../support/assert.ts";
import { FakeClock } from "../support/fake_clock.ts";
import { MemFs } from "../support/mem_fs.ts";
import { MemoryLog } from "../support/memory_log.ts";
import { SeededRandom } from "../support/seeded_random.ts";

const DAY = 86_400_000;
const NOW = Date.UTC(2027, 0, 1);

/** Certificates as one line of JSON, after which the authority's would come. */
function bench(now = NOW) {
  const clock = new FakeClock(now);
  const fs = new MemFs();
  const directory = new AcmeDirectory();
  directory.chain = (names) => JSON.stringify({ names, from: clock.now(), until: clock.now() + 90 * DAY });
  const led: string[] = [];
  const ports: AcmePorts = {
    fs,
    clock,
    random: new SeededRandom(),
    log: new MemoryLog(),
    reader: {
      read(pem) {
        const { names, from, until } = JSON.parse(pem);
        return {
          dnsNames: names,
          ipNames: [],
          issuer: "CA",
          notBefore: from,
          notAfter: until,
          fingerprint: `00:00:00:00:${from}`,
        };
      },
      chain(pem) {
        JSON.parse(pem);
        return `${pem}\n`;
      },
      renewalId: () => "id.of-it",
      matches: ({ certificate, key }) => JSON.parse(certificate).names.length > 0 && key.includes("PRIVATE"),
    },
    board: new ChallengeTokens(),
    http: () => Promise.resolve(directory),
    leadingTo: (_, names) =>
      Promise.resolve({
        here: names.filter((n) => led.includes(n)),
        unknown: names.filter((n) => led.includes(`${n}?`)),
      }),
    signal: new AbortController().signal,
  };
  const terms: AcmeTerms = {
    directory: directory.directory,
    email: "you@a.test",
    names: ["a.test", "b.test"],
    maybe: ["imap.a.test"],
    ways: ["http-01"],
    external: null,
  };
  const open = (over: Partial<AcmeTerms> = {}, http = ports.http) =>
    AcmeKeeper.open({ ...ports, http }, "/tls", { ...terms, ...over });
  return { clock, fs, directory, led, open };
}

function namesOf(keeper: AcmeKeeper): readonly string[] {
  return keeper.pair ? JSON.parse(keeper.pair.certificate).names : [];
}

Deno.test("AcmeKeeper issues once, keeps it over restarts, and renews at two thirds with the same key", async () => {
  const { clock, directory, fs, open } = bench();
  const keeper = await open();
  assertEquals([keeper.pair, await keeper.look(), namesOf(keeper)], [null, true, ["a.test", "b.test"]]);
  const key = keeper.pair?.key;
  const posts = () => directory.asked.filter((a) => a.startsWith("POST ")).length;
  const asked = posts();
  const again = await open();
  assertEquals([await again.look(), again.pair, posts()], [false, keeper.pair, asked]);
  await clock.advance(59 * DAY);
  assertEquals(await again.look(), false);
  await clock.advance(6 * DAY);
  assertEquals([await again.look(), again.pair?.key], [true, key]);
  assertEquals(directory.asked.filter((a) => a === "POST /account").length, 1);
  for (const name of ["acme.key", "acme_account.key", "acme.json"]) {
    assertEquals((await fs.stat(`/tls/${name}`))?.mode, 0o600, name);
  }
});

Deno.test("AcmeKeeper decides nothing while the clock is wrong, and waits for no time a wrong clock has made", async () => {
  const early = bench(5 * DAY);
  const keeper = await early.open();
  assertEquals([await keeper.look(), early.directory.asked], [false, []]);
  assertEquals((await keeper.renew(false)).ok, false);
  await early.clock.advance(NOW - 5 * DAY);
  assertEquals(await keeper.look(), true);
  const late = bench(Date.UTC(2090, 0, 1));
  late.directory.lies.set("/dir", "down");
  await (await late.open()).look();
  late.directory.lies.clear();
  await late.clock.advance(NOW - Date.UTC(2090, 0, 1));
  const back = bench(NOW);
  for (const name of ["acme.json"]) {
    await back.fs.makeDir("/tls");
    await back.fs.createWith(`/tls/${name}`, [
      await late.fs.readFile(`/tls/${name}`, 1e6) ?? new Uint8Array(),
    ]);
  }
  assertEquals(await (await back.open()).look(), true);
});

Deno.test("AcmeKeeper waits longer after each failure, over restarts, and longer still where the authority says so", async () => {
  const { clock, directory, open } = bench();
  directory.lies.set("/dir", "down");
  const gaps: number[] = [];
  let last = 0;
  for (let minutes = 0; minutes < 2000; minutes++) {
    // A restart each minute.
    const before = directory.asked.length;
    await (await open()).look();
    if (directory.asked.length > before) {
      gaps.push(minutes - last);
      last = minutes;
    }
    await clock.advance(60_000);
  }
  assert(gaps.length >= 6 && gaps.length <= 9, `${gaps}`);
  assert(gaps.slice(2).every((g, i) => g > (gaps[i + 1] ?? 0)), `${gaps}`);
  const limited = bench();
  limited.directory.lies.set("/new", {
    status: 429,
    headers: { "retry-after": "90000" },
    json: { detail: "limit" },
  });
  const keeper = await limited.open();
  await keeper.look();
  assertEquals(keeper.standing.next, NOW + 90_000_000);
  const refused = await keeper.renew(false);
  assert(
    !refused.ok && refused.error.includes("no further attempt before 2027-01-02T01:00Z"),
    JSON.stringify(refused),
  );
});

Deno.test("AcmeKeeper leaves out, for a day, a name that cannot be proved; not the server's own", async () => {
  const { clock, directory, led, open } = bench();
  led.push("imap.a.test");
  directory.unproved.add("b.test");
  const keeper = await open();
  assertEquals([await keeper.look(), namesOf(keeper)], [true, ["a.test", "imap.a.test"]]);
  assertEquals(keeper.standing.refused, ["b.test"]);
  assertEquals(await keeper.look(), false);
  directory.unproved.clear();
  await clock.advance(DAY + 1000);
  assertEquals([await keeper.look(), namesOf(keeper)], [true, ["a.test", "b.test", "imap.a.test"]]);
  directory.unproved.add("a.test").add("b.test");
  const failed = await keeper.renew(false);
  assert(!failed.ok);
  assertEquals([namesOf(keeper).length, keeper.standing.failures], [3, 1]);
});

Deno.test("AcmeKeeper asks again when another directory or name is wanted", async () => {
  const { directory, open } = bench();
  await (await open()).look();
  const more = await open({ names: ["a.test", "c.test"] });
  assertEquals([await more.look(), namesOf(more)], [true, ["a.test", "c.test"]]);
  const other = await open({ names: ["z.test"] });
  assertEquals(other.pair, null);
  const asked = directory.asked.length;
  const elsewhere = await open({ names: ["a.test"], directory: `${directory.directory}?2` });
  await elsewhere.look();
  assert(directory.asked.length > asked);
});

Deno.test("AcmeKeeper takes no certificate that is not the one asked for", async () => {
  for (
    const [chain, why] of [
      ["garbage", "is none"],
      [JSON.stringify({ names: ["other.test"], from: NOW, until: NOW + DAY }), "is not for a.test"],
      [JSON.stringify({ names: ["a.test", "b.test"], from: NOW, until: NOW - 1 }), "ended"],
      [
        JSON.stringify({ names: ["a.test", "b.test"], from: NOW + 2 * DAY, until: NOW + 90 * DAY }),
        "not valid before",
      ],
      [JSON.stringify({ names: [], from: NOW, until: NOW + DAY }), "is for another key"],
    ] as const
  ) {
    const { directory, open } = bench();
    directory.chain = () => chain;
    const keeper = await open();
    assertEquals([await keeper.look(), keeper.pair], [false, null]);
    assert(keeper.standing.error?.includes(why), `${keeper.standing.error}`);
  }
});

Deno.test("AcmeKeeper.renew() with revoke takes a new key and has the old certificate revoked", async () => {
  const { directory, open } = bench();
  const keeper = await open();
  const body = (n: number) => `-----BEGIN CERTIFICATE-----\nAQI${n ? "D" : "A"}\n-----END CERTIFICATE-----`;
  directory.chain = (names) =>
    JSON.stringify({ names, from: NOW, until: NOW + 90 * DAY, pem: body(1) }).replaceAll("\\n", "");
  await keeper.look();
  const key = keeper.pair?.key;
  assertEquals((await keeper.renew(true)).ok, true);
  assert(keeper.pair?.key !== key);
  assertEquals(directory.revoked, ["AQID"]);
});

Deno.test("AcmeKeeper makes a new account where the authority knows ours no more, or its key is gone", async () => {
  const { clock, directory, fs, open } = bench();
  const keeper = await open();
  await keeper.look();
  await fs.remove("/tls/acme_account.key");
  assertEquals((await keeper.renew(false)).ok, true);
  directory.lies.set("/new", {
    status: 400,
    json: { type: "urn:ietf:params:acme:error:accountDoesNotExist" },
  });
  assertEquals((await keeper.renew(false)).ok, false);
  directory.lies.clear();
  await clock.advance(DAY);
  assertEquals((await keeper.renew(false)).ok, true);
  assertEquals(directory.asked.filter((a) => a === "POST /account").length, 3);
});

/** Certificates that were issued. */
const issuedBy = (directory: AcmeDirectory) =>
  directory.asked.filter((a) => a.endsWith("/certificate")).length;

/** Looks once an hour for so many days. */
async function live(keeper: AcmeKeeper, clock: FakeClock, days: number): Promise<void> {
  for (let hour = 0; hour < 24 * days; hour++) {
    await keeper.look();
    await clock.advance(3_600_000);
  }
}

Deno.test("AcmeKeeper has nothing issued again for a name that goes on failing", async () => {
  const { clock, directory, open } = bench();
  directory.unproved.add("b.test");
  const keeper = await open();
  await live(keeper, clock, 10);
  await keeper.look();
  assertEquals([issuedBy(directory), namesOf(keeper), keeper.standing.failures], [1, ["a.test"], 0]);
  assertEquals(keeper.standing.refused, ["b.test"]);
  assert(directory.asked.filter((a) => a === "POST /new").length <= 12);
  directory.unproved.clear();
  await live(keeper, clock, 2);
  assertEquals([issuedBy(directory), namesOf(keeper), keeper.standing.refused], [
    2,
    ["a.test", "b.test"],
    [],
  ]);
});

Deno.test("AcmeKeeper gets the server's own name its certificate, whatever is wrong with the others", async () => {
  const { clock, directory, open } = bench();
  // An authority that does not say which name it is about.
  let many = false;
  const seen = (yes: boolean) => () => {
    many = yes;
    return null;
  };
  directory.lies.set("/authz/0", seen(false)).set("/authz/1", seen(true));
  directory.lies.set("/finalize", () => many ? { status: 403, json: { detail: "no" } } : null);
  const keeper = await open();
  await live(keeper, clock, 4);
  assertEquals([issuedBy(directory), namesOf(keeper)], [1, ["a.test"]]);
  // Renewed in time all the same.
  await clock.advance(61 * DAY);
  await live(keeper, clock, 2);
  assertEquals(issuedBy(directory), 2);
});

Deno.test("AcmeKeeper turns to the other way of proof after a failure, and remembers which one worked", async () => {
  const { clock, directory, open } = bench();
  directory.ways = ["http-01", "tls-alpn-01"];
  directory.blocked.add("http-01");
  const ways = ["http-01", "tls-alpn-01"] as const;
  const keeper = await open({ ways });
  assertEquals([await keeper.look(), keeper.standing.failures], [false, 1]);
  await clock.advance(DAY);
  assertEquals(await keeper.look(), true);
  const before = directory.asked.length;
  assertEquals((await (await open({ ways })).renew(false)).ok, true);
  const challenges = directory.asked.slice(before).filter((a) => a.includes("/challenge/"));
  assertEquals(challenges, ["POST /challenge/0/tls-alpn-01", "POST /challenge/1/tls-alpn-01"]);
});

Deno.test("AcmeKeeper keeps, at renewal, names that DNS does not tell of at the moment", async () => {
  const { clock, led, open } = bench();
  led.push("imap.a.test");
  const keeper = await open();
  await keeper.look();
  led.splice(0, 1, "imap.a.test?");
  await clock.advance(70 * DAY);
  assertEquals([await keeper.look(), namesOf(keeper)], [true, ["a.test", "b.test", "imap.a.test"]]);
  led.splice(0, 1);
  await clock.advance(70 * DAY);
  assertEquals([await keeper.look(), namesOf(keeper)], [true, ["a.test", "b.test"]]);
});

Deno.test("AcmeKeeper tells what went wrong where nothing was asked", async () => {
  const { open } = bench();
  const keeper = await open(
    {},
    () => Promise.reject(new Error("Cannot read /ca.pem: there is no such file")),
  );
  const failed = await keeper.renew(false);
  assertEquals(failed, { ok: false, error: "Cannot read /ca.pem: there is no such file" });
  assertEquals(keeper.standing.error, "Cannot read /ca.pem: there is no such file");
});

Deno.test("AcmeKeeper renews when the authority says so, and no more often than it must ask", async () => {
  const { clock, directory, open } = bench();
  const at = (days: number) => new Date(NOW + days * DAY).toISOString();
  directory.window = { start: at(40), end: at(41) };
  const keeper = await open();
  await keeper.look();
  const info = () => directory.asked.filter((a) => a === "GET /info/id.of-it").length;
  for (let minutes = 0; minutes < 60; minutes++) {
    await keeper.look();
    await clock.advance(60_000);
  }
  assertEquals([info(), keeper.standing.next], [1, NOW + 40 * DAY]);
  // Over restarts, too.
  assertEquals([(await open()).standing.next, await (await open()).look(), info()], [
    NOW + 40 * DAY,
    false,
    1,
  ]);
  // It is asked again, and what it said stays where it is down.
  directory.window = { start: at(30), end: at(31) };
  await clock.advance(DAY);
  await keeper.look();
  assertEquals([info(), keeper.standing.next], [2, NOW + 30 * DAY]);
  directory.lies.set("/info/id.of-it", { status: 500 });
  await clock.advance(DAY);
  await keeper.look();
  assertEquals([info(), keeper.standing.next, keeper.standing.failures], [3, NOW + 30 * DAY, 0]);
  await clock.advance(28 * DAY);
  assertEquals([await keeper.look(), issuedBy(directory)], [true, 2]);
});

Deno.test("AcmeKeeper has no certificate renewed each day by an authority that says nonsense", async () => {
  const nonsense: readonly ({ start: string; end: string } | string)[] = [
    { start: "soon", end: "later" },
    { start: "2027-02-01T00:00:00Z", end: "2027-01-01T00:00:00Z" },
    "2027-01-01",
  ];
  for (const window of nonsense) {
    const { clock, directory, open } = bench();
    directory.window = window as { start: string; end: string };
    const keeper = await open();
    await keeper.look();
    await keeper.look();
    const { next } = keeper.standing;
    assert(next >= clock.now() + 59 * DAY && next < clock.now() + 66 * DAY, JSON.stringify(window));
  }
  const { clock, directory, open } = bench();
  directory.window = { start: "1970-01-01T00:00:00Z", end: "1970-01-01T00:00:01Z" };
  const keeper = await open();
  await live(keeper, clock, 4);
  assert(issuedBy(directory) <= 4, `${issuedBy(directory)}`);
});

Deno.test("AcmeKeeper does one thing at a time", async () => {
  const { directory, open } = bench();
  const keeper = await open();
  const [looked, byHand, again] = await Promise.all([keeper.look(), keeper.renew(false), keeper.look()]);
  assertEquals(
    [looked, byHand, again].filter((r) => r === true || (typeof r === "object" && r.ok)).length,
    1,
  );
  assertEquals(issuedBy(directory), 1);
});
