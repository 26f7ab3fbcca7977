import fc from "fast-check";
import { assert, assertEquals } from "../support/assert.ts";
import { parseAddressList, tidy } from "../../mod/mail/address_list.ts";
import { ENVELOPE_ADDRESSES } from "../../mod/base/limits.ts";
import { fromUtf8, utf8 } from "../../mod/base/bytes.ts";

function read(text: string): (string | null)[][] {
  return parseAddressList(utf8(text)).map((a) =>
    [a.name, a.route, a.mailbox, a.host].map((b) => b && fromUtf8(b))
  );
}

Deno.test("parseAddressList() reads names, groups and routes (Dovecot's answers are compared in envelope_test)", () => {
  assertEquals(read('"Smith, Joe" <joe@example.org>, G: a@b;, <@r:c@d>'), [
    ["Smith, Joe", null, "joe", "example.org"],
    [null, null, "G", null],
    [null, null, "a", "b"],
    [null, null, null, null],
    [null, "@r", "c", "d"],
  ]);
});

Deno.test("parseAddressList() reads folded UTF-8", () => {
  assertEquals(read("Jörg\r\n Müller\r\n\t<jörg@bücher.example>"), [[
    "Jörg Müller",
    null,
    "jörg",
    "bücher.example",
  ]]);
});

Deno.test("parseAddressList() stops at its cap", () => {
  const n = parseAddressList(utf8("a@b,".repeat(ENVELOPE_ADDRESSES + 100))).length;
  assertEquals(n, ENVELOPE_ADDRESSES);
});

Deno.test("parseAddressList() takes no time that grows faster than its input", () => {
  for (const t of ["(", "((", '"', "\\", "a.", "<", "@a,", "a:", "a ", "<@", "()", ",", ";"]) {
    parseAddressList(utf8(t.repeat(200_000 / t.length)));
  }
});

Deno.test("parseAddressList() survives anything", () => {
  const text = fc.string({ unit: fc.constantFrom(...'a.@,:;<>()[]\\" \r\nü=?'), maxLength: 60 });
  fc.assert(
    fc.property(text, (t) => {
      for (const a of parseAddressList(utf8(t))) {
        assert(a.host === null || (a.host.length > 0 && a.mailbox && a.mailbox.length > 0));
      }
    }),
    { numRuns: 500 },
  );
});

Deno.test("tidy() leaves one space of any white space, none at the ends", () => {
  for (
    const [text, expected] of [["  a \t\r\n b  ", "a b"], ["a", "a"], ["   ", ""], ["", ""], ["a\tb", "a b"]]
  ) {
    assertEquals(fromUtf8(tidy(utf8(text as string))), expected as string);
  }
});
