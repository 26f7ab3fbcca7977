import { checkReverseName, lookUpName, type ReverseName } from "../../../mod/inbound/checks/reverse_name.ts";
import { assertEquals } from "../../support/assert.ts";
import { zone, type ZoneData } from "../../support/zone.ts";

const V4 = "1.2.0.192.in-addr.arpa";
const V6 = "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa";

const TABLE: readonly [string, string, ZoneData, ReverseName][] = [
  ["there and back", "192.0.2.1", {
    [V4]: { PTR: ["mx.far.example"] },
    "mx.far.example": { A: ["192.0.2.1"] },
  }, {
    kind: "verified",
    name: "mx.far.example",
  }],
  ["mapped", "::ffff:192.0.2.1", {
    [V4]: { PTR: ["mx.far.example"] },
    "mx.far.example": { A: ["192.0.2.1"] },
  }, {
    kind: "verified",
    name: "mx.far.example",
  }],
  ["IPv6 in another spelling", "2001:db8::1", {
    [V6]: { PTR: ["mx.far.example"] },
    "mx.far.example": { AAAA: ["2001:0DB8:0:0::1"] },
  }, { kind: "verified", name: "mx.far.example" }],
  ["the second of two names", "192.0.2.1", {
    [V4]: { PTR: ["liar.example", "mx.far.example"] },
    "liar.example": { A: ["198.51.100.1"] },
    "mx.far.example": { A: ["192.0.2.9", "192.0.2.1"] },
  }, { kind: "verified", name: "mx.far.example" }],
  ["a name that leads elsewhere", "192.0.2.1", {
    [V4]: { PTR: ["mx.bank.example"] },
    "mx.bank.example": { A: ["198.51.100.1"] },
  }, { kind: "unverified" }],
  ["a name that does not exist", "192.0.2.1", { [V4]: { PTR: ["gone.example"] } }, { kind: "unverified" }],
  ["no name", "192.0.2.1", {}, { kind: "none" }],
  ["no PTR there", "192.0.2.1", { [V4]: "nodata" }, { kind: "none" }],
  ["DNS down", "192.0.2.1", { [V4]: "servfail" }, { kind: "unknown" }],
  ["DNS slow", "192.0.2.1", { [V4]: "timeout" }, { kind: "unknown" }],
  ["DNS down on the way back", "192.0.2.1", {
    [V4]: { PTR: ["mx.far.example"] },
    "mx.far.example": "servfail",
  }, {
    kind: "unknown",
  }],
  ["no address", "unknown", {}, { kind: "unknown" }],
];

for (const [what, address, data, expected] of TABLE) {
  Deno.test(`lookUpName(): ${what}`, async () => {
    assertEquals(await lookUpName(address, zone(data)), expected);
  });
}

Deno.test("lookUpName() asks for few of many names", async () => {
  const resolver = zone({ [V4]: { PTR: Array.from({ length: 300 }, (_, i) => `h${i}.example`) } });
  assertEquals(await lookUpName("192.0.2.1", resolver), { kind: "unverified" });
  assertEquals(resolver.calls.length, 6);
});

Deno.test("checkReverseName() holds nothing against whom DNS could not be asked about", () => {
  assertEquals(checkReverseName({ kind: "unknown" }), []);
  assertEquals(checkReverseName({ kind: "verified", name: "x.example" }), []);
  for (const kind of ["none", "unverified"] as const) {
    assertEquals(checkReverseName({ kind }).map((f) => [f.score, f.refuse]), [[1, null]]);
  }
});
