import { CommandReader } from "../../mod/imap/parse_reader.ts";
import { parseSetQuota } from "../../mod/imap/parse_quota.ts";
import { assertEquals, assertThrows } from "../support/assert.ts";
import { utf8 } from "../../mod/base/bytes.ts";

Deno.test("parseSetQuota() reads a root and a list of limits", () => {
  const parse = (text: string) => {
    const reader = new CommandReader([{ kind: "text", bytes: utf8(text) }], { utf8: false });
    const command = parseSetQuota(reader);
    reader.end();
    return command.root;
  };
  assertEquals(parse(' "" (STORAGE 512)'), "");
  assertEquals(parse(" a (STORAGE 512 MESSAGE 7)"), "a");
  assertEquals(parse(" a ()"), "a");
  for (
    const bad of ["", " a", " a (", " a (STORAGE)", " a (STORAGE x)", " a (STORAGE 1) 2", " a STORAGE 1"]
  ) {
    assertThrows(() => parse(bad));
  }
});
