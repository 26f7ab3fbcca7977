import fc from "fast-check";
import { fromUtf8, utf8 } from "../../../mod/base/bytes.ts";
import { speaksFor, withoutForgedResults } from "../../../mod/auth/authres/forged.ts";
import { assert, assertEquals } from "../../support/assert.ts";

const OURS = [
  " mx.example.org; dkim=pass",
  " MX.Example.ORG; dkim=pass",
  " mx.example.org.; dkim=pass",
  " mx.example.org 1; dkim=pass",
  " mx.example.org 99; dkim=pass",
  " (a (b) c) mx.example.org (d) 1 (e); dkim=pass",
  '\r\n\t"mx.example.org"; dkim=pass',
  "\r\n mx.example.org;\r\n dkim=pass",
  " mx.example.org",
  // Broken, but some reader might not mind.
  " mx.example.org dkim=pass",
  " mx.example.org; dkim",
  " mx.example.org, dkim=pass",
  " ; mx.example.org; dkim=pass",
  ' "mx.example.org; dkim=pass',
  " mx.(x)example.org; dkim=pass",
  " mx.example\0.org; dkim=pass",
  " mx.exa\\mple.org; dkim=pass",
  " mx.example.org\\-; dkim=pass",
  " mx.example.org\x01x; dkim=pass",
  " (never ends mx.example.org; dkim=pass",
  " =mx.example.org; dkim=pass",
];

const OTHERS = [
  " example.org; dkim=pass",
  " other.mx.example.org; dkim=pass",
  " mx.example.org.evil.example; dkim=pass",
  " mx.example.orgs; dkim=pass",
  " google.com; spf=pass (google.com: mx.example.org is fine) smtp.helo=mx.example.org",
  " x y z, other.mx.example.org",
  " broken, mx.example.org.example",
  "",
];

Deno.test("speaksFor() finds every way to write our name, and leaves others' alone", () => {
  for (const value of OURS) assert(speaksFor(utf8(value), "mx.example.org"), value);
  for (const value of OTHERS) assert(!speaksFor(utf8(value), "mx.example.org"), value);
  assert(speaksFor(utf8(" bücher.example; spf=pass"), "xn--bcher-kva.example"));
});

Deno.test("withoutForgedResults() takes out fields whole, and nothing else", () => {
  const kept =
    "Received: x\r\nAuthentication-Results: far.example; spf=pass\r\nSubject: Authentication-Results: mx.example.org\r\n";
  const header =
    `AUTHENTICATION-RESULTS : mx.example.org;\r\n\tdkim=pass\r\n${kept}authentication-results:mx.example.org;none\r\n\r\n`;
  assertEquals(fromUtf8(withoutForgedResults(utf8(header), "mx.example.org")), `${kept}\r\n`);
  const clean = utf8(`${kept}\r\n`);
  assert(withoutForgedResults(clean, "mx.example.org") === clean);
  assertEquals(
    withoutForgedResults(utf8("Authentication-Results: mx.example.org"), "mx.example.org").length,
    0,
  );
});

Deno.test("withoutForgedResults() leaves no field whose first word is our name, whatever stands around it", () => {
  const space = fc.constantFrom("", " ", "\t", "\r\n ", "(c)", "(a(b)c) ", " (\\)) ");
  const after = fc.constantFrom(";", " ;", " 1;", " 2 ;", "\r\n\t;", "", " x", "(", '"', ",");
  const name = fc.constantFrom(
    "mx.example.org",
    "MX.EXAMPLE.ORG",
    "mx.example.org.",
    '"mx.example.org"',
    '"mx.\\example.org"',
  );
  fc.assert(
    fc.property(space, name, after, fc.string(), (a, n, b, rest) => {
      const tail = rest.replace(/[\r\n]/g, " ");
      const header = utf8(`Authentication-Results:${a}${n}${b}${tail}\r\nX: y\r\n\r\n`);
      // Letters right behind the name make another name of it.
      if (b === "" && /^[!#$%&'*+\-.0-9A-Z^_`a-z{|}~]|^[^\0-\x7f]/.test(tail)) return;
      assertEquals(fromUtf8(withoutForgedResults(header, "mx.example.org")), "X: y\r\n\r\n");
    }),
  );
  fc.assert(fc.property(fc.uint8Array(), (bytes) => void withoutForgedResults(bytes, "mx.example.org")));
});
