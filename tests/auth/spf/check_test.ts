import fc from "fast-check";
import { checkHost, type SpfPorts, type SpfStep } from "../../../mod/auth/spf/check.ts";
import { SPF_LIMITS } from "../../../mod/auth/spf/types.ts";
import type { SpfOutcome, SpfResult } from "../../../mod/auth/types.ts";
import type { DnsAnswer, RecordTypes, Resolver } from "../../../mod/dns/resolver.ts";
import { assert, assertEquals } from "../../support/assert.ts";
import { FakeClock } from "../../support/fake_clock.ts";
import { zone, type ZoneData } from "../../support/zone.ts";

const QUESTION = { ip: "192.0.2.1", helo: "mail.b.test", mailFrom: "you@a.test" };

function check(data: ZoneData, more: Partial<typeof QUESTION> & Partial<SpfPorts> = {}): Promise<SpfOutcome> {
  const { limits, watch, ...question } = more;
  return checkHost({ ...QUESTION, ...question }, {
    resolver: more.resolver ?? zone(data),
    clock: more.clock ?? new FakeClock(1_700_000_000_500),
    hostname: "mx.c.test",
    ...(limits ? { limits } : {}),
    ...(watch ? { watch } : {}),
  });
}

/** A zone in which a.test has this record. */
function record(text: string, more: ZoneData = {}): ZoneData {
  return { "a.test": { TXT: [text] }, ...more };
}

Deno.test("checkHost() says what it found and why", async () => {
  const cases: readonly (readonly [ZoneData, Partial<SpfOutcome>])[] = [
    [{}, { result: "none", why: "there is no domain a.test", mechanism: null, lookups: 0 }],
    [{ "a.test": { TXT: ["v=spf2 -all"] } }, { result: "none", why: "a.test has no SPF record" }],
    [{ "a.test": "nodata" }, { result: "none", why: "a.test has no SPF record" }],
    [{ "a.test": "timeout" }, { result: "temperror", why: "TXT of a.test: timeout" }],
    [{ "a.test": { TXT: ["v=spf1", "v=spf1"] } }, {
      result: "permerror",
      why: "a.test has more than one SPF record",
    }],
    [record("v=spf1 a:"), { result: "permerror", why: 'record of a.test: "a:" lacks a domain' }],
    [record("v=spf1"), { result: "neutral", why: "nothing in the record of a.test matches" }],
    [record("v=spf1 ?all"), { result: "neutral", mechanism: "?all", why: "?all in the record of a.test" }],
    [record("v=spf1 ip4:192.0.2.0/24"), {
      result: "pass",
      mechanism: "ip4:192.0.2.0/24",
      why: "ip4:192.0.2.0/24 in the record of a.test",
    }],
    [record("v=spf1 ~all"), { result: "softfail", mechanism: "~all" }],
    [record("v=spf1 -include:b.test", { "b.test": { TXT: ["v=spf1 +all"] } }), {
      result: "fail",
      mechanism: "-include:b.test",
      why: "-include:b.test in the record of a.test: +all in the record of b.test",
      lookups: 1,
    }],
    [record("v=spf1 redirect=b.test", { "b.test": { TXT: ["v=spf1 -all"] } }), {
      result: "fail",
      mechanism: "-all",
      why: "-all in the record of b.test",
      domain: "a.test",
    }],
  ];
  for (const [data, wanted] of cases) {
    const got = await check(data);
    for (const key of Object.keys(wanted) as (keyof SpfOutcome)[]) {
      assertEquals(got[key], wanted[key], `${JSON.stringify(data)} ${key}`);
    }
  }
});

