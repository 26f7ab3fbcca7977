import {
  IMPORT_SCHEMES,
  importFault,
  isImported,
  parseScheme,
  verifyImported,
} from "../../mod/account/imported_hash.ts";
import { assert, assertEquals } from "../support/assert.ts";

const pause = () => Promise.resolve();
const SECRET = "geheim ü";
/** Made by `doveadm pw -s SCHEME -p "geheim ü"` of Dovecot 2.3. */
const DOVECOT = `
{SSHA512}FbNFcERg6J+hF1NHXow1ubFEPfN2m4BpEiU4Z5QLgkhwlkUuMWibYfwn400lRELcGtM0z6u9eMLLVId0G2P/JkH3qYU=
{SSHA256}yubzlNSwTkJ3zwTtf03pch6hzMwivFXi8Ax0Xtn2BVeOX1QJ
{SSHA}Y2dIFVuj2Jn6wdVUwK6I21EmpJOOnIRY
{SMD5}NP4HiyMN6D7x8iAHBqATVRCZg2k=
{SHA512}QjuXKu/AeW6lMCFBttdSA5YNpCo6bY6vN6V/fIWvt/cHO7uU9pE4JXRndkLP7ExaHKC+X/FUzzryBBJeXUVFPw==
{SHA256}D+xYoy7mzMSmJEBVwFk0b1VoGr9dnnVD+s7aJarEexo=
{SHA1}WhMGAVGaXSnTlPgiWNMimc0onNs=
{PLAIN-MD5}186a9cbe0fb8d2426be9ae00adcb0ef5
{LDAP-MD5}GGqcvg+40kJr6a4ArcsO9Q==
{PBKDF2}$1$1Ub7KuL/EDkj.kwm$5000$e06b10958bae92bf2c2e4caf44398fa40749b9a5
{SHA512-CRYPT}$6$EHlQqmcfdVJ61Lqv$EDQ1Qk5poJ7SxtFG2I0thXdrDflk8XohoyAXQAMID8HmjjLlosRjpj5yQjKsVyEnpocUEyk/7VX0buPKf.Vra.
{SHA256-CRYPT}$5$n0lzZ1TRN3NK/Pt6$gWuJZvHnZXcHAbpeaOBWe1U3GvxD38GJkFxa2NPJDx.
{BLF-CRYPT}$2y$05$NeN0bOSp.WMi0Inp4k0ij.5JWx4Ar91kujrVjCj3mzGp8W./m40Cu
{MD5-CRYPT}$1$pgqbz0EQ$5GxgSrcKP9xCGfJ/wWC37/
{SHA256.HEX}0fec58a32ee6ccc4a6244055c059346f55681abf5d9e7543faceda25aac47b1a
{SSHA.HEX}b3ff5a64d60650f2c24ce4d11bc7be8a3becbb3fb8269e59
{CRYPT}$2y$05$N1/mLtDcCnsCuF7GWDICyOYajY.0Ws9d5dbhX.1hj5iZ7WuUPW6QO
{sha512-crypt}$6$EHlQqmcfdVJ61Lqv$EDQ1Qk5poJ7SxtFG2I0thXdrDflk8XohoyAXQAMID8HmjjLlosRjpj5yQjKsVyEnpocUEyk/7VX0buPKf.Vra.
`.trim().split("\n");

Deno.test("verifyImported() agrees with Dovecot on every scheme", async () => {
  for (const stored of DOVECOT) {
    const parsed = parseScheme(stored);
    assert(parsed && IMPORT_SCHEMES.includes(parsed.scheme), stored);
    assertEquals(importFault(parsed), null, stored);
    assert(isImported(stored));
    assert(await verifyImported(SECRET, stored, pause), stored);
    for (const wrong of ["geheim u", "geheim ü ", ""]) {
      assert(!await verifyImported(wrong, stored, pause), `${stored} ${wrong}`);
    }
  }
});

Deno.test("verifyImported() refuses what is broken, unknown or too costly", async () => {
  const bad = [
    "",
    "{}",
    "{SSHA}",
    "{SSHA}!!!",
    "{SSHA512}YWJj",
    "{SHA1.hex}zz",
    "{ROT13}geheim",
    "{PLAIN}geheim ü",
    "{CRYPT}ab01FAX.bQRSU",
    "{BLF-CRYPT}$2y$31$NeN0bOSp.WMi0Inp4k0ij.5JWx4Ar91kujrVjCj3mzGp8W./m40Cu",
    "{SHA512-CRYPT}$6$rounds=999999999$EHlQqmcfdVJ61Lqv$EDQ1Qk5p",
    "{PBKDF2}$1$salt$9999999$e06b10958bae92bf2c2e4caf44398fa40749b9a5",
    "{PBKDF2}$1$salt$0$e06b10958bae92bf2c2e4caf44398fa40749b9a5",
    "plain text",
  ];
  for (const stored of bad) assertEquals(await verifyImported(SECRET, stored, pause), false, stored);
});

Deno.test("parseScheme() and importFault() tell what a line holds", () => {
  assertEquals(parseScheme("{plain}a}b"), { scheme: "PLAIN", encoding: null, value: "a}b" });
  assertEquals(parseScheme("{SHA.base64}x"), { scheme: "SHA", encoding: "b64", value: "x" });
  assertEquals(parseScheme("$6$a$b")?.scheme, "CRYPT");
  assertEquals(parseScheme("secret"), null);
  const fault = (text: string) =>
    importFault(parseScheme(text) ?? { scheme: "?", encoding: null, value: "" });
  assert(fault("{ARGON2ID}$argon2id$v=19$x")?.includes("scheme ARGON2ID is not known"));
  assert(fault("{CRYPT}ab01FAX.bQRSU")?.includes("DES"));
  assert(fault("{SSHA}YWJj")?.includes("too short"));
  assert(fault("{PBKDF2}x")?.includes("PBKDF2"));
});
