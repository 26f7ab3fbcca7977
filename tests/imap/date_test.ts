import { fromAscii } from "../../mod/base/bytes.ts";
import { dayOf, parseDateTime, parseDay, writeDateTime } from "../../mod/imap/date.ts";
import { ResponseBuffer } from "../../mod/imap/response_buffer.ts";
import { assertEquals } from "../support/assert.ts";

Deno.test("parseDay() reads dates that exist", () => {
  const table: readonly (readonly [string, string | null])[] = [
    ["1-Feb-1994", "1994-02-01"],
    ["01-feb-1994", "1994-02-01"],
    ["29-FEB-2024", "2024-02-29"],
    ["31-Dec-1969", "1969-12-31"],
    ["1-Jan-0001", "0001-01-01"],
    ["29-Feb-2023", null],
    ["31-Apr-2024", null],
    ["0-Jan-2024", null],
    ["32-Jan-2024", null],
    ["1-Foo-2024", null],
    ["1-Jan-24", null],
    [" 1-Jan-2024", null],
    ["1-Jan-2024 ", null],
    ["", null],
  ];
  for (const [text, want] of table) {
    const day = parseDay(text);
    assertEquals(day === null ? null : new Date(day * 86_400_000).toISOString().slice(0, 10), want, text);
  }
});

Deno.test("parseDateTime() reads zones and refuses what is not a time", () => {
  const table: readonly (readonly [string, string | null])[] = [
    ["17-Jul-1996 02:44:25 -0700", "1996-07-17T09:44:25.000Z"],
    [" 1-Jan-2024 00:00:00 +0530", "2023-12-31T18:30:00.000Z"],
    ["01-Jan-2024 23:59:60 +0000", "2024-01-02T00:00:00.000Z"],
    ["1-Jan-2024 00:00:00 +0000", null],
    ["01-Jan-2024 24:00:00 +0000", null],
    ["01-Jan-2024 00:60:00 +0000", null],
    ["01-Jan-2024 00:00:61 +0000", null],
    ["01-Jan-2024 00:00:00 +2400", null],
    ["01-Jan-2024 00:00:00 +0060", null],
    ["01-Jan-2024 00:00:00 GMT", null],
    ["31-Feb-2024 00:00:00 +0000", null],
  ];
  for (const [text, want] of table) {
    const time = parseDateTime(text);
    assertEquals(time === null ? null : new Date(time).toISOString(), want, text);
  }
});

Deno.test("writeDateTime() writes UTC with the day in two places", () => {
  const write = (ms: number): string => {
    const out = new ResponseBuffer();
    writeDateTime(out, ms);
    return fromAscii(out.take());
  };
  assertEquals(write(Date.UTC(2024, 1, 3, 4, 5, 6, 789)), '" 3-Feb-2024 04:05:06 +0000"');
  assertEquals(write(Date.UTC(2024, 11, 31, 23, 59, 59)), '"31-Dec-2024 23:59:59 +0000"');
  assertEquals(write(-1), '" 1-Jan-1970 00:00:00 +0000"');
  assertEquals(write(NaN), '" 1-Jan-1970 00:00:00 +0000"');
  assertEquals(write(1e18), '"31-Dec-9999 23:59:59 +0000"');
});

Deno.test("dayOf() counts UTC days", () => {
  assertEquals(dayOf(0), 0);
  assertEquals(dayOf(86_399_999), 0);
  assertEquals(dayOf(86_400_000), 1);
  assertEquals(dayOf(-1), -1);
});
