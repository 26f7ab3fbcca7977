import { JUNK, RULES, say } from "../../mod/smtp/rules.ts";
import { REPLY } from "../../mod/smtp/reply.ts";
import { assert, assertEquals } from "../support/assert.ts";

Deno.test("RULES answers every command in every phase, and what moves mail never counts as junk", () => {
  for (const [verb, rule] of Object.entries(RULES)) {
    assert(rule.in.length > 0, verb);
    assert(rule.in.length === 4 || rule.else.code >= 500, verb);
  }
  // BDAT is always let in: whatever is answered, its octets must be read.
  assertEquals(RULES.BDAT.in.length, 4);
  for (const verb of ["MAIL", "RCPT", "DATA", "BDAT", "QUIT", "STARTTLS"] as const) {
    assert(!JUNK.has(verb), verb);
  }
});

Deno.test("nothing but BDAT moves mail while a message comes in chunks", () => {
  for (const verb of ["MAIL", "RCPT", "DATA", "AUTH", "STARTTLS", "ETRN"] as const) {
    assert(!RULES[verb].in.includes("chunks"), verb);
  }
});

Deno.test("say() goes on with the next command", () => {
  assertEquals(say(REPLY.ok), { next: "command", reply: REPLY.ok });
});
