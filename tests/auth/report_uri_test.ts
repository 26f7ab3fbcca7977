import fc from "fast-check";
import { formatReportUris, parseReportUris } from "../../mod/auth/report_uri.ts";
import { REPORT_TARGETS } from "../../mod/base/limits.ts";
import { assert, assertEquals } from "../support/assert.ts";

/** "mail ADDRESS MOST" or "https URL" of each. */
function read(text: string): string[] {
  return parseReportUris(text).map((u) =>
    u.kind === "https" ? `https ${u.url}` : `mail ${u.address.local}@${u.address.domain} ${u.most}`
  );
}

Deno.test("parseReportUris() takes what it knows and passes over the rest", () => {
  const cases: readonly (readonly [string, readonly string[]])[] = [
    ["mailto:tls@example.com", ["mail tls@example.com null"]],
    ["mailto:a@example.com!10m", ["mail a@example.com 10485760"]],
    ["mailto:a@example.com!5k,mailto:b@example.com!50", ["mail a@example.com 5120", "mail b@example.com 50"]],
    [" MAILTO:a@Example.COM , https://r.example/v1/x?y=1", [
      "mail a@example.com null",
      "https https://r.example/v1/x?y=1",
    ]],
    ["mailto:a%2Cb@example.com", []],
    ["mailto:a%21b@example.com", ["mail a!b@example.com null"]],
    ["mailto:a@example.com?subject=x", ["mail a@example.com null"]],
    ["mailto:a@example.com,mailto:a@example.com!10m", ["mail a@example.com null"]],
    ["mailto:a@example.com!10x,mailto:", []],
    ["mailto:%ff@example.com,mailto:a@[192.0.2.1],mailto:postmaster,a@example.com", []],
    ["http://r.example/,ftp://r.example/,https://u:p@r.example/,https://r.example/#x", []],
    ["https://192.0.2.1/,https://[::1]/,https://localhost/,https://0x7f000001/,https:///x", []],
    ["mailto:a@example.com%0d%0aBcc:x@example.org", []],
    [",,,", []],
    ["", []],
  ];
  for (const [text, wanted] of cases) assertEquals(read(text), wanted, text);
});

Deno.test("parseReportUris() stops at so many", () => {
  const many = Array.from({ length: 10_000 }, (_, i) => `mailto:a${i}@example.com`).join(",");
  assertEquals(parseReportUris(many).length, REPORT_TARGETS);
  assertEquals(parseReportUris("x,".repeat(1_000_000)), []);
});

Deno.test("formatReportUris() writes what parseReportUris() reads", () => {
  fc.assert(fc.property(fc.string({ maxLength: 200 }), (text) => {
    const uris = parseReportUris(`mailto:${encodeURIComponent(text)}@example.com!7,${text}`);
    assertEquals(parseReportUris(formatReportUris(uris)), uris);
  }));
  const all = parseReportUris("mailto:a%21b%3fc%23d@example.com!3,https://r.example/a%2Cb");
  assertEquals(all.length, 2);
  assertEquals(parseReportUris(formatReportUris(all)), all);
  assert(!/[;]/.test(formatReportUris(all)));
});
