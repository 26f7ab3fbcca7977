import { findAddresses, findMx, orderHosts } from "../../mod/dns/mx.ts";
import { assert, assertEquals } from "../support/assert.ts";
import { SeededRandom } from "../support/seeded_random.ts";
import { zone, type ZoneData } from "../support/zone.ts";

const ZONE: ZoneData = {
  "a.example": { MX: ["20 mx2.a.example", "10 MX1.a.example.", "30 mx1.a.example"], secure: true },
  "null.example": { MX: ["0 ."] },
  "mixed.example": { MX: ["0 .", "10 mx.mixed.example"] },
  "implicit.example": { A: ["192.0.2.1"] },
  "alias.example": { CNAME: ["a.example"] },
  "servfail.example": "servfail",
  "timeout.example": { MX: "timeout", A: ["192.0.2.1"] },
  "first.example": { MX: ["10 own.example", "20 mx.first.example"] },
  "equal.example": { MX: ["10 own.example", "10 mx.equal.example"] },
  "later.example": {
    MX: ["10 mx.later.example", "20 own.example", "20 same.later.example", "30 worse.later.example"],
  },
  "own.example": { A: ["192.0.2.9"] },
};

function find(domain: string, data = ZONE) {
  return findMx(domain, {
    resolver: zone(data),
    random: new SeededRandom(),
    isOwnName: (n) => n === "own.example",
  });
}

Deno.test("findMx() knows every kind of domain", async () => {
  const cases: readonly (readonly [string, string])[] = [
    ["a.example", "mx1.a.example mx2.a.example"],
    ["A.Example.", "mx1.a.example mx2.a.example"],
    ["null.example", "null-mx"],
    ["mixed.example", "mx.mixed.example"],
    ["implicit.example", "implicit.example implicit"],
    ["alias.example", "mx1.a.example mx2.a.example"],
    ["missing.example", "no-host"],
    ["servfail.example", "temp"],
    ["timeout.example", "temp"],
    ["first.example", "loop"],
    ["equal.example", "loop"],
    ["later.example", "mx.later.example"],
    ["own.example", "loop"],
    ["", "no-host"],
    [".", "no-host"],
    ["a..example", "no-host"],
  ];
  for (const [domain, expected] of cases) {
    const found = await find(domain);
    const text = found.kind === "hosts"
      ? [...found.hosts.map((h) => h.name), ...found.implicit ? ["implicit"] : []].join(" ")
      : found.kind;
    assertEquals(text, expected, domain);
  }
  const secure = await find("a.example");
  assert(secure.kind === "hosts" && secure.secure);
});

Deno.test("orderHosts() chooses at random among equals, and keeps preferences", () => {
  const records = ["a", "b", "c"].map((exchange) => ({ preference: 10, exchange }));
  const random = new SeededRandom(7);
  const firsts = new Map<string, number>();
  for (let i = 0; i < 300; i++) {
    const hosts = orderHosts([{ preference: 20, exchange: "last" }, ...records], random);
    assertEquals(hosts.length, 4);
    assertEquals(hosts[3]?.name, "last");
    const first = hosts[0]?.name ?? "";
    firsts.set(first, (firsts.get(first) ?? 0) + 1);
  }
  assert(["a", "b", "c"].every((h) => (firsts.get(h) ?? 0) > 60), JSON.stringify([...firsts]));
});

Deno.test("orderHosts() caps the list", () => {
  const records = Array.from({ length: 100 }, (_, i) => ({ preference: i, exchange: `mx${i}` }));
  const hosts = orderHosts(records, new SeededRandom());
  assertEquals([hosts.length, hosts[0]?.name], [20, "mx0"]);
});

Deno.test("findAddresses() has both families in turn, and keeps none from unknown", async () => {
  const resolver = zone({
    "both.example": { A: ["192.0.2.1", "192.0.2.2"], AAAA: ["2001:db8::1"] },
    "half.example": { A: ["192.0.2.1"], AAAA: "servfail" },
    "unsure.example": { AAAA: "timeout" },
    "unsure4.example": { A: "timeout" },
    "none.example": { TXT: ["x"] },
    "silly.example": { A: ["0.0.0.0", "255.255.255.255"], AAAA: ["::"] },
    "alias.example": { CNAME: ["both.example"] },
    "half-secure.example": { A: ["192.0.2.1"], AAAA: "timeout", secure: true },
    "secure.example": { A: ["192.0.2.1"], secure: true },
  });
  const cases: readonly (readonly [string, unknown])[] = [
    ["both.example", ["2001:db8::1", "192.0.2.1", "192.0.2.2"]],
    ["half.example", ["192.0.2.1"]],
    ["unsure.example", "temp"],
    ["unsure4.example", "temp"],
    ["none.example", "none"],
    ["missing.example", "none"],
    ["silly.example", "none"],
    ["alias.example", ["2001:db8::1", "192.0.2.1", "192.0.2.2"]],
  ];
  for (const [name, expected] of cases) {
    const found = await findAddresses(name, resolver);
    assertEquals<unknown>(found.kind === "addresses" ? found.addresses : found.kind, expected, name);
  }
  for (const [name, wanted] of [["secure", true], ["half-secure", true], ["half", false]] as const) {
    const secure = await findAddresses(`${name}.example`, resolver);
    assert(secure.kind === "addresses" && secure.secure === wanted, name);
  }
});
