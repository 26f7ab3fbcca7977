import { assertEquals } from "../support/assert.ts";
import { scanStructure } from "../../mod/mail/structure.ts";
import { answers, octets, structureValues } from "./dovecot_answers.ts";

for (const file of ["dovecot_structures.json", "dovecot_content_types.json"]) {
  for (const { message, answer } of answers(file)) {
    Deno.test(`scanStructure() answers as Dovecot: ${JSON.stringify(message).slice(0, 200)}`, () => {
      assertEquals(structureValues(scanStructure(octets(message))), answer);
    });
  }
}
