import fc from "fast-check";
import { checkScramProof, deriveScramKeys } from "../../mod/sasl/scram_keys.ts";
import { assert, assertEquals } from "../support/assert.ts";

Deno.test("deriveScramKeys() gives the keys of RFC 5802 5 and RFC 7677 3", async () => {
  const one = await deriveScramKeys("pencil", Uint8Array.fromBase64("QSXCR+Q6sek8bf92"), 4096, "SHA-1");
  assertEquals(one.storedKey.toBase64(), "6dlGYMOdZcOPutkcNY8U2g7vK9Y=");
  assertEquals(one.serverKey.toBase64(), "D+CSWLOshSulAsxiupA+qs2/fTE=");
  const salt = Uint8Array.fromBase64("W22ZaJ0SNY7soEsUEjb6gQ==");
  const two = await deriveScramKeys("pencil", salt, 4096, "SHA-256");
  assertEquals(two.storedKey.toBase64(), "WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=");
  assertEquals(two.serverKey.toBase64(), "wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=");
});

Deno.test("deriveScramKeys() prepares passwords, and takes those that cannot be prepared as they are", async () => {
  const salt = new Uint8Array(16);
  const keys = async (p: string) => (await deriveScramKeys(p, salt, 4096, "SHA-256")).storedKey.toHex();
  assertEquals(await keys("u\u0308"), await keys("\u00fc"));
  assert(await keys("a\u0007") !== await keys("a"));
});

Deno.test("checkScramProof() takes no proof but the right one, and none without keys", async () => {
  const keys = await deriveScramKeys("x", new Uint8Array(16), 4096, "SHA-256");
  fc.assert(fc.property(fc.uint8Array({ maxLength: 64 }), fc.string(), (proof, message) => {
    assertEquals(checkScramProof("SHA-256", [keys], message, proof), null);
    assertEquals(checkScramProof("SHA-256", [], message, proof), null);
  }));
});
