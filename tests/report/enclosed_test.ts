import { encodeBase64 } from "../../mod/sasl/base64.ts";
import { utf8 } from "../../mod/base/bytes.ts";
import { REPORT_JSON, REPORT_XML } from "../../mod/base/limits.ts";
import { findEnclosed, mayEnclose } from "../../mod/report/enclosed.ts";
import { gzip } from "../../mod/report/gzip.ts";
import { assertEquals } from "../support/assert.ts";
import { zip } from "../support/zip.ts";

const XML = utf8('<?xml version="1.0"?>\n<feedback xmlns="x"></feedback>\n');
const JSON_TEXT = utf8(' {"report-id": "x"}');

/** A message with a text and one attachment of that type. */
function mail(type: string, octets: Uint8Array, more = ""): Uint8Array {
  return utf8([
    "From: reports@far.example",
    "Subject: Report Domain: example.test Submitter: far.example",
    'Content-Type: multipart/mixed; boundary="b"',
    "",
    "--b",
    "Content-Type: text/plain",
    "",
    "{ this is no report }",
    ...(more === "" ? [] : ["--b", more]),
    "--b",
    `Content-Type: ${type}`,
    "Content-Transfer-Encoding: base64",
    "",
    encodeBase64(octets).replace(/.{76}/g, "$&\r\n"),
    "--b--",
    "",
  ].join("\r\n"));
}

Deno.test("findEnclosed() finds reports by what they are, whatever they are called", async () => {
  const cases: readonly (readonly [string, Uint8Array, "tls" | "dmarc" | null])[] = [
    ["application/gzip", await gzip(XML), "dmarc"],
    ["application/octet-stream", await gzip(XML), "dmarc"],
    ["application/zip", await zip([{ name: "a.xml", octets: XML }]), "dmarc"],
    ["application/gzip", await zip([{ name: "a.xml", octets: XML }]), "dmarc"],
    ["text/xml", XML, "dmarc"],
    ["application/xml", utf8(`\ufeff<feedback></feedback>`), "dmarc"],
    ["application/tlsrpt+gzip", await gzip(JSON_TEXT), "tls"],
    ["application/tlsrpt+json", JSON_TEXT, "tls"],
    ["text/html", XML, null],
    ["text/plain", JSON_TEXT, null],
    ["image/png", utf8("<html>"), null],
    ["application/gzip", utf8("\u001f\u008b no"), null],
    ["application/gzip", await gzip(new Uint8Array(REPORT_XML + 1)), null],
    ["application/gzip", await gzip(utf8(`{${" ".repeat(REPORT_JSON)}}`)), null],
    ["application/zip", utf8("PK\u0003\u0004"), null],
  ];
  for (const [type, octets, kind] of cases) {
    const found = await findEnclosed(mail(type, octets));
    assertEquals(found?.kind ?? null, kind, `${type} ${octets.length}`);
  }
  const only = utf8(`Content-Type: application/tlsrpt+json\r\n\r\n{"a": 1}\r\n`);
  assertEquals((await findEnclosed(only))?.kind, "tls");
  const many = "Content-Type: image/png\r\n\r\nx\r\n--b\r\n".repeat(100) + "Content-Type: image/png\r\n\r\nx";
  assertEquals(await findEnclosed(mail("application/gzip", await gzip(XML), many)), null);
});

Deno.test("mayEnclose() knows the signs in a header, in any cut, and in no body", () => {
  const cases: readonly (readonly [string, boolean])[] = [
    ["Subject: Report Domain: example.test Submitter: x", true],
    ["subject:\r\n Report  Domain: example.test", true],
    ["Subject: Re: Report Domain: example.test", false],
    ["TLS-Report-Domain: example.test", true],
    ['Content-Type: multipart/report;\r\n\tboundary=x; report-type="tlsrpt"', true],
    ["Content-Type: multipart/report; report-type=delivery-status", false],
    ["Content-Type: application/gzip; name=x", true],
    ["Content-Type: application/x-zip-compressed", true],
    ["Content-Type: text/plain", false],
    ["X: 1\r\n\r\nSubject: Report Domain: x", false],
    [`X: ${"x".repeat(9000)}\r\nSubject: Report Domain: x`, false],
  ];
  for (const [head, wanted] of cases) {
    const octets = utf8(`From: a@b.example\r\n${head}\r\nTo: x\r\n\r\nSubject: Report Domain: x\r\n`);
    for (const size of [1, 7, 100, octets.length]) {
      const chunks: Uint8Array[] = [];
      for (let at = 0; at < octets.length; at += size) chunks.push(octets.subarray(at, at + size));
      assertEquals(mayEnclose(chunks), wanted, head.slice(0, 60));
    }
  }
});
