import fc from "fast-check";
import { ListPattern } from "../../mod/imap/list_match.ts";
import { assertEquals } from "../support/assert.ts";

Deno.test("ListPattern matches as RFC 3501 6.3.8 has it", () => {
  const rows: readonly (readonly [pattern: string, name: string, matches: boolean])[] = [
    ["*", "INBOX", true],
    ["*", "a/b/c", true],
    ["%", "a", true],
    ["%", "a/b", false],
    ["%/%", "a/b", true],
    ["%/%", "a/b/c", false],
    ["a/%", "a/b", true],
    ["a/%", "a", false],
    ["a%", "ab", true],
    ["a%", "a", true],
    ["a%b", "axxb", true],
    ["a%b", "ax/b", false],
    ["a*b", "ax/b", true],
    ["*%", "a/b", true],
    ["%*", "a/b", true],
    ["%%", "a", true],
    ["%%", "a/b", false],
    ["inbox", "INBOX", true],
    ["InBoX", "INBOX", true],
    ["inbox/Sub", "INBOX/Sub", true],
    ["inbox/sub", "INBOX/Sub", false],
    ["inb%", "INBOX", true],
    ["inboxes", "INBOXES", false],
    ["sent", "Sent", false],
    ["Sent", "Sent", true],
    ["", "a", false],
    ["", "", true],
    ["Entwürfe", "Entwürfe", true],
    ["*ü*", "Entwürfe", true],
    [".*", "ab", false],
    ["a/b/*", "a/b", false],
  ];
  for (const [pattern, name, matches] of rows) {
    assertEquals(new ListPattern(pattern, "/").matches(name), matches, `${pattern} on ${name}`);
  }
});

Deno.test("ListPattern agrees with a regular expression on short patterns", () => {
  const text = fc.string({ unit: fc.constantFrom("a", "b", "/", "*", "%"), maxLength: 8 });
  fc.assert(
    fc.property(text, text, (pattern, raw) => {
      const name = raw.replace(/[*%]/g, "c");
      const source = pattern.replace(/[*%/]/g, (c) => c === "*" ? ".*" : c === "%" ? "[^/]*" : "\\/");
      assertEquals(new ListPattern(pattern, "/").matches(name), new RegExp(`^${source}$`).test(name));
    }),
    { numRuns: 2000 },
  );
});

Deno.test("ListPattern is not slowed down by a hostile pattern", () => {
  const pattern = new ListPattern("*a".repeat(250) + "*b", "/");
  assertEquals(pattern.matches("a".repeat(255)), false);
  assertEquals(new ListPattern("*a".repeat(30_000), "/").matches("a".repeat(255)), false);
});
