import { formatUidSet, indexOfUid, lowerBound, upperBound } from "../../mod/store/uid_set.ts";
import { assertEquals } from "../support/assert.ts";

Deno.test("formatUidSet() joins runs", () => {
  for (
    const [uids, text] of [
      [[], ""],
      [[7], "7"],
      [[1, 2, 3, 7], "1:3,7"],
      [[1, 3, 4], "1,3:4"],
    ] as const
  ) assertEquals(formatUidSet(uids), text);
});

Deno.test("UIDs are found by halving", () => {
  const list = [2, 4, 9].map((uid) => ({ uid }));
  assertEquals([1, 2, 3, 4, 9, 10].map((uid) => indexOfUid(list, uid)), [-1, 0, -1, 1, 2, -1]);
  assertEquals([1, 2, 3, 9, 10].map((uid) => lowerBound(list, uid)), [0, 0, 1, 2, 3]);
  assertEquals([1, 2, 3, 9, 10].map((uid) => upperBound(list, uid)), [0, 1, 1, 3, 3]);
  assertEquals(indexOfUid([], 1), -1);
});
