import { assertEquals } from "../support/assert.ts";
import { parseEnvelope } from "../../mod/mail/envelope.ts";
import { answers, envelopeValues, octets } from "./dovecot_answers.ts";

for (const file of ["dovecot_envelopes.json", "dovecot_addresses.json"]) {
  for (const { message, answer } of answers(file)) {
    Deno.test(`parseEnvelope() answers as Dovecot: ${JSON.stringify(message)}`, () => {
      assertEquals(envelopeValues(parseEnvelope(octets(message))), answer);
    });
  }
}
