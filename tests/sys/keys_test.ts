import { generateKeyPairSync } from "node:crypto";
import { dkimPublicKey, makeDkimKey } from "../../mod/sys/keys.ts";
import { assertEquals, assertThrows } from "../support/assert.ts";

Deno.test("makeDkimKey() makes keys whose public half dkimPublicKey() gives", async () => {
  for (const algorithm of ["rsa", "ed25519"] as const) {
    assertEquals(dkimPublicKey(await makeDkimKey(algorithm)).algorithm, algorithm);
  }
});

Deno.test("dkimPublicKey() knows RFC 8463 A.2's key", () => {
  const pem =
    "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n-----END PRIVATE KEY-----\n";
  assertEquals(dkimPublicKey(pem), {
    algorithm: "ed25519",
    p: "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=",
  });
});

Deno.test("dkimPublicKey() refuses other keys and what is none", () => {
  const { privateKey } = generateKeyPairSync("x25519");
  const pem = privateKey.export({ type: "pkcs8", format: "pem" }).toString();
  assertThrows(() => dkimPublicKey(pem), "x25519");
  assertThrows(() => dkimPublicKey("nonsense"));
});