Deno.test("include and redirect take over results as RFC 7208 5.2 and 6.1 have them", async () => {
  const records: readonly (readonly [string, SpfResult, SpfResult])[] = [
    ["v=spf1 +all", "pass", "pass"],
    ["v=spf1 -all", "softfail", "fail"],
    ["v=spf1 ~all", "softfail", "softfail"],
    ["v=spf1 ?all", "softfail", "neutral"],
    ["v=spf1", "softfail", "neutral"],
    ["v=spf1 foo", "permerror", "permerror"],
    ["none", "permerror", "permerror"],
    ["v=spf1 a:broken.test", "temperror", "temperror"],
  ];
  for (const [text, included, redirected] of records) {
    const more: ZoneData = { "b.test": { TXT: [text] }, "broken.test": "servfail" };
    assertEquals((await check(record("v=spf1 include:b.test ~all", more))).result, included, text);
    assertEquals((await check(record("v=spf1 redirect=b.test", more))).result, redirected, text);
    assertEquals((await check(record("v=spf1 redirect=b.test ~all", more))).result, "softfail", text);
  }
  for (const name of ["gone.test", "x..test", "%{d1}"]) {
    assertEquals((await check(record(`v=spf1 include:${name}`))).result, "permerror", name);
    assertEquals((await check(record(`v=spf1 redirect=${name}`))).result, "permerror", name);
  }
  assertEquals((await check(record("v=spf1 include:b.test", { "b.test": "timeout" }))).result, "temperror");
});

Deno.test("HELO is checked by itself, and where the sender is null", async () => {
  const data = {
    "mail.b.test": { TXT: ["v=spf1 exists:%{l}.%{o}.%{d}"] },
    "postmaster.mail.b.test.mail.b.test": { A: ["127.0.0.2"] },
  };
  const got = await check(data, { mailFrom: "" });
  assertEquals([got.result, got.identity, got.domain], ["pass", "helo", "mail.b.test"]);
  assertEquals((await check({}, { mailFrom: "", helo: "[192.0.2.1]" })).result, "none");
  assertEquals((await check({}, { mailFrom: "", helo: "nas" })).domain, "nas");
  assertEquals((await check(record("v=spf1 +all"), { ip: "unknown" })).result, "none");
});

Deno.test("U-labels become A-labels, and a local part that is not ASCII matches nothing (RFC 8616)", async () => {
  const data = {
    "xn--bcher-kva.test": { TXT: ["v=spf1 exists:%{l}.ok.test -exists:%{h}.ok.test ~all"] },
    "xn--mnchen-3ya.test.ok.test": { A: ["127.0.0.2"] },
  };
  const sender = { mailFrom: "j\u00f6@b\u00fccher.test", helo: "m\u00fcnchen.test" };
  const got = await check(data, sender);
  assertEquals([got.result, got.domain], ["fail", "xn--bcher-kva.test"]);
  for (
    const [text, wanted] of [["exists:%{h}.ok.test ~all", "softfail"], ["redirect=%{s}.ok.test", "neutral"], [
      "include:%{l}.test ?all",
      "neutral",
    ]]
  ) {
    const odd = await check({ "a.test": { TXT: [`v=spf1 ${text}`] } }, {
      mailFrom: "\u00fc@a.test",
      helo: "\ufffd",
    });
    assertEquals(odd.result, wanted, text);
  }
});

Deno.test("ten terms may ask, and not one more", async () => {
  const ten = (n: number) => new Array(n).fill("a:x.test").join(" ");
  const more: ZoneData = { "x.test": { A: ["192.0.2.9"] }, "b.test": { TXT: ["v=spf1 ~all"] } };
  for (
    const [text, wanted] of [
      [`${ten(10)} +all`, "pass"],
      [`${ten(11)} +all`, "permerror"],
      [`${ten(9)} include:b.test +all`, "pass"],
      [`${ten(10)} include:b.test +all`, "permerror"],
      [`${ten(9)} redirect=b.test`, "softfail"],
      [`${ten(10)} redirect=b.test`, "permerror"],
      [`${ten(9)} exists:%{p}.x.test +all`, "permerror"],
      [`${ten(8)} exists:%{p}.x.test +all`, "pass"],
      [`${ten(10)} ip4:1.2.3.4 ip6:::1 +all`, "pass"],
      ["include:a.test", "permerror"],
      ["redirect=a.test", "permerror"],
    ]
  ) {
    const got = await check(record(`v=spf1 ${text}`, more));
    assertEquals(got.result, wanted, text);
    assert(got.lookups <= 10);
  }
  const loop = await check(record("v=spf1 include:a.test"));
  assertEquals(loop.lookups, 10);
  assertEquals(loop.why, "include:a.test in the record of a.test: more than 10 terms that ask DNS");
  const limits = { ...SPF_LIMITS, lookups: 2 };
  assertEquals((await check(record(`v=spf1 ${ten(3)}`, more), { limits })).result, "permerror");
});

