import fc from "fast-check";
import { assert, assertEquals, assertMatch } from "../../support/assert.ts";
import { zone } from "../../support/zone.ts";
import { BODY, chainOf, crafted, HEADER, keys, NOW, PAIR, SEALERS, told, verify } from "./rig.ts";

const CHAIN = await chainOf("one.example", "two.example", "three.example");
const PLAIN = `${HEADER}\r\n${BODY}`;

Deno.test("ArcCheck finds a chain sound, and tells who sealed", async () => {
  const { result, instances, sealer, sealers, claims } = await verify(CHAIN);
  assertEquals({ result, instances, sealer, sealers, claims }, {
    result: "pass",
    instances: 3,
    sealer: "three.example",
    sealers: ["three.example", "two.example", "one.example"],
    claims: "",
  });
  assertEquals(told(await verify(PLAIN)), "none");
  assertEquals(told(await verify(await crafted(PLAIN, 1))), "pass");
  assertEquals(told(await verify(await crafted(await crafted(PLAIN, 1), 2))), "pass");
});

Deno.test("ArcCheck believes only trusted sealers without a stranger after them", async () => {
  const oldest = async (...trusted: string[]) =>
    /set (\d)/.exec((await verify(CHAIN, keys(), { trusted })).claims)?.[1];
  assertEquals(await oldest(), undefined);
  assertEquals(await oldest("one.example"), undefined);
  assertEquals(await oldest("one.example", "two.example"), undefined);
  assertEquals(await oldest("three.example"), "3");
  assertEquals(await oldest("three.example", "two.example"), "2");
  assertEquals(await oldest("three.example", "one.example"), "3");
  assertEquals(await oldest(...SEALERS), "1");
  assertEquals(await oldest("example"), "1");
  const below = await chainOf("lists.four.example");
  assertMatch(
    (await verify(below, keys(), { trusted: ["four.example"] })).claims,
    /^i=1; lists\.four\.example;/,
  );
  assertEquals((await verify(below, keys(), { trusted: ["our.example", "ists.four.example"] })).claims, "");
});

Deno.test("ArcCheck believes no trusted seal over a stranger's signature, nor the other way round", async () => {
  const foreign = async (field: "message" | "seal") => {
    const message = await crafted(PLAIN, 1, (f) => f[field] = f[field].replace("d=one", "d=two"));
    const { result, claims } = await verify(message, keys(), { trusted: ["one.example"] });
    return [result, claims];
  };
  assertEquals(await foreign("message"), ["pass", ""]);
  assertEquals(await foreign("seal"), ["pass", ""]);
});

Deno.test("ArcCheck: what was changed breaks the chain", async () => {
  const table: readonly (readonly [string, string, RegExp])[] = [
    ["Hi there", "Hi  There", /^fail: the body has been changed since three\.example signed it$/],
    ["Subject: Hello", "Subject: Hallo", /^fail: ARC-Message-Signature 3: what it covers has been changed/],
    ["(set 1)", "(set 9)", /^fail: ARC-Seal 3: /],
    ["cv=none", "cv=pass", /^fail: cv= of set 1 is wrong$/],
    ["d=one.example; s=s;\r\n\tb=", "d=two.example; s=s;\r\n\tb=", /^fail: ARC-Seal 3/],
  ];
  for (const [from, to, expected] of table) {
    assert(CHAIN.includes(from));
    assertMatch(told(await verify(CHAIN.replace(from, to))), expected, from);
  }
  // Only white space that "relaxed" forgives, and fields that nobody signed.
  assertEquals(told(await verify(`X-New: 1\r\n${CHAIN.replace("Hi there", "Hi \t there  ")}`)), "pass");
});

Deno.test("ArcCheck: sets must be whole, once and in turn", async () => {
  const without = (name: string, instance: number) =>
    CHAIN.replace(new RegExp(`ARC-${name}: i=${instance};[^]*?\r\n(?=[A-Z])`), "");
  for (const name of ["Seal", "Message-Signature", "Authentication-Results"]) {
    for (const i of [1, 2, 3]) {
      assertEquals(told(await verify(without(name, i))), `fail: set ${i} is not whole`, `${name} ${i}`);
    }
  }
  const set1 = /ARC-Seal: i=1;[^]*(?=From: )/.exec(CHAIN)?.[0] ?? "";
  assertEquals(told(await verify(set1 + CHAIN)), "fail: set 1 has a field twice");
  assertEquals(told(await verify(CHAIN.replace(set1, ""))), "fail: set 1 is not whole");
  assertMatch(told(await verify(CHAIN.replaceAll("i=3;", "i=4;"))), /^fail: set 3 is not whole$/);
  assertEquals((await verify(CHAIN.replace(set1, ""))).instances, 2);
});

