import { createPublicKey } from "node:crypto";
import { utf8 } from "../../mod/base/bytes.ts";
import { base64url, EcKey } from "../../mod/tls/ec_key.ts";
import { assert, assertEquals } from "../support/assert.ts";

Deno.test("EcKey survives its PEM, and its parts are those that node reads from it", async () => {
  const key = await EcKey.generate();
  const again = await EcKey.fromPem(`# a comment\n${key.pem}`);
  assert(again);
  assertEquals([again.pem, again.x, again.y], [key.pem, key.x, key.y]);
  const theirs = createPublicKey(key.pem);
  assertEquals(new Uint8Array(theirs.export({ type: "spki", format: "der" })), key.spki);
  const verifier = await crypto.subtle.importKey(
    "spki",
    new Uint8Array(again.spki),
    { name: "ECDSA", namedCurve: "P-256" },
    false,
    ["verify"],
  );
  const signature = await again.sign(utf8("text"));
  assertEquals(signature.length, 64);
  const good = { name: "ECDSA", hash: "SHA-256" };
  assert(await crypto.subtle.verify(good, verifier, new Uint8Array(signature), new Uint8Array(utf8("text"))));
});

Deno.test("EcKey.fromPem() gives null for what is no such key", async () => {
  const rsa = await crypto.subtle.generateKey(
    {
      name: "RSASSA-PKCS1-v1_5",
      modulusLength: 1024,
      publicExponent: new Uint8Array([1, 0, 1]),
      hash: "SHA-256",
    },
    true,
    ["sign", "verify"],
  );
  const der = new Uint8Array(await crypto.subtle.exportKey("pkcs8", rsa.privateKey)).toBase64();
  const wrap = (text: string) => `-----BEGIN PRIVATE KEY-----\n${text}\n-----END PRIVATE KEY-----\n`;
  for (const pem of ["", "x", wrap("AAAA"), wrap("A"), wrap("!"), wrap(der)]) {
    assertEquals(await EcKey.fromPem(pem), null, pem.slice(0, 60));
  }
});

Deno.test("base64url() has no padding and the letters of URLs", () => {
  assertEquals(base64url(new Uint8Array([0xfb, 0xff, 0xfe, 0xff])), "-__-_w");
});