Deno.test("the costliest record there can be asks 112 questions", async () => {
  const hosts = Object.fromEntries(
    Array.from({ length: 90 }, (_, i) => [`h${i}.test`, { A: ["198.51.100.9"] }]),
  );
  const domains = Object.fromEntries(
    Array.from(
      { length: 9 },
      (_, i) => [`m${i}.test`, { MX: Array.from({ length: 10 }, (_, j) => `${j} h${10 * i + j}.test`) }],
    ),
  );
  const dns = zone({
    ...hosts,
    ...domains,
    "a.test": {
      TXT: [`v=spf1 ${Object.keys(domains).map((d) => `mx:${d}`).join(" ")} ptr:x.test -all exp=%{p}.e.test`],
    },
    "1.2.0.192.in-addr.arpa": { PTR: Array.from({ length: 50 }, (_, i) => `h${i}.test`) },
    "unknown.e.test": { TXT: ["%{p} may not"] },
  });
  const got = await check({}, { resolver: dns });
  assertEquals([got.result, got.lookups, got.explanation], ["fail", 10, "unknown may not"]);
  // The record, nine MX with ten hosts each, the client's names and ten hosts, the explanation.
  assertEquals(dns.calls.length, 1 + 9 * 11 + 11 + 1);
});

Deno.test("two terms may ask in vain, and not one more", async () => {
  for (
    const [text, wanted] of [
      ["a:n1.test mx:n2.test +all", "pass"],
      ["a:n1.test mx:n2.test exists:n3.test +all", "permerror"],
      ["a:n1.test ptr ptr +all", "permerror"],
      ["a:n1.test a:n1.test a:n1.test +all", "permerror"],
      ["mx:dead.test mx:dead.test +all", "pass"],
      ["mx:dead.test mx:dead.test mx:dead.test +all", "permerror"],
    ]
  ) {
    const dead: ZoneData = { "dead.test": { MX: ["1 n1.test", "2 n2.test", "3 n3.test", "4 n4.test"] } };
    assertEquals((await check(record(`v=spf1 ${text}`, dead))).result, wanted, text);
  }
});

Deno.test("an explanation is what the failing record gives, or nothing", async () => {
  const explained = async (txt: ZoneData[string] | undefined, exp = "e.test", mailFrom = "you@a.test") =>
    (await check(record(`v=spf1 -all exp=${exp}`, txt ? { "e.test": txt } : {}), { mailFrom })).explanation;
  assertEquals(
    await explained({ TXT: ["%{i} at %{t} by %{r}: see http://x.test/%{S}"] }),
    "192.0.2.1 at 1700000000 by mx.c.test: see http://x.test/you%40a.test",
  );
  for (
    const nothing of [
      undefined,
      "nodata",
      "timeout",
      { TXT: ["a", "b"] },
      { TXT: ["100%"] },
      { TXT: ["\u00fc"] },
      { TXT: [""] },
      { TXT: ["%{x}"] },
    ] as const
  ) {
    assertEquals(await explained(nothing), null);
  }
  assertEquals(await explained({ TXT: ["x"] }, "%{l}.test", "\u00fc@a.test"), null);
  assertEquals(await explained({ TXT: ["for %{l}"] }, "e.test", "\u00fc@a.test"), null);
  assertEquals(await explained({ TXT: ["for %{l}"] }, "e.test", "a\r\nb\x7f@a.test"), "for ab");
  assertEquals((await explained({ TXT: ["x".repeat(60_000)] }))?.length, 500);
  const data = (outer: string, inner: string) =>
    record(outer, { "b.test": { TXT: [inner] }, "e.test": { TXT: ["outer"] }, "f.test": { TXT: ["inner"] } });
  assertEquals(
    (await check(data("v=spf1 redirect=b.test exp=e.test", "v=spf1 -all exp=f.test"))).explanation,
    "inner",
  );
  assertEquals((await check(data("v=spf1 redirect=b.test exp=e.test", "v=spf1 -all"))).explanation, null);
  assertEquals(
    (await check(data("v=spf1 -include:b.test exp=e.test", "v=spf1 +all exp=f.test"))).explanation,
    "outer",
  );
  assertEquals((await check(data("v=spf1 ~all exp=e.test", ""))).explanation, null);
});

