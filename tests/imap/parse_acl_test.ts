import { parseAclTarget, parseSetAcl } from "../../mod/imap/parse_acl.ts";
import { CommandReader } from "../../mod/imap/parse_reader.ts";
import { CREATE, DELETE, LOOKUP, READ } from "../../mod/store/rights.ts";
import { assertEquals, assertThrows } from "../support/assert.ts";
import { pieces } from "./pieces.ts";

const reader = (text: string): CommandReader => new CommandReader(pieces(text), { utf8: false });

Deno.test("parseSetAcl() reads what is given, added and taken", () => {
  const of = (how: string, rights: number) => ({
    verb: "SETACL",
    mailbox: "INBOX",
    identifier: "bob",
    how,
    rights,
  });
  const rows: [string, unknown][] = [
    [" inbox bob lr", of("replace", LOOKUP | READ)],
    [' INBOX "bob" +l', of("add", LOOKUP)],
    [" INBOX {bob} -rl", of("remove", LOOKUP | READ)],
    [' INBOX bob ""', of("replace", 0)],
    [" INBOX bob c", of("replace", CREATE | DELETE)],
    [' INBOX bob "+"', of("add", 0)],
  ];
  for (const [text, expected] of rows) assertEquals<unknown>(parseSetAcl(reader(text)), expected, text);
  for (
    const bad of [" INBOX bob", " INBOX bob lz", " INBOX bob L", " INBOX bob l+", " INBOX bob 0", " INBOX  l"]
  ) {
    assertThrows(() => parseSetAcl(reader(bad)));
  }
});

Deno.test("parseAclTarget() reads a mailbox and who is meant", () => {
  assertEquals(parseAclTarget(reader(' B&APw-ro "-j\\"x"')), { mailbox: "Büro", identifier: '-j"x' });
  for (const bad of ["", " ", " INBOX", " INBOX ", " &bad x"]) {
    assertThrows(() => parseAclTarget(reader(bad)));
  }
});
