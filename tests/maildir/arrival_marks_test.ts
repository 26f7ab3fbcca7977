import {
  type ArrivalMarks,
  formatMarks,
  marked,
  parseMarks,
  thereAt,
} from "../../mod/maildir/arrival_marks.ts";
import { utf8 } from "../../mod/base/bytes.ts";
import { assertEquals } from "../support/assert.ts";

const SEEN = { uidValidity: 7, next: 10, ran: 1000 };

Deno.test("parseMarks() reads what formatMarks() wrote, and of anything else nothing", () => {
  const marks: ArrivalMarks = { uidValidity: 7, marks: [[0, 5], [1000, 9], [2000, 9]] };
  assertEquals(parseMarks(formatMarks(marks)), marks);
  const bad = [
    ...[
      "",
      "1 V7\n",
      "1 V7\n0 5",
      "2 V7\n0 5\n",
      "1 V7\n0 x\n",
      "1 V7\n5 5\n5 6\n",
      "1 V7\n5 5\n6 4\n",
      "\0",
    ],
    ...["1 V7\n9999999999999999 5\n", "1 V7\n-1 5\n", "1 V7\n0 5\n\n"],
  ];
  for (const text of bad) assertEquals(parseMarks(utf8(text)), null, JSON.stringify(text));
  assertEquals(parseMarks(null), null);
});

Deno.test("marked() notes at first what files alone tell of, then arrivals now and then, and drops what is of no use", () => {
  const first = marked(null, SEEN, 100, -Infinity);
  assertEquals(first.marks, [[0, 10]]);
  assertEquals(marked(first, { ...SEEN, ran: 5000 }, 100, 0), first, "nothing came");
  const second = marked(first, { ...SEEN, next: 11, ran: 2000 }, 100, 500);
  assertEquals(second.marks, [[0, 10], [2000, 11]]);
  assertEquals(marked(second, { ...SEEN, next: 12, ran: 2050 }, 100, 500), second, "too soon");
  const third = marked(second, { ...SEEN, next: 12, ran: 2100 }, 100, 2000);
  assertEquals(third.marks, [[2000, 11], [2100, 12]]);
  assertEquals(marked(third, { ...SEEN, uidValidity: 8 }, 100, 0).marks, [[1000, 10]], "another folder");
});

Deno.test("marked() begins anew where it was forgotten how long the server has run", () => {
  const marks: ArrivalMarks = { uidValidity: 7, marks: [[0, 5], [1000, 8], [9000, 9]] };
  assertEquals(marked(marks, { ...SEEN, next: 9, ran: 2000 }, 100, 0).marks, [[0, 5], [1000, 8], [2000, 9]]);
  const ahead: ArrivalMarks = { uidValidity: 7, marks: [[8000, 8], [9000, 9]] };
  assertEquals(marked(ahead, { ...SEEN, next: 9, ran: 2000 }, 100, 0).marks, [[2000, 9]]);
});

Deno.test("thereAt() tells up to which UID messages were there", () => {
  const marks: ArrivalMarks = { uidValidity: 7, marks: [[10, 5], [20, 9]] };
  assertEquals([5, 10, 15, 20, 99].map((time) => thereAt(marks, time)), [0, 5, 5, 9, 9]);
});
