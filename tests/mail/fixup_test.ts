import { assert, assertEquals } from "../support/assert.ts";
import { type FixupFacts, missingFields, withoutFields } from "../../mod/mail/fixup.ts";
import { fromUtf8, utf8 } from "../../mod/base/bytes.ts";

const FACTS: FixupFacts = {
  now: 0,
  zone: 60,
  uniqueId: "1.abc",
  domain: "mail.example.org",
  from: "u@example.org",
};
const DATE = "Date: Thu, 1 Jan 1970 01:00:00 +0100\r\n";
const ID = "Message-ID: <1.abc@mail.example.org>\r\n";
const FROM = "From: u@example.org\r\n";

const TABLE: readonly [string, string][] = [
  ["Subject: x\r\n\r\n", DATE + FROM + ID],
  ["", DATE + FROM + ID],
  ["DATE: y\r\nFrom: z\r\n\r\n", ID],
  ["message-id: y\r\nfrom: z\r\n\r\n", DATE],
  ["Date: x\r\nMessage-ID: y\r\nFrom: z\r\n\r\n", ""],
  ["From: x\r\n\r\nDate: in the body\r\n", DATE + ID],
];
for (const [header, expected] of TABLE) {
  Deno.test(`missingFields() of ${JSON.stringify(header)}`, () => {
    assertEquals(fromUtf8(missingFields(utf8(header), FACTS)), expected);
  });
}

Deno.test("missingFields() adds no From unless told", () => {
  assertEquals(fromUtf8(missingFields(utf8("\r\n"), { ...FACTS, from: null })), DATE + ID);
});

Deno.test("withoutFields() takes fields out whole and leaves the rest as it is", () => {
  const header = utf8("A: 1\r\nBcc: x,\r\n y\r\njunk\r\nB: 2\r\nbcc: z\r\n\r\n");
  assertEquals(fromUtf8(withoutFields(header, ["bcc"])), "A: 1\r\njunk\r\nB: 2\r\n\r\n");
  assertEquals(fromUtf8(withoutFields(header, ["a", "b", "bcc"])), "junk\r\n\r\n");
  assert(withoutFields(header, ["x"]) === header);
  assertEquals(fromUtf8(withoutFields(utf8("Bcc: x\r\n"), ["bcc"])), "");
});
