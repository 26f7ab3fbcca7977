import { fromAscii, utf8 } from "../../mod/base/bytes.ts";
import type { Needle } from "../../mod/imap/search_key.ts";
import type { Part } from "../../mod/mail/types.ts";
import fc from "fast-check";
import {
  findInMemory as find,
  fold,
  hasNone as none,
  lowerOf,
  readFields,
} from "../../mod/imap/search_text.ts";
import { scanStructure } from "../../mod/mail/structure.ts";
import { assert, assertEquals } from "../support/assert.ts";
import { latin1 } from "./pieces.ts";

const hasNone = (bytes: Uint8Array, needles: readonly Needle[]) => none(lowerOf(bytes), needles);

/** The same whether the message is known for ASCII or not. */
function findInMemory(bytes: Uint8Array, root: Part, needles: readonly Needle[]): readonly boolean[] {
  const found = find(bytes, lowerOf(bytes), root, needles);
  assertEquals(found, find(bytes, null, root, needles), fromAscii(bytes));
  return found;
}

Deno.test("fold() compares as i;unicode-casemap does", () => {
  const same: readonly (readonly [string, string])[] = [
    ["ABC", "abc"],
    ["\u00c4", "a\u0308"],
    ["\u03a3\u03b1\u03c2", "\u03c3\u0391\u03c3"],
    ["\ufb01", "fi"],
    ["\uff21", "a"],
    ["\u041f", "\u043f"],
  ];
  for (const [a, b] of same) assertEquals(fold(a), fold(b), `${a} ${b}`);
  assert(fold("a") !== fold("b"));
});

Deno.test("readFields() gives the wanted fields decoded", () => {
  const header = latin1(
    "Subject: =?utf-8?Q?=C3=84?= B\r\nX: 1\r\nsubject: two\r\nDate: Mon, 1 Jan 2024 23:00:00 -0500\r\n\r\nX: 2\r\n",
  );
  const { values, sentDay } = readFields(header, new Set(["subject", "date"]));
  assertEquals(values.get("subject"), ["a\u0308 b", "two"]);
  assertEquals(values.has("x"), false);
  assertEquals(sentDay, Date.UTC(2024, 0, 1) / 86_400_000);
  assertEquals(readFields(latin1("Date: nonsense\r\n\r\n"), new Set(["date"])).sentDay, 0);
});

Deno.test("readFields() makes one space of each folding", () => {
  const table: readonly (readonly [string, string])[] = [
    ["S: a\r\n  b\r\n\tc\r\n", "a b c"],
    ["S:\r\n a  b  \r\n", " a  b  "],
    ["S:  \r\n", ""],
    ["S: a\n b", "a b"],
  ];
  for (const [header, want] of table) {
    assertEquals(readFields(latin1(header), new Set(["s"])).values.get("s"), [want], JSON.stringify(header));
  }
});

Deno.test("hasNone() is only certain where findInMemory() finds nothing", () => {
  const line = fc.constantFrom(
    "Subject: one two",
    "Subject: one",
    "\ttwo",
    "Content-Transfer-Encoding: base64",
    "Content-Transfer-Encoding: quoted-printable",
    "Content-Type: text/plain; charset=iso-2022-jp",
    "Content-Type: text/plain; charset=utf-16le",
    "Content-Type: multipart/mixed; boundary=b",
    "--b",
    "",
    "b25lIHR3bw==",
    "o=6Ee two",
    "one",
    "two \u00f6ne",
    "X: =?utf-8?Q?=6Fne?=",
    "\u001b(Bone",
  );
  const needle = fc.record({
    text: fc.constantFrom("one", "two", "one two", "none", "ne\r\n", "o\u0308"),
    headers: fc.boolean(),
  });
  let certain = 0;
  fc.assert(
    fc.property(
      fc.array(line, { maxLength: 8 }),
      fc.array(needle, { minLength: 1, maxLength: 2 }),
      (lines, needles) => {
        const bytes = latin1(lines.join("\r\n"));
        if (!hasNone(bytes, needles)) return;
        certain++;
        assertEquals(findInMemory(bytes, scanStructure(bytes), needles).some((f) => f), false);
      },
    ),
    { numRuns: 3000, seed: 1 },
  );
  assert(certain > 100, `the quick way was taken ${certain} times`);
});

Deno.test("hasNone() looks over foldings", () => {
  const folded = latin1("Subject: one\r\n\ttwo\r\n\r\nbody\r\n");
  assertEquals(hasNone(folded, [{ text: "one two", headers: true }]), false);
  assertEquals(hasNone(folded, [{ text: "one three", headers: true }]), true);
});

Deno.test("findInMemory() looks at lines of a header that are no fields, encoded words beside them or not", () => {
  const needles = ["astray", "behind", "n\u00f6te"].map((text) => ({ text: fold(text), headers: true }));
  for (const field of ["Subject: plain", "Subject: =?utf-8?Q?n=C3=B6te?="]) {
    const bytes = utf8(`went astray here\r\n${field}\r\nleft behind\r\nX: 1\r\n\r\nbody\r\n`);
    const inner = utf8(`Content-Type: message/rfc822\r\n\r\n${new TextDecoder().decode(bytes)}`);
    const encoded = field.includes("=?");
    assertEquals(findInMemory(inner, scanStructure(inner), needles), [true, true, encoded], field);
    assertEquals(
      findInMemory(inner, scanStructure(inner), needles.map((n) => ({ ...n, headers: false }))),
      [false, false, false],
    );
  }
});
