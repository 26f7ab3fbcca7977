import fc from "fast-check";
import {
  eachRecord,
  formatHeader,
  formatRecord,
  parseHeader,
  parseRecord,
  type UidRecord,
  wholeLines,
} from "../../mod/maildir/uid_list.ts";
import { utf8 } from "../../mod/base/bytes.ts";
import { assertEquals } from "../support/assert.ts";

Deno.test("parseHeader() reads version 3 and 1", () => {
  const three = "3 V1795352133 N3 Ge8caf30d44e6026b3933000083ecc375 Xnew";
  const header = parseHeader(three);
  assertEquals(header, {
    version: 3,
    uidValidity: 1795352133,
    nextUid: 3,
    rest: " Ge8caf30d44e6026b3933000083ecc375 Xnew",
  });
  assertEquals(header && formatHeader(header), three + "\n");
  assertEquals(parseHeader("1 123 45"), { version: 1, uidValidity: 123, nextUid: 45, rest: "" });
  for (
    const bad of [
      "",
      "2 1 1",
      "3 ",
      "3 V1",
      "3 N1",
      "3 V0 N1",
      "3 V1 N0",
      "3 V99999999999 N1",
      "3 V5000000000 N1",
    ]
  ) {
    assertEquals(parseHeader(bad), null, bad);
  }
});

Deno.test("parseRecord() reads names with and without extensions", () => {
  assertEquals(parseRecord("1 :a.b,S=1", 3), { uid: 1, extensions: "", base: "a.b,S=1" });
  assertEquals(parseRecord("7 S12 W14 :x", 3), { uid: 7, extensions: "S12 W14 ", base: "x" });
  assertEquals(parseRecord("7 Puidl:1 :x", 3), { uid: 7, extensions: "Puidl:1 ", base: "x" });
  assertEquals(parseRecord("7 :x:2,S", 3), { uid: 7, extensions: "", base: "x" });
  assertEquals(parseRecord("7 x:2,S", 1), { uid: 7, extensions: "", base: "x" });
  for (const bad of ["", "x", "0 :a", "-1 :a", "1.5 :a", "4294967295 :a", "1 a", "1 :", "1 :a/b", " :a"]) {
    assertEquals(parseRecord(bad, 3), null, bad);
  }
});

Deno.test("parseRecord() undoes formatRecord()", () => {
  const name = fc.stringMatching(/^[A-Za-z0-9.,=_]+$/);
  fc.assert(fc.property(fc.integer({ min: 1, max: 2 ** 32 - 2 }), name, fc.boolean(), (uid, base, ext) => {
    const record: UidRecord = { uid, extensions: ext ? "S1 " : "", base };
    assertEquals(parseRecord(formatRecord(record).slice(0, -1), 3), record);
  }));
});

Deno.test("eachRecord() skips and counts bad lines and UIDs out of order", () => {
  const seen: number[] = [];
  assertEquals(eachRecord("1 :a\njunk\n3 :b\n2 :c\n4 :d\n", 3, (r) => seen.push(r.uid)), 2);
  assertEquals(seen, [1, 3, 4]);
});

Deno.test("wholeLines() leaves a torn last line", () => {
  assertEquals(wholeLines(utf8("1 :a\n2 :b\n3 :")), { text: "1 :a\n2 :b\n", end: 10 });
  assertEquals(wholeLines(utf8("torn")), { text: "", end: 0 });
});
