import { utf8 } from "../../mod/base/bytes.ts";
import { ExternalMechanism } from "../../mod/sasl/external.ts";
import { assertEquals } from "../support/assert.ts";

Deno.test("ExternalMechanism hands on whom the client wants to be, also nobody in particular", () => {
  assertEquals(new ExternalMechanism().start(utf8("ann@x.test")), {
    kind: "certificate",
    authzid: "ann@x.test",
  });
  assertEquals(new ExternalMechanism().start(new Uint8Array(0)), { kind: "certificate", authzid: "" });
  const m = new ExternalMechanism();
  assertEquals(m.start(null), { kind: "challenge", bytes: new Uint8Array(0) });
  assertEquals(m.answer(new Uint8Array(0)), { kind: "certificate", authzid: "" });
  assertEquals(m.answer(utf8("a\0b")), { kind: "malformed" });
  assertEquals(m.answer(new Uint8Array([0xff])), { kind: "malformed" });
});
