import fc from "fast-check";
import { assert, assertEquals } from "../support/assert.ts";
import { parseEnvelope } from "../../mod/mail/envelope.ts";
import { ENVELOPE_ADDRESSES } from "../../mod/base/limits.ts";
import { utf8 } from "../../mod/base/bytes.ts";
import { answers, envelopeValues, octets } from "./dovecot_answers.ts";

for (const file of ["dovecot_envelopes.json", "dovecot_addresses.json"]) {
  for (const { message, answer } of answers(file)) {
    Deno.test(`parseEnvelope() answers as Dovecot: ${JSON.stringify(message)}`, () => {
      assertEquals(envelopeValues(parseEnvelope(octets(message))), answer);
    });
  }
}

Deno.test("parseEnvelope() answers as Dovecot to lists put together at random", () => {
  for (const { message, answer } of answers("dovecot_random_addresses.json")) {
    assertEquals(envelopeValues(parseEnvelope(octets(message))), answer, JSON.stringify(message));
  }
});

Deno.test("parseEnvelope() keeps copies, not views", () => {
  const header = utf8("Subject: one\r\nDate: two\r\nMessage-ID: <three>\r\nFrom: four <a@b>\r\n\r\n");
  const e = parseEnvelope(header);
  const before = envelopeValues(e);
  header.fill(0x78);
  assertEquals(envelopeValues(e), before);
});

Deno.test("parseEnvelope() does not change the header", () => {
  const header = utf8("Subject: a   b\r\nFrom: x   y <a@b>\r\n\r\n");
  const before = header.slice();
  parseEnvelope(header);
  assertEquals(header, before);
});

Deno.test("parseEnvelope() survives anything, and puts no line end or NUL into a string", () => {
  const piece = fc.constantFrom(
    "From: ",
    "to:",
    "Subject: ",
    "Date:",
    "\r\n",
    "\n",
    "\r",
    " ",
    '"',
    "<",
    ">",
    "@",
    "a",
    ",",
    ";",
    ":",
    "(",
    ")",
    "\\",
    "\0",
    "ü",
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 60 }), (pieces) => {
      const values = JSON.stringify(envelopeValues(parseEnvelope(utf8(pieces.join("")))));
      assert(!/\\r|\\n|\\u0000/.test(values), values);
    }),
    { numRuns: 500 },
  );
});

Deno.test("parseEnvelope() takes no time that grows faster than its input", () => {
  assertEquals(parseEnvelope(utf8("To:a\r\n".repeat(150_000))).to.length, ENVELOPE_ADDRESSES);
  parseEnvelope(utf8("To:\r\n".repeat(150_000)));
  parseEnvelope(utf8("Subject:a  b\r\n".repeat(70_000)));
});