Deno.test("ArcCheck refuses what a field must not say, though it is signed", async () => {
  type Fields = { results: string; message: string; seal: string };
  const table: readonly (readonly [(f: Fields) => void, string])[] = [
    [(f) => f.seal = f.seal.replace("cv=none", "cv=fail"), "fail: set 1 says that the chain is broken"],
    [(f) => f.seal = f.seal.replace("cv=none", "cv=pass"), "fail: cv= of set 1 is wrong"],
    [(f) => f.seal = f.seal.replace("cv=none; ", ""), "fail: ARC-Seal 1: cv= is missing or wrong"],
    [(f) => f.seal = f.seal.replace("s=s;", "s=s; h=from;"), "fail: ARC-Seal 1: h= is not permitted"],
    [(f) => f.seal = f.seal.replace("i=1", "i=0"), "fail: an ARC-Seal cannot be read"],
    [
      (f) => f.seal = f.seal.replace("rsa-sha256", "rsa-sha1"),
      "fail: ARC-Seal 1: a= names an unknown algorithm",
    ],
    [(f) => f.seal = f.seal.replace("d=one.example; ", ""), "fail: ARC-Seal 1: d= and s= name no key"],
    [
      (f) => f.message = f.message.replace("s=s;", "s=s; l=3;"),
      "fail: ARC-Message-Signature 1: l= is not permitted",
    ],
    [
      (f) => f.message = f.message.replace("from:", "to:"),
      "fail: ARC-Message-Signature 1: From is not signed",
    ],
    [
      (f) => f.message = f.message.replace("from:", "from:arc-seal:"),
      "fail: ARC-Message-Signature 1: h= names ARC-Seal",
    ],
    [
      (f) => f.message = f.message.replace("s=s;", "s=s; x=1;"),
      "fail: ARC-Message-Signature 1: it has expired",
    ],
    [(f) => f.message = f.message.replace("s=s;", "s=s; x=9999999999;"), "pass"],
    [
      (f) => f.message = f.message.replace("relaxed/simple", "nowsp"),
      "fail: ARC-Message-Signature 1: c= names an unknown canonicalization",
    ],
    [
      (f) => f.message = f.message.replace("; d=", "; i=1; d="),
      "fail: an ARC-Message-Signature cannot be read",
    ],
    [
      (f) => f.results = "ARC-Authentication-Results: i=51; x.example; none\r\n",
      "fail: an ARC-Authentication-Results cannot be read",
    ],
    [
      (f) => f.results = "ARC-Authentication-Results: x.example; none\r\n",
      "fail: an ARC-Authentication-Results cannot be read",
    ],
  ];
  for (const [edit, expected] of table) {
    assertEquals(told(await verify(await crafted(PLAIN, 1, edit))), expected);
  }
});

Deno.test("ArcCheck: keys that are gone, wrong or cannot be asked for", async () => {
  const name = "s._domainkey.two.example";
  const table = [
    [{ [name]: "nxdomain" }, "fail: ARC-Seal 2: no key is published"],
    [{ [name]: "timeout" }, "temperror: ARC-Seal 2: the key could not be asked for"],
    [{ [name]: { TXT: ["v=DKIM1; p="] } }, "fail: ARC-Seal 2: the key is revoked"],
    [{ [name]: { TXT: ["v=DKIM1; h=sha1; p=" + PAIR.p] } }, "fail: ARC-Seal 2: the key is not for SHA-256"],
    [{ [name]: { TXT: ["v=DKIM1; s=x; p=" + PAIR.p] } }, "fail: ARC-Seal 2: the key is not for mail"],
    [
      { [name]: { TXT: ["v=DKIM1; k=ed25519; p=" + PAIR.p] } },
      "fail: ARC-Seal 2: the key is of another kind than a= says",
    ],
  ] as const;
  for (const [more, expected] of table) assertEquals(told(await verify(CHAIN, keys(more))), expected);
});

Deno.test("ArcCheck is bounded by sixty sets, and takes fifty", async () => {
  let message = PLAIN;
  for (let i = 1; i <= 50; i++) message = await crafted(message, i);
  assertEquals(told(await verify(message)), "pass");
  // Who only makes up fifty sealers does not get us to ask for them.
  const made = zone({});
  let i = 0;
  await verify(message.replaceAll("d=one.example", () => `d=d${++i}.example`), made);
  assertEquals(made.calls.length, 1);
  const more = message.replace("Subject:", "ARC-Seal: i=51; cv=pass\r\nSubject:");
  assertEquals(told(await verify(more)), "fail: an ARC-Seal cannot be read");
  const heap = Array.from(
    { length: 20_000 },
    (_, i) => `ARC-Seal: i=${i % 60}; a=rsa-sha256; cv=pass; d=one.example; s=s; b=AA\r\n`,
  );
  const outcome = await verify(heap.join("") + PLAIN);
  assertEquals([outcome.result, outcome.instances], ["fail", 50]);
});

Deno.test("ArcCheck takes any octets in its fields, and never finds them sound", async () => {
  const mutated = fc.tuple(fc.nat(CHAIN.indexOf("From: ")), fc.string({ maxLength: 3 })).map(([at, text]) =>
    CHAIN.slice(0, at) + text + CHAIN.slice(at + text.length)
  );
  await fc.assert(
    fc.asyncProperty(mutated, async (message) => {
      const { result } = await verify(message);
      if (result === "pass") {
        // Nothing but what "relaxed" and base64 forgive: blanks, folding, padding, and the spare bits of the last character of b=.
        const plain = (text: string) =>
          text.replace(/[^\s=](?=[=\s]*ARC-M)/, "").replace(/[\s=]+/g, "").toLowerCase();
        assertEquals(plain(message), plain(CHAIN));
      }
    }),
    { numRuns: 200 },
  );
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom("Seal", "Message-Signature", "Authentication-Results"),
      fc.string(),
      async (name, text) => {
        const { result } = await verify(`ARC-${name}: i=1; ${text.replace(/[\r\n]/g, "")}\r\n${PLAIN}`);
        assertEquals(result, "fail");
      },
    ),
  );
  assert(NOW > 0);
});
