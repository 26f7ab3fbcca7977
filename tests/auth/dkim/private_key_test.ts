import { generateKeyPairSync } from "node:crypto";
import { algorithmOf, importPrivateKey, signData } from "../../../mod/auth/dkim/private_key.ts";
import { importPublicKey, verifyData } from "../../../mod/auth/dkim/public_key.ts";
import { assert, assertEquals, assertRejects } from "../../support/assert.ts";

Deno.test("signData() makes what verifyData() takes, with keys of both kinds", async () => {
  const data = new Uint8Array([1, 2, 3]);
  for (const type of ["rsa", "ed25519"] as const) {
    const pair = type === "rsa"
      ? generateKeyPairSync("rsa", { modulusLength: 1024 })
      : generateKeyPairSync("ed25519");
    const key = await importPrivateKey(String(pair.privateKey.export({ type: "pkcs8", format: "pem" })));
    assertEquals(algorithmOf(key), `${type}-sha256`);
    const known = await importPublicKey(
      type,
      new Uint8Array(pair.publicKey.export({ type: "spki", format: "der" })),
    );
    assert(known.ok);
    const signature = new Uint8Array(await signData(key, data));
    assert(await verifyData(known.value, data, signature));
    assert(!await verifyData(known.value, new Uint8Array([1, 2, 3, 4]), signature));
  }
});

Deno.test("importPrivateKey() refuses what is no key for mail", async () => {
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const pem = String(privateKey.export({ type: "pkcs8", format: "pem" }));
  await assertRejects(() => importPrivateKey(pem), 'key of type "ec"');
  await assertRejects(() => importPrivateKey("hello"));
});
