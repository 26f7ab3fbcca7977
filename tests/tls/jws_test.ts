import { createHash, createHmac } from "node:crypto";
import { fromUtf8 } from "../../mod/base/bytes.ts";
import { base64url, EcKey } from "../../mod/tls/ec_key.ts";
import { bindAccount, keyAuthorization, signJws } from "../../mod/tls/jws.ts";
import { assert, assertEquals } from "../support/assert.ts";

const decoded = (text: string) => fromUtf8(Uint8Array.fromBase64(text, { alphabet: "base64url" }));

Deno.test("signJws() names the account, or shows the key; POST-as-GET has no payload at all", async () => {
  const key = await EcKey.generate();
  for (
    const [account, payload] of [["https://ca.test/a/1", { csr: "x" }], [null, {}], [null, null]] as const
  ) {
    const header = { url: "https://ca.test/x", nonce: "n1", account };
    const jws = JSON.parse(fromUtf8(await signJws(key, header, payload)));
    const head = JSON.parse(decoded(jws.protected));
    assertEquals([head.alg, head.nonce, head.url], ["ES256", "n1", "https://ca.test/x"]);
    assertEquals(account === null ? head.jwk.x : head.kid, account ?? key.x);
    assert(!(account === null ? "kid" in head : "jwk" in head));
    assertEquals(
      payload === null ? jws.payload : decoded(jws.payload),
      payload === null ? "" : JSON.stringify(payload),
    );
    assertEquals(Uint8Array.fromBase64(jws.signature, { alphabet: "base64url" }).length, 64);
  }
});

Deno.test("keyAuthorization() joins the token and the thumbprint of RFC 7638", async () => {
  const key = await EcKey.generate();
  const json = `{"crv":"P-256","kty":"EC","x":"${key.x}","y":"${key.y}"}`;
  const print = createHash("sha256").update(json).digest("base64url");
  assertEquals(await keyAuthorization("token", key), `token.${print}`);
});

Deno.test("bindAccount() signs our key with the other account's", async () => {
  const key = await EcKey.generate();
  const secret = new TextEncoder().encode("a secret of some length");
  const at = "https://ca.test/new-account";
  const made = await bindAccount(key, at, { kid: "them", key: base64url(secret) });
  assertEquals(JSON.parse(decoded(made.protected)), { alg: "HS256", kid: "them", url: at });
  assertEquals(JSON.parse(decoded(made.payload)), { crv: "P-256", kty: "EC", x: key.x, y: key.y });
  const mac = createHmac("sha256", secret).update(`${made.protected}.${made.payload}`).digest("base64url");
  assertEquals(made.signature, mac);
});
