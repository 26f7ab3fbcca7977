import { TRANSFER_LOSSES } from "../../mod/base/limits.ts";
import { formatReport, Tally } from "../../mod/transfer/tally.ts";
import { assertEquals } from "../support/assert.ts";

Deno.test("a report tells what was taken over, and what was not", () => {
  const tally = new Tally();
  tally.folders = 2;
  tally.messages = 3;
  tally.octets = 2048;
  assertEquals(formatReport(tally.report(), "imported"), ["3 messages imported in 2 folders, 2.0 KB"]);
  tally.already = 4;
  tally.gone = 1;
  tally.note("odd");
  tally.note("odd");
  tally.lose("INBOX", "cur/1", "is a link");
  assertEquals(formatReport(tally.report(), "imported").slice(1), [
    "4 were there already",
    "1 were removed from the source meanwhile",
    "note: odd (2 times)",
    "1 NOT imported:",
    "  INBOX: cur/1: is a link",
  ]);
  assertEquals(tally.done, 9);
});

Deno.test("a report is bounded", () => {
  const tally = new Tally();
  for (let i = 0; i < TRANSFER_LOSSES + 5; i++) {
    tally.lose("A", `${i}`, "x");
    tally.note(`${i}`);
  }
  const report = tally.report();
  assertEquals([report.lost, report.losses.length, report.notes.length], [
    TRANSFER_LOSSES + 5,
    TRANSFER_LOSSES,
    TRANSFER_LOSSES,
  ]);
  assertEquals(formatReport(report, "x").at(-1), "  and 5 more");
});
