/** SPF over name servers that lie, through the very stub and cache that the server has. */
import { Buffer } from "node:buffer";
import codec from "dns-packet";
import fc from "fast-check";
import { checkHost } from "../../../mod/auth/spf/check.ts";
import { err, ok } from "../../../mod/base/result.ts";
import { CachingResolver } from "../../../mod/dns/cache.ts";
import type { Exchange } from "../../../mod/dns/exchange.ts";
import { StubResolver } from "../../../mod/dns/stub.ts";
import { assert, assertEquals } from "../../support/assert.ts";
import { FakeClock } from "../../support/fake_clock.ts";
import { SeededRandom } from "../../support/seeded_random.ts";

interface Query {
  readonly id: number;
  readonly name: string;
  readonly type: string;
}

/** What comes back for a question: datagrams by UDP, or one message by TCP. */
type Answering = (query: Query, tcp: boolean) => readonly Uint8Array[];

/** A resolver as the server has it, over an exchange that answers so. */
function dns(answer: Answering) {
  const asked: string[] = [];
  const read = (query: Uint8Array, tcp: boolean): readonly Uint8Array[] => {
    const { id = 0, questions } = codec.decode(Buffer.from(query));
    const [q] = questions ?? [];
    asked.push(`${q?.type} ${q?.name}`);
    return answer({ id, name: q?.name ?? "", type: q?.type ?? "" }, tcp);
  };
  const exchange: Exchange = {
    udp: (_server, query, _timeout, accept) => {
      const taken = read(query, false).find((datagram) => accept(datagram));
      return Promise.resolve(taken ? ok(taken) : err("timeout"));
    },
    tcp: (_server, query) => {
      const [message] = read(query, true);
      return Promise.resolve(message ? ok(message) : err("connection closed"));
    },
  };
  const servers = () => Promise.resolve([{ address: "192.0.2.53", port: 53, trusted: false }]);
  const clock = new FakeClock();
  const resolver = new CachingResolver(
    new StubResolver({ exchange, random: new SeededRandom(), servers }),
    clock,
  );
  return { resolver, clock, asked };
}

/** A message; everything in it may be changed. */
function reply(query: Query, more: Record<string, unknown> = {}): Uint8Array {
  const { id, name, type } = query;
  return codec.encode(
    { type: "response", id, flags: 0x0180, questions: [{ type, name, class: "IN" }], ...more } as never,
  );
}

function txt(name: string, data: unknown, ttl = 60): Record<string, unknown> {
  return { type: "TXT", name, ttl, data };
}

const PASS = "v=spf1 +all";

async function result(answer: Answering): Promise<string> {
  const { resolver, clock } = dns(answer);
  const got = await checkHost({ ip: "192.0.2.1", helo: "h.test", mailFrom: "you@a.test" }, {
    resolver,
    clock,
  });
  return got.result;
}

Deno.test("answers to other questions are none, and what does not fit is believed by nobody", async () => {
  const good = (q: Query) => reply(q, { answers: [txt("a.test", PASS)] });
  const cases: readonly (readonly [string, string, Answering])[] = [
    ["right", "pass", (q) => [good(q)]],
    ["silence", "temperror", () => []],
    ["other ID", "temperror", (q) => [good({ ...q, id: q.id ^ 1 })]],
    ["other ID, then right", "pass", (q) => [good({ ...q, id: q.id ^ 1 }), good(q)]],
    ["other name", "temperror", (q) => [good({ ...q, name: "b.test" })]],
    ["other type", "temperror", (q) => [good({ ...q, type: "A" })]],
    ["the question", "temperror", (q) => [reply(q, { type: "query" })]],
    ["nothing", "temperror", () => [new Uint8Array()]],
    ["a record of another name", "none", (q) => [reply(q, { answers: [txt("b.test", PASS)] })]],
    [
      "only beside the answers",
      "none",
      (q) => [reply(q, { authorities: [txt("a.test", PASS)], additionals: [txt("a.test", PASS)] })],
    ],
    ["cut short", "temperror", (q) => [good(q).subarray(0, -3)]],
    ["more records than told", "none", (q) => [edit(good(q), 7, 0)]],
    ["fewer records than told", "temperror", (q) => [edit(good(q), 7, 2)]],
    ["thousands of records told", "temperror", (q) => [edit(good(q), 6, 255)]],
    [
      "a string longer than the record",
      "temperror",
      (q) => [edit(good(q), good(q).length - PASS.length - 1, 255)],
    ],
    ["SERVFAIL", "temperror", (q) => [reply(q, { flags: 0x0182 })]],
    ["REFUSED", "temperror", (q) => [reply(q, { flags: 0x0185 })]],
    ["NXDOMAIN", "none", (q) => [reply(q, { flags: 0x0183 })]],
    [
      "an alias to itself",
      "temperror",
      (q) => [reply(q, { answers: [{ type: "CNAME", name: q.name, data: q.name }] })],
    ],
    [
      "an alias to an alias",
      "temperror",
      (
        q,
      ) => [
        reply(q, {
          answers: [{ type: "CNAME", name: q.name, data: q.name === "a.test" ? "b.test" : "a.test" }],
        }),
      ],
    ],
    [
      "aliases without end",
      "temperror",
      (q) => [reply(q, { answers: [{ type: "CNAME", name: q.name, data: `x${q.name}` }] })],
    ],
    [
      "an alias that ends",
      "pass",
      (q) => [
        q.name === "a.test"
          ? reply(q, { answers: [{ type: "CNAME", name: "a.test", data: "b.test" }] })
          : reply(q, { answers: [txt("b.test", PASS)] }),
      ],
    ],
    ["truncated, and no TCP", "temperror", (q, tcp) => tcp ? [] : [reply(q, { flags: 0x0380 })]],
    ["truncated by TCP, too", "temperror", (q) => [reply(q, { flags: 0x0380 })]],
    [
      "truncated, then another answer by TCP",
      "temperror",
      (q, tcp) => [tcp ? good({ ...q, id: q.id ^ 1 }) : reply(q, { flags: 0x0380 })],
    ],
  ];
  for (const [name, wanted, answer] of cases) assertEquals(await result(answer), wanted, name);
});

