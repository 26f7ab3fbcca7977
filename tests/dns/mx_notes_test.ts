import { inspectMx } from "../../mod/dns/mx_notes.ts";
import { assertEquals } from "../support/assert.ts";
import { zone } from "../support/zone.ts";

Deno.test("inspectMx() notes what is odd about mail hosts", async () => {
  const resolver = zone({
    "good.example": { MX: ["10 mx.good.example"] },
    "mx.good.example": { A: ["192.0.2.1"] },
    "odd.example": {
      MX: [
        "0 .",
        "10 alias.example",
        "20 192.0.2.9",
        "30 gone.example",
        "40 inside.example",
        "50 broken.example",
      ],
    },
    "alias.example": { CNAME: ["mx.good.example"] },
    "inside.example": { A: ["10.0.0.1"] },
    "broken.example": "servfail",
    "down.example": "servfail",
  });
  assertEquals(await inspectMx("good.example", resolver), []);
  assertEquals(await inspectMx("missing.example", resolver), []);
  assertEquals(await inspectMx("down.example", resolver), [{
    kind: "not-checked",
    host: "down.example",
    why: "servfail",
  }]);
  assertEquals(await inspectMx("odd.example", resolver), [
    { kind: "null-mx-among-others" },
    { kind: "alias", host: "alias.example", target: "mx.good.example" },
    { kind: "address-as-name", host: "192.0.2.9" },
    { kind: "no-address", host: "gone.example" },
    { kind: "not-public", host: "inside.example", address: "10.0.0.1" },
    { kind: "not-checked", host: "broken.example", why: "servfail" },
  ]);
});
