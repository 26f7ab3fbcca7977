import { utf8 } from "../../mod/base/bytes.ts";
import { createMechanism, decodeInitial, PASSWORD_MECHANISMS } from "../../mod/sasl/mechanism.ts";
import { assert, assertEquals } from "../support/assert.ts";

Deno.test("createMechanism() knows what is advertised, in any case, and nothing else", () => {
  for (const name of PASSWORD_MECHANISMS) assert(createMechanism(name.toLowerCase()));
  for (const name of ["", "CRAM-MD5", "SCRAM-SHA-256", "PLAIN ", "plaın"]) {
    assertEquals(createMechanism(name), null);
  }
  assert(createMechanism("PLAIN") !== createMechanism("PLAIN"));
});

Deno.test("decodeInitial() takes = as the empty response", () => {
  assertEquals(decodeInitial(utf8("=")), new Uint8Array(0));
  assertEquals(decodeInitial(utf8("Zg==")), utf8("f"));
  for (const bad of ["", "==", "Zg", "*"]) assertEquals(decodeInitial(utf8(bad)), null);
});