function edit(message: Uint8Array, at: number, value: number): Uint8Array {
  const copy = message.slice();
  copy[at] = value;
  return copy;
}

Deno.test("records may have many strings, any octets, and 64 KB", async () => {
  const strings = (text: string) => text.match(/[^]{1,255}/g)?.map((s) => Buffer.from(s, "latin1")) ?? [];
  const over = (text: string): Answering => (q, tcp) => [
    tcp ? reply(q, { answers: [txt(q.name, strings(text))] }) : reply(q, { flags: 0x0380 }),
  ];
  assertEquals(await result(over(`v=spf1 ${"ip4:198.51.100.1 ".repeat(3700)}+all`)), "pass");
  assertEquals(await result(over(`v=spf1 ${"include:a.test ".repeat(4000)}`)), "permerror");
  assertEquals(await result(over(`v=spf1 exists:${"%{d}".repeat(15_000)} ?all`)), "neutral");
  for (const odd of ["\0", "\x80", "\xff", "\r\n"]) {
    assertEquals(await result(over(`v=spf1 a:${odd}x.test -all`)), "permerror");
  }
  assertEquals(
    await result((q) => [reply(q, { answers: [txt(q.name, ["v=s", "pf", "1 +a", "", "ll"])] })]),
    "pass",
  );
  const many = (count: number): Answering => (q, tcp) => [
    tcp
      ? reply(q, {
        answers: Array.from({ length: count }, () => txt(q.name, "x")).concat(txt(q.name, PASS)),
      })
      : reply(q, { flags: 0x0380 }),
  ];
  assertEquals([await result(many(499)), await result(many(500))], ["pass", "temperror"]);
});

Deno.test("no answer puts anything into the cache but what was asked for, and not for ever", async () => {
  let ttl = 60;
  const { resolver, clock, asked } = dns((q) => {
    const own = q.name === "a.test" ? [txt("a.test", PASS, ttl)] : [];
    const planted = [txt("victim.test", PASS), {
      type: "A",
      name: "victim.test",
      ttl: 60,
      data: "203.0.113.1",
    }];
    return [reply(q, { answers: [...planted, ...own], authorities: planted, additionals: planted })];
  });
  assertEquals((await resolver.lookup("a.test", "TXT")).kind, "records");
  for (const type of ["TXT", "A"] as const) {
    const before = asked.length;
    const got = await resolver.lookup("victim.test", type);
    assertEquals(asked.length, before + 1, "it is asked for");
    assertEquals(got.kind, "records", "and believed as the answer to that");
  }
  const times = async (seconds: number) => {
    await clock.advance(200_000_000);
    ttl = seconds;
    const before = asked.length;
    await resolver.lookup("a.test", "TXT");
    await clock.advance(86_399_000);
    await resolver.lookup("a.test", "TXT");
    await clock.advance(2000);
    await resolver.lookup("a.test", "TXT");
    return asked.length - before;
  };
  assertEquals(await times(0), 3);
  assertEquals(await times(0x80000000), 3, "the top bit counts as 0");
  assertEquals(await times(0x7fffffff), 2, "a day at most");
});

Deno.test("whatever a server sends, a check ends with a result and no more questions than it may", async () => {
  const results = new Set(["none", "neutral", "pass", "fail", "softfail", "temperror", "permerror"]);
  const record = fc.constantFrom(
    "v=spf1 a mx ptr exists:%{p}.test include:b.test -all",
    "v=spf1 mx mx:b.test redirect=c.test",
    "v=spf1 ptr include:%{d} ?all exp=e.test",
  );
  await fc.assert(
    fc.asyncProperty(
      record,
      fc.array(fc.tuple(fc.nat(400), fc.nat(255)), { maxLength: 8 }),
      fc.nat(400),
      async (text, edits, size) => {
        const { resolver, clock, asked } = dns((q) => {
          const data: Record<string, unknown> = {
            TXT: text,
            A: "192.0.2.9",
            MX: { preference: 1, exchange: "m.test" },
            PTR: "p.test",
          };
          const message = reply(q, {
            answers: q.type in data ? [{ type: q.type, name: q.name, ttl: 60, data: data[q.type] }] : [],
          });
          const broken = message.slice(0, Math.max(size, 20));
          for (const [at, value] of edits) if (at > 2 && at < broken.length) broken[at] = value;
          return [broken];
        });
        const got = await checkHost({ ip: "192.0.2.1", helo: "h.test", mailFrom: "you@a.test" }, {
          resolver,
          clock,
        });
        assert(results.has(got.result));
        // Each question goes out twice at most, both with EDNS and without, and by TCP; aliases are followed ten times.
        assert(asked.length <= 135 * 2 * 3 * 11, `${asked.length} questions`);
      },
    ),
    { numRuns: 300, seed: 7 },
  );
});
