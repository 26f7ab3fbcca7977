import { type KeyRecord, parseKeyRecord } from "../../../mod/auth/dkim/key_record.ts";
import { utf8 } from "../../../mod/base/bytes.ts";
import { assert, assertEquals } from "../../support/assert.ts";
import fc from "fast-check";

const PLAIN: KeyRecord = {
  type: "rsa",
  key: utf8("abc"),
  hashes: null,
  forMail: true,
  testing: false,
  exact: false,
};

Deno.test("parseKeyRecord() reads every tag of RFC 6376 3.6.1", () => {
  const table: readonly (readonly [string, Partial<KeyRecord> | string])[] = [
    ["p=YWJj", {}],
    ["v=DKIM1; p=YWJj", {}],
    ["v=DKIM1; k=rsa; p=YWJj;", {}],
    ["v=DKIM1; k=RSA; p=YW Jj;", {}],
    ["v=DKIM1;k=ed25519;p=YWJj", { type: "ed25519" }],
    ["v=DKIM1; p=", { key: null }],
    ["v=DKIM1; p= ;", { key: null }],
    ["p=YWJj; h=sha256", { hashes: ["sha256"] }],
    ["p=YWJj; h=sha1 : SHA256", { hashes: ["sha1", "sha256"] }],
    ["p=YWJj; h=", { hashes: [""] }],
    ["p=YWJj; s=email", {}],
    ["p=YWJj; s=*", {}],
    ["p=YWJj; s=tlsrpt:email", {}],
    ["p=YWJj; s=tlsrpt", { forMail: false }],
    ["p=YWJj; t=y", { testing: true }],
    ["p=YWJj; t=s", { exact: true }],
    ["p=YWJj; t= y : s : z", { testing: true, exact: true }],
    ["p=YWJj; n=a note=20here; g=*; x_y=z", {}],
    ["v=DKIM2; p=YWJj", "it does not begin with v=DKIM1"],
    ["v=dkim1; p=YWJj", "it does not begin with v=DKIM1"],
    ["p=YWJj; v=DKIM1", "it does not begin with v=DKIM1"],
    ["v=spf1 -all", "it does not begin with v=DKIM1"],
    ["k=rsa", "it has no p="],
    ["p=YW.Jj", "its p= is no base64"],
    ["p=YWJj; k=dsa", "its k= names an unknown kind of key"],
    ["p=YWJj; p=YWJj", "it has p= twice"],
    ["hello", "it has something that is no tag"],
    ["", "it has empty tag"],
    ["p=YWJj\0", "it has control character"],
  ];
  for (const [text, expected] of table) {
    const parsed = parseKeyRecord(utf8(text));
    if (typeof expected === "string") assertEquals(parsed.ok || parsed.error, expected, text);
    else {
      assert(parsed.ok, text);
      const { key, ...rest } = parsed.value;
      assertEquals(
        { ...rest, key: key && utf8(new TextDecoder().decode(key)) },
        { ...PLAIN, ...expected },
        text,
      );
    }
  }
});

Deno.test("parseKeyRecord() takes any octets", () => {
  const tag = fc.constantFrom(
    "v=DKIM1",
    "k=rsa",
    "p=YQ==",
    "t=y:s",
    "h=:",
    "s=",
    ";",
    ";;",
    " ",
    "\0",
    "\xff",
    "n=",
  );
  fc.assert(
    fc.property(fc.array(tag, { maxLength: 12 }), (parts) => void parseKeyRecord(utf8(parts.join(";")))),
  );
  fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => void parseKeyRecord(bytes)));
});