Deno.test("a check ends in time, whoever does not answer", async () => {
  for (
    const text of [
      "a",
      "mx",
      "ptr",
      "exists:%{p}.test",
      "include:b.test",
      "redirect=b.test",
      "exists:%{i}.test",
    ]
  ) {
    const clock = new FakeClock();
    const answers = zone(
      record(`v=spf1 ${text} +all`.replace(" +all", text.startsWith("redirect") ? "" : " +all")),
    );
    const resolver: Resolver = {
      lookup: (name, type) =>
        type === "TXT" && name === "a.test" ? answers.lookup(name, type) : new Promise(() => {}),
    };
    let got: SpfOutcome | null = null;
    const done = check({}, { clock, resolver }).then((o) => got = o);
    await clock.advance(19_999);
    assertEquals(got, null);
    await clock.advance(1);
    await clock.advance(0);
    assertEquals((await done).result, "temperror", text);
    assertEquals(clock.waiting, 0);
  }
});

Deno.test("the steps of a check can be watched", async () => {
  const steps: SpfStep[] = [];
  await check(record("v=spf1 include:b.test a:x.test -all", { "b.test": { TXT: ["v=spf1 ?all"] } }), {
    watch: (s) => steps.push(s),
  });
  assertEquals(
    steps.map((s) =>
      s.kind === "record" ? `${s.depth} ${s.domain} ${s.text}` : `${s.depth} ${s.text} ${s.outcome}`
    ),
    [
      "0 a.test v=spf1 include:b.test a:x.test -all",
      "1 b.test v=spf1 ?all",
      "1 ?all match",
      "0 include:b.test no match",
      "0 a:x.test no match",
      "0 -all match",
    ],
  );
});

/** Answers anything with something made of the name, at random but always the same. */
function hostileZone(records: readonly string[], seed: number): Resolver & { calls: number } {
  const octets = (text: string) => Uint8Array.from(text, (c) => c.charCodeAt(0) & 255);
  const zone = {
    calls: 0,
    lookup<T extends keyof RecordTypes>(name: string, type: T): Promise<DnsAnswer<RecordTypes[T]>> {
      zone.calls++;
      let h = seed;
      for (const c of `${type} ${name}`) h = (Math.imul(h, 31) + c.charCodeAt(0)) >>> 0;
      if (h % 53 === 0 && name !== "a.test") return Promise.resolve({ kind: "temp", why: "\r\n\0\u00fc" });
      if (h % 31 === 0 && name !== "a.test") return Promise.resolve({ kind: "nxdomain", secure: false });
      const made: { readonly [K in keyof RecordTypes]?: readonly RecordTypes[K][] } = {
        TXT: [octets(records[h % records.length] ?? "")],
        A: Array.from({ length: h % 500 }, (_, i) => h % 5 ? `198.51.${i & 255}.1` : `192.0.${i & 255}.1`),
        AAAA: ["2001:db8::1", "not an address", ""],
        MX: Array.from(
          { length: h % 12 },
          (_, i) => ({ preference: i % 3, exchange: i === 4 ? "" : `${i}.${name}` }),
        ),
        PTR: Array.from({ length: h % 40 }, (_, i) => `p${i}.a.test`),
      };
      return Promise.resolve({
        kind: "records",
        records: (made[type] ?? []) as RecordTypes[T][],
        ttl: 0,
        secure: false,
      });
    },
  };
  return zone;
}

