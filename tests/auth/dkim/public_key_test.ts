import { createHash, generateKeyPairSync, sign } from "node:crypto";
import { importPublicKey, verifyData } from "../../../mod/auth/dkim/public_key.ts";
import { assert, assertEquals } from "../../support/assert.ts";

const DATA = new Uint8Array([1, 2, 3]);
const rsa = generateKeyPairSync("rsa", { modulusLength: 1024 });
const ed25519 = generateKeyPairSync("ed25519");

function octets(buffer: Uint8Array): Uint8Array<ArrayBuffer> {
  return new Uint8Array(buffer);
}

Deno.test("importPublicKey() takes both forms of an RSA key, verifyData() checks by them", async () => {
  const signature = octets(sign("sha256", DATA, rsa.privateKey));
  for (const type of ["spki", "pkcs1"] as const) {
    const key = await importPublicKey("rsa", octets(rsa.publicKey.export({ type, format: "der" })));
    assert(key.ok);
    assertEquals(key.value.type === "rsa" && key.value.bits, 1024);
    assert(await verifyData(key.value, DATA, signature));
    assert(!await verifyData(key.value, new Uint8Array([1, 2, 4]), signature));
    for (const wrong of [new Uint8Array(0), new Uint8Array(128), signature.slice(1), new Uint8Array(5000)]) {
      assert(!await verifyData(key.value, DATA, wrong));
    }
  }
});

Deno.test("importPublicKey() takes both forms of an Ed25519 key, verifyData() checks the hash by them", async () => {
  const whole = octets(ed25519.publicKey.export({ type: "spki", format: "der" }));
  const signature = octets(sign(null, createHash("sha256").update(DATA).digest(), ed25519.privateKey));
  for (const form of [whole, whole.slice(-32)]) {
    const key = await importPublicKey("ed25519", form);
    assert(key.ok);
    assert(await verifyData(key.value, DATA, signature));
    assert(!await verifyData(key.value, new Uint8Array([9]), signature));
    assert(!await verifyData(key.value, DATA, signature.slice(1)));
    assert(!await verifyData(key.value, DATA, octets(sign(null, DATA, ed25519.privateKey))));
    const long = new Uint8Array(100_000);
    const hash = createHash("sha256").update(long).digest();
    assert(await verifyData(key.value, long, octets(sign(null, hash, ed25519.privateKey))));
  }
});

/** An RSA key of any numbers, as nobody's library would make it. */
function rsaKey(modulus: Uint8Array, exponent: Uint8Array): Uint8Array {
  const integer = (v: Uint8Array): number[] => [2, 0x82, v.length >> 8, v.length & 255, ...v];
  const inner = [...integer(modulus), ...integer(exponent)];
  return new Uint8Array([0x30, 0x82, inner.length >> 8, inner.length & 255, ...inner]);
}

Deno.test("importPublicKey() refuses what is weak, too costly or no key", async () => {
  const odd = (size: number): Uint8Array => new Uint8Array(size).fill(0xff);
  const e = new Uint8Array([1, 0, 1]);
  const table: readonly (readonly [string, Uint8Array, string])[] = [
    ["512 bits", rsaKey(odd(64), e), "weak 512"],
    ["1023 bits", rsaKey(new Uint8Array([0x7f, ...odd(127)]), e), "weak 1023"],
    ["1024 bits", rsaKey(odd(128), e), "ok"],
    ["zeros before", rsaKey(new Uint8Array([0, 0, ...odd(128)]), e), "ok"],
    ["8192 bits", rsaKey(odd(1024), e), "ok"],
    ["8193 bits", rsaKey(new Uint8Array([1, ...odd(1024)]), e), "weak 8193"],
    ["16384 bits", rsaKey(odd(2048), e), "weak 16384"],
    ["long exponent", rsaKey(odd(256), odd(256)), "weak 2048"],
    ["no modulus", rsaKey(new Uint8Array(0), e), "broken"],
    ["modulus zero", rsaKey(new Uint8Array(128), e), "broken"],
    ["no exponent", rsaKey(odd(128), new Uint8Array(0)), "broken"],
    ["empty", new Uint8Array(0), "broken"],
    ["junk", odd(300), "broken"],
    ["zeros", new Uint8Array(300), "broken"],
    ["cut", rsaKey(odd(128), e).subarray(0, 100), "broken"],
    ["another algorithm", octets(ed25519.publicKey.export({ type: "spki", format: "der" })), "broken"],
  ];
  for (const [name, key, expected] of table) {
    const got = await importPublicKey("rsa", key);
    assertEquals(
      got.ok ? "ok" : got.error.bits && got.error.kind === "weak" ? `weak ${got.error.bits}` : got.error.kind,
      expected,
      name,
    );
  }
  for (const size of [0, 31, 33, 44, 64]) {
    const got = await importPublicKey("ed25519", new Uint8Array(size));
    assertEquals(got.ok ? "ok" : got.error.kind, "broken", `${size}`);
  }
});

Deno.test("verifyData() is false for keys that make no sense", async () => {
  const even = new Uint8Array(256).fill(0xfe);
  for (
    const [n, e] of [[even, [1, 0, 1]], [even.map(() => 0xff), [1]], [even.map(() => 0xff), [2]], [
      even.map(() => 0xff),
      [255, 255, 255, 255],
    ]] as const
  ) {
    const key = await importPublicKey("rsa", rsaKey(n, new Uint8Array(e)));
    if (key.ok) assert(!await verifyData(key.value, DATA, new Uint8Array(256).fill(1)));
  }
  // Points of small order: whatever they "verify", it must not bring us down.
  for (const fill of [0, 1, 0x7f, 0x80, 0xee, 0xff]) {
    const key = await importPublicKey("ed25519", new Uint8Array(32).fill(fill));
    if (key.ok) assertEquals(await verifyData(key.value, DATA, new Uint8Array(64).fill(3)), false);
  }
});
