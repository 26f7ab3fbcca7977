import { dkimPublicKey } from "../../mod/auth/dkim/key_files.ts";
import { makeDkimKey } from "../../mod/sys/keys.ts";
import { assertEquals } from "../support/assert.ts";

Deno.test("makeDkimKey() makes keys of both kinds", async () => {
  for (const algorithm of ["rsa", "ed25519"] as const) {
    assertEquals(dkimPublicKey(await makeDkimKey(algorithm)).algorithm, algorithm);
  }
});