Deno.test("checkHost() comes to an end over hostile zones, with bounded questions and harmless words", async () => {
  const piece = fc.constantFrom(
    "a",
    "mx",
    "ptr",
    "include:",
    "exists:",
    "redirect=",
    "exp=",
    "%{d}",
    "%{p}",
    "%{l9r-}",
    "%{S}",
    ".a.test",
    "a.test",
    "b.test",
    "-all",
    "~all",
    "/0",
    "//0",
    "ip4:192.0.2.1",
    "ip6:::1",
    "x=",
    "\0",
    "\x80",
    "\r\n",
    '"',
  );
  const junk = fc.array(fc.oneof(piece, fc.constant(" ")), { maxLength: 20 }).map((p) => p.join(""));
  const term = fc.constantFrom(
    ..."a mx ptr mx:b.test a:%{d}/8 ptr:%{p} include:b.test include:%{i}.a.test exists:%{l9r-}.%{S}.test ip4:203.0.113.1"
      .split(" "),
    ..."redirect=c.%{d2} exp=%{p}.%{h} x=%{d} ?include:%{h} -exists:%{p}.a.test ~mx:%{p}//0 -all".split(" "),
  );
  const text = fc.array(fc.oneof({ weight: 30, arbitrary: term }, { weight: 1, arbitrary: junk }), {
    maxLength: 12,
  })
    .map((terms) => `v=spf1 ${terms.join(" ")}`);
  const name = fc.string({ unit: fc.constantFrom(..."ab.@[]:\0\r\n\u00fc\ud800%"), maxLength: 40 });
  let most = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.array(text, { minLength: 1, maxLength: 5 }),
      fc.integer(),
      fc.oneof({ weight: 1, arbitrary: name }, { weight: 4, arbitrary: fc.constant("x@a.test") }),
      name,
      fc.constantFrom("192.0.2.1", "2001:db8::1", "::ffff:192.0.2.1", "x"),
      async (records, seed, mailFrom, helo, ip) => {
        const resolver = hostileZone(records, seed >>> 0);
        const got = await check({}, { resolver, mailFrom, helo, ip });
        // Eleven records, ten terms with eleven questions each, the client's names, an explanation.
        assert(resolver.calls <= 11 + 10 * 11 + 11 + 1, `${resolver.calls} questions`);
        assert(got.lookups <= 10);
        most = Math.max(most, resolver.calls);
        for (const said of [got.domain, got.why, got.mechanism ?? "", got.explanation ?? ""]) {
          assert(/^[\x20-\x7e]{0,500}$/.test(said), JSON.stringify(said));
        }
      },
    ),
    { numRuns: 300, seed: 3 },
  );
  assert(most > 15, `only ${most} questions`);
});

Deno.test("records as long as DNS can carry cost little", async () => {
  const started = performance.now();
  for (
    const unit of [
      "a:%{l}%{l}.x.test ",
      "exists:%{S}%{H}%{p} ",
      "x=%{d} ",
      "ip4:192.0.2.9 ",
      "%{d}",
      "include:a.test ",
    ]
  ) {
    const long = `v=spf1 exists:${
      unit.startsWith("%") ? unit.repeat(16_000) : `x.test ${unit.repeat(65_000 / unit.length)}`
    }`;
    const got = await check({ "a.test": { TXT: [long] } }, {
      mailFrom: `${"l.".repeat(120)}@a.test`,
      helo: "h".repeat(2000),
    });
    assert(["permerror", "neutral"].includes(got.result), `${unit}: ${got.result} ${got.why}`);
  }
  assert(performance.now() - started < 5000);
});
