import fc from "fast-check";
import { decodeMailboxName, decodeUtf8Name, encodeMailboxName } from "../../mod/imap/mailbox_name.ts";
import { assertEquals } from "../support/assert.ts";

Deno.test("decodeMailboxName() reads modified UTF-7", () => {
  const table: readonly (readonly [string, string | null])[] = [
    ["inbox", "INBOX"],
    ["InBoX", "INBOX"],
    ["Inbox.a", "Inbox.a"],
    ["", ""],
    ["a&-b", "a&b"],
    ["&-", "&"],
    ["&AOk-t&AOk-", "\u00e9t\u00e9"],
    ["~peter/mail/&U,BTFw-/&ZeVnLIqe-", "~peter/mail/\u53f0\u5317/\u65e5\u672c\u8a9e"],
    ["&2D3eCg-", "\u{1f60a}"],
    ["&2D3eCg-&-", "\u{1f60a}&"],
    ["e&AwE-", "\u00e9"], // NFC
    ["a&", null],
    ["a&b", null],
    ["&AOk", null],
    ["&AOl-", null], // padding bits set
    ["&AOkA-", null], // a whole sextet too much
    ["&AGE-", null], // "a" must not be shifted
    ["&2D0-", null], // lone surrogate
    ["&3go-", null],
    ["&AAA-", null],
    ["&AAo-", null],
    ["&AIU-", null],
    ["&AO/-", null],
    ["&AOk-&AOk-", null],
    ["\u00e9", null],
    ["a\tb", null],
    ["a\u007f", null],
  ];
  for (const [wire, name] of table) assertEquals(decodeMailboxName(wire), name, wire);
});

Deno.test("encodeMailboxName() is undone by decodeMailboxName()", () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme" }), (text) => {
      // deno-lint-ignore no-control-regex -- names hold no controls
      const name = text.replace(/[\u0000-\u001f\u007f-\u009f]/g, "").normalize("NFC");
      if (/^inbox$/i.test(name)) return;
      assertEquals(decodeMailboxName(encodeMailboxName(name)), name);
    }),
    { numRuns: 500, seed: 1 },
  );
});

Deno.test("decodeMailboxName() gives one name for one spelling, whatever the octets", () => {
  const char = fc.constantFrom(..."&-AaOkgz2D3eC,+/ ");
  fc.assert(
    fc.property(fc.string({ unit: char, maxLength: 12 }), (wire) => {
      const name = decodeMailboxName(wire);
      if (name !== null && name === name.normalize("NFC") && name.normalize("NFD") === name) {
        assertEquals(encodeMailboxName(name), wire);
      }
    }),
    { numRuns: 2000, seed: 1 },
  );
});

Deno.test("decodeUtf8Name() refuses controls and broken octets", () => {
  assertEquals(decodeUtf8Name("e\u0301&"), "\u00e9&");
  assertEquals(decodeUtf8Name("inbox"), "INBOX");
  for (const bad of ["a\u0000", "a\u0085", "a\u2028", "a\ufffd"]) assertEquals(decodeUtf8Name(bad), null);
});
