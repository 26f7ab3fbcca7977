import { generateKeyPairSync } from "node:crypto";
import { rsaNumbers } from "../../../mod/auth/dkim/rsa_numbers.ts";
import { assert, assertEquals } from "../../support/assert.ts";
import fc from "fast-check";

const { publicKey } = generateKeyPairSync("rsa", { modulusLength: 1024 });
const INFO = new Uint8Array(publicKey.export({ type: "spki", format: "der" }));

Deno.test("rsaNumbers() gives size and exponent, and the key in its usual form", () => {
  for (
    const der of [
      INFO,
      new Uint8Array(publicKey.export({ type: "pkcs1", format: "der" })),
      new Uint8Array([...INFO, 1, 2]),
    ]
  ) {
    const numbers = rsaNumbers(der);
    assert(numbers);
    assertEquals(numbers.bits, 1024);
    assertEquals([...numbers.exponent], [1, 0, 1]);
    assertEquals(numbers.info, INFO);
  }
});

Deno.test("rsaNumbers() takes any octets, and keys cut or changed at any place", () => {
  for (let i = 0; i < INFO.length; i++) {
    rsaNumbers(INFO.subarray(0, i));
    for (const value of [0, 0x7f, 0x80, 0x82, 0xff]) {
      const changed = INFO.slice();
      changed[i] = value;
      rsaNumbers(changed);
    }
  }
  fc.assert(fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => void rsaNumbers(bytes)));
});
