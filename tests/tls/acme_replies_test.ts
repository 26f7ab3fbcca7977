import fc from "fast-check";
import { utf8 } from "../../mod/base/bytes.ts";
import { ACME_TEXT, ACME_WAIT_MOST } from "../../mod/base/limits.ts";
import {
  authorizationUrls,
  Ended,
  namesIn,
  objects,
  parseReply,
  problemText,
  retryAfter,
  url,
} from "../../mod/tls/acme_replies.ts";
import { assert, assertEquals, assertThrows } from "../support/assert.ts";

const NOW = Date.UTC(2027, 0, 1);
const after = (value: string) =>
  retryAfter({ status: 429, header: () => value, body: new Uint8Array() }, NOW);

Deno.test("retryAfter() is never negative, nor longer than a week", () => {
  const cases: readonly (readonly [string, number | null])[] = [
    ["0", 0],
    ["60", 60_000],
    ["-60", null],
    ["1e9", null],
    ["999999999", ACME_WAIT_MOST],
    ["99999999999999999999", null],
    ["Fri, 01 Jan 2027 00:01:00 GMT", 60_000],
    ["Fri, 01 Jan 1999 00:01:00 GMT", 0],
    ["Fri, 01 Jan 9999 00:01:00 GMT", ACME_WAIT_MOST],
    ["Fri, nonsense", null],
    ["", null],
  ];
  for (const [value, wait] of cases) assertEquals(after(value), wait, value);
  fc.assert(fc.property(fc.string(), (value) => {
    const wait = after(value);
    assert(wait === null || (wait >= 0 && wait <= ACME_WAIT_MOST));
  }));
});

Deno.test("parseReply() gives an object or ends the exchange", () => {
  for (
    const [body, keys] of [["{}", 0], ['{"a":1}', 1], ["[1]", 0], ["null", 0], ['"x"', 0], ["7", 0]] as const
  ) {
    assertEquals(Object.keys(parseReply(utf8(body))).length, keys, body);
  }
  for (const body of ["", "{", "<html>", "[".repeat(60_000), '{"a":'.repeat(9000), "\xff"]) {
    assertThrows(() => parseReply(utf8(body)), "broken JSON");
  }
  assertEquals(objects([null, { a: 1 }, 7, []], 3), [{}, { a: 1 }, {}]);
  assertEquals(objects({ length: 3 }, 3), []);
});

Deno.test("url() and authorizationUrls() take https: alone, and no more than there are names", () => {
  assertEquals(url("https://a.test/x", "it"), "https://a.test/x");
  for (
    const bad of [
      null,
      7,
      "",
      "http://a.test/",
      "file:///etc/passwd",
      "//a.test",
      "https://",
      `https://a.test/${"x".repeat(2000)}`,
    ]
  ) {
    assertThrows(() => url(bad, "it"), "no https: URL for it");
  }
  assertEquals(authorizationUrls(["https://a.test/1"], 1).length, 1);
  for (const bad of [[], null, "https://a.test/1", ["https://a.test/1", "https://a.test/2"], [7]]) {
    assertThrows(() => authorizationUrls(bad, 1));
  }
});

Deno.test("problemText() and namesIn() are short texts of one line, whatever is said", () => {
  assertEquals(
    problemText({ type: "urn:ietf:params:acme:error:dns", detail: "a\r\nb\x1b[31m" }),
    "dns, a b [31m",
  );
  assertEquals(problemText({ type: 7, detail: {} }), "no reason given");
  assert(problemText({ detail: "x".repeat(1e6) }).length <= ACME_TEXT);
  const subproblems = [{ identifier: { value: "a.test" } }, null, { identifier: "b" }, {
    identifier: { value: 7 },
  }];
  assertEquals(namesIn({ subproblems }), ["a.test"]);
  assertEquals(namesIn({ subproblems: Array(1e5).fill(subproblems[0]) }).length, 100);
});

Deno.test("Ended says what was not said otherwise", () => {
  assertEquals(new Ended({ why: "x" }).fault, { why: "x", wait: null, names: [], noAccount: false });
});
