import fc from "fast-check";
import { assertEquals } from "../support/assert.ts";
import { formatDate, parseDate } from "../../mod/mail/date.ts";
import { utf8 } from "../../mod/base/bytes.ts";

const units = fc.array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 40 }).map((a) =>
  String.fromCharCode(...a)
);

const AT = Date.UTC(1996, 6, 17, 9, 44, 25);
const GOOD: readonly [string, number, number][] = [
  ["Wed, 17 Jul 1996 02:44:25 -0700", AT, -420],
  [" Wed, 17 Jul 1996 02:44:25 -0700 (PDT)", AT, -420],
  ["17 Jul 1996 02:44:25 PDT", AT, -420],
  ["17 Jul 96 09:44:25 GMT", AT, 0],
  ["17 Jul 096 09:44:25 UT", AT, 0],
  ["Wed,17 Jul 1996 09:44:25 Z", AT, 0],
  ["Wednesday, 17-Jul-96 09:44:25 GMT", AT, 0],
  ["Wed, 17 July 1996 09:44:25", AT, 0],
  ["Wed, 17 (seven (teen)) Jul 1996\r\n 09:44:25 +0000", AT, 0],
  ["Wed Jul 17 09:44:25 1996", AT, 0],
  ["Wed Jul 17 02:44:25 PDT 1996", AT, -420],
  ["Wed Jul 17 02:44:25 1996 -0700", AT, -420],
  ["17 Jul 1996 09:44:25 GMT+0000", AT, 0],
  ["17 Jul 1996 11:44:25 GMT+02:00", AT, 120],
  ["17 Jul 1996 09:44:25 XYZ", AT, 0],
  ["17 jul 1996 09:44:25 a", AT, 0],
  ["17 Jul 1996 15:14:25 +0530", AT, 330],
  ["17 Jul 1996 09:44 +0000", AT - 25_000, 0],
  ["17 Jul 1996", Date.UTC(1996, 6, 17), 0],
  ["1 Jan 2049 00:00:00 +0000", Date.UTC(2049, 0, 1), 0],
  ["1 Jan 49 00:00:00 +0000", Date.UTC(2049, 0, 1), 0],
  ["1 Jan 50 00:00:00 +0000", Date.UTC(1950, 0, 1), 0],
  ["31 Dec 1998 23:59:60 +0000", Date.UTC(1998, 11, 31, 23, 59, 59), 0],
];
for (const [text, time, zone] of GOOD) {
  Deno.test(`parseDate() reads ${JSON.stringify(text)}`, () => {
    assertEquals(parseDate(text), { time, zone });
    assertEquals(parseDate(utf8(text)), { time, zone });
  });
}

for (
  const text of [
    "",
    "x",
    "Wed",
    "32 Jul 1996",
    "0 Jul 1996",
    "17 Foo 1996",
    "17 Jul",
    "17 Jul 1996 99:00:00",
    "(17 Jul 1996",
    "17 Jul 0000",
  ]
) {
  Deno.test(`parseDate() gives null for ${JSON.stringify(text)}`, () => assertEquals(parseDate(text), null));
}

Deno.test("formatDate() writes RFC 5322", () => {
  assertEquals(formatDate(AT, -420), "Wed, 17 Jul 1996 02:44:25 -0700");
  assertEquals(formatDate(0), "Thu, 1 Jan 1970 00:00:00 +0000");
  assertEquals(formatDate(AT, 330), "Wed, 17 Jul 1996 15:14:25 +0530");
});

Deno.test("parseDate() gives back what formatDate() wrote", () => {
  const time = fc.integer({ min: Date.UTC(1900, 0, 2) / 1000, max: Date.UTC(9999, 11, 30) / 1000 }).map((s) =>
    s * 1000
  );
  fc.assert(fc.property(time, fc.integer({ min: -1439, max: 1439 }), (t, zone) => {
    assertEquals(parseDate(formatDate(t, zone)), { time: t, zone });
  }));
});

Deno.test("parseDate() survives anything", () => {
  const text = fc.string({ unit: fc.constantFrom(..."0179 :,-+()\\JulanMonGMTfeb\r\n\0ü"), maxLength: 300 });
  fc.assert(fc.property(fc.oneof(text, units), (t) => {
    const date = parseDate(t);
    if (date) parseDate(formatDate(date.time, date.zone));
  }));
});
