import { parseSignature } from "../../../mod/auth/dkim/signature.ts";
import { utf8 } from "../../../mod/base/bytes.ts";
import { assert, assertEquals } from "../../support/assert.ts";

// What each tag does to the result is in verify_test.ts.

Deno.test("parseSignature() reads a folded signature", () => {
  const value =
    " v=1; a=rsa-sha256; c=relaxed; d=Example.ORG;\r\n\ts=S1; i=joe@sub.example.org; l=12; t=1;\r\n" +
    " h=From : To:\r\n\tSubject; bh=47DEQpj8HBSa+/TImW+5JCeuQeRk\r\n m5NMpJWZG3hSuFU=; b=YW\r\n Jj\r\n";
  const parsed = parseSignature(utf8(value), 0);
  assert(parsed.ok);
  assertEquals(parsed.claims, {
    domain: "example.org",
    selector: "s1",
    identity: "joe@sub.example.org",
    algorithm: "rsa-sha256",
    signature: "YWJj",
  });
  const { signature, bodyHash, ...rest } = parsed.value;
  assertEquals([signature.length, bodyHash.length], [3, 32]);
  assertEquals(rest, {
    keyType: "rsa",
    headerCanon: "relaxed",
    body: { canon: "simple", length: 12 },
    names: ["from", "to", "subject"],
    exactIdentity: false,
  });
});

Deno.test("parseSignature() tells what can be read of a signature that cannot be used", () => {
  const parsed = parseSignature(utf8("v=1; a=rsa-sha1; d=example.org; s=a; h=from; bh=x; b=y z"), 0);
  assert(!parsed.ok);
  assertEquals(parsed.fault, { result: "permerror", why: "rsa-sha1 is not believed any more" });
  assertEquals(parsed.claims, {
    domain: "example.org",
    selector: "a",
    identity: "@example.org",
    algorithm: "rsa-sha1",
    signature: "yz",
  });
  const junk = parseSignature(utf8("v=1; a=\u00e9; d=a..b; s=[x]; i=@q"), 0);
  assertEquals(junk.claims, { domain: "", selector: "", identity: "@q", algorithm: "", signature: "" });
});
