import { baseSubject } from "../../mod/imap/base_subject.ts";
import { assert, assertEquals } from "../support/assert.ts";

Deno.test("baseSubject() finds what is left of answers and forwards (RFC 5256 2.1)", () => {
  const table: readonly (readonly [string, string, boolean])[] = [
    ["", "", false],
    ["subject", "subject", false],
    ["re: subject", "subject", true],
    ["re : subject", "subject", true],
    ["re:subject", "subject", true],
    ["fw: subject", "subject", true],
    ["fwd: subject", "subject", true],
    ["fwdd: subject", "fwdd: subject", false],
    ["re[2]: subject", "subject", true],
    ["re [2] : subject", "subject", true],
    ["re: re: fwd: subject", "subject", true],
    ["[list] subject", "subject", false],
    ["[list] re: subject", "subject", true],
    ["[list] [other] re: [x] re: subject", "subject", true],
    ["[list] [other] subject", "subject", false],
    ["re: [list]", "[list]", true],
    ["[list]", "[list]", false],
    ["[a] [b]", "[b]", false],
    ["[a[b]] x", "[a[b]] x", false],
    ["subject (fwd)", "subject", true],
    ["subject (fwd) (fwd) ", "subject", true],
    ["subject(fwd)", "subject", true],
    ["[fwd: subject]", "subject", true],
    ["[fwd: re: subject (fwd)]", "subject", true],
    ["[fwd: [fwd: subject]]", "subject", true],
    ["re: [fwd: subject]", "subject", true],
    ["[fwd: subject", "[fwd: subject", false],
    ["a\t  b\r\n c", "a b c", false],
    ["re:", "", true],
    ["re: re:", "", true],
    ["(fwd)", "", true],
    ["regarding: x", "regarding: x", false],
    ["re", "re", false],
    ["aw: subject", "aw: subject", false],
  ];
  for (const [subject, base, isReply] of table) {
    assertEquals(baseSubject(subject), { base, isReply }, subject);
  }
});

Deno.test("baseSubject() takes its time with no subject", () => {
  const start = performance.now();
  for (const part of ["[", "[a]", "re: ", "[fwd: ", " ", "(fwd)", "[a] re", "re[", "]"]) {
    baseSubject(part.repeat(20_000));
  }
  assert(performance.now() - start < 2000);
});
