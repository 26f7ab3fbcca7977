import fc from "fast-check";
import { formatStsRecord, parseStsRecords } from "../../../mod/auth/mta_sts/record.ts";
import { utf8 } from "../../../mod/base/bytes.ts";
import { assert, assertEquals } from "../../support/assert.ts";

Deno.test("parseStsRecords() finds the id of the one record, or nothing", () => {
  const cases: readonly (readonly [readonly string[], string | null])[] = [
    [["v=STSv1; id=20160831085700Z;"], "20160831085700Z"],
    [["v=STSv1;id=1"], "1"],
    [["v=STSv1 \t; \tid=a1 ; "], "a1"],
    [["v=STSv1; x-new.field=~hello:; id=7; other=1"], "7"],
    [["v=STSv1; ID=7"], "7"],
    [["v=spf1 -all", "v=STSv1; id=1"], "1"],
    [[], null],
    [["v=spf1 -all"], null],
    [["v=STSv1; id=1", "v=STSv1; id=1"], null],
    [["v=STSv1"], null],
    [["v=STSv1;"], null],
    [["v=STSv2; id=1"], null],
    [["v=stsv1; id=1"], null],
    [[" v=STSv1; id=1"], null],
    [["v=STSv1 id=1"], null],
    [["id=1; v=STSv1;"], null],
    [["v=STSv1; id="], null],
    [["v=STSv1; id=1; id=2"], null],
    [["v=STSv1; id=1;; x=1"], null],
    [["v=STSv1; id=1; v=STSv1"], null],
    [["v=STSv1; id=1; =x"], null],
    [["v=STSv1; id=1; x"], null],
    [["v=STSv1; id = 1"], null],
    [["v=STSv1; id=a-b"], null],
    [[`v=STSv1; id=${"a".repeat(32)}`], "a".repeat(32)],
    [[`v=STSv1; id=${"a".repeat(33)}`], null],
    [["v=STSv1; id=ä"], null],
  ];
  for (const [texts, wanted] of cases) {
    assertEquals(parseStsRecords(texts.map(utf8)), wanted, texts.join(" | "));
  }
});

Deno.test("parseStsRecords() takes any octets", () => {
  fc.assert(fc.property(fc.array(fc.uint8Array({ maxLength: 60 })), (records) => {
    const id = parseStsRecords(records);
    assert(id === null || /^[A-Za-z0-9]{1,32}$/.test(id));
  }));
});

Deno.test("formatStsRecord() has an id that follows the policy", () => {
  const ids = ["version: STSv1\r\nmode: testing", "version: STSv1\r\nmode: enforce"].map((policy) =>
    parseStsRecords([utf8(formatStsRecord(policy))])
  );
  assert(ids.every((id) => id !== null) && ids[0] !== ids[1]);
  assertEquals(formatStsRecord("x"), formatStsRecord("x"));
});
