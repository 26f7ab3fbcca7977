import { Buffer } from "node:buffer";
import { hashScrypt, isCurrentScrypt, verifyScrypt } from "../../mod/account/scrypt.ts";
import { assert, assertEquals, assertMatch } from "../support/assert.ts";

Deno.test("hashScrypt() makes what verifyScrypt() knows again", async () => {
  const stored = await hashScrypt("Grüße", new Uint8Array(16).fill(7));
  assertMatch(stored, /^\$scrypt\$ln=15,r=8,p=3\$BwcHBwcHBwcHBwcHBwcHBw\$[A-Za-z0-9+/]{43}$/);
  assert(isCurrentScrypt(stored));
  assert(await verifyScrypt("Grüße", stored));
  // The same word typed as base letter and combining mark (NFD), as Macs may send it.
  assert(await verifyScrypt("Grüße".normalize("NFD"), stored));
  assert(!await verifyScrypt("Grusse", stored));
});

Deno.test("verifyScrypt() computes RFC 7914 section 12's vector with its own cost", async () => {
  const hash = Buffer.from(
    "7023bdcb3afd7348461c06cd81fd38ebfda8fbba904f8e3ea9b543f6545da1f2" +
      "d5432955613f0fcf62d49705242a9af9e61e85dc0d651e40dfcf017b45575887",
    "hex",
  ).toString("base64").replace(/=+$/, "");
  const salt = Buffer.from("SodiumChloride").toString("base64").replace(/=+$/, "");
  const stored = `$scrypt$ln=14,r=8,p=1$${salt}$${hash}`;
  assert(await verifyScrypt("pleaseletmein", stored));
  assertEquals(isCurrentScrypt(stored), false);
});

Deno.test("verifyScrypt() refuses broken strings and those that ask for too much memory", async () => {
  const tail = "$c2FsdHNhbHQ$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
  for (
    const head of [
      "",
      "$scrypt$",
      "$scrypt$ln=0,r=8,p=1",
      "$scrypt$ln=20,r=8,p=1",
      "$scrypt$ln=14,r=99,p=1",
      "$scrypt$ln=14,r=8,p=0",
    ]
  ) {
    assertEquals(await verifyScrypt("x", head + tail), false, head);
  }
  assertEquals(await verifyScrypt("", "$scrypt$ln=4,r=1,p=1$c2FsdA$AAAA"), false);
});
