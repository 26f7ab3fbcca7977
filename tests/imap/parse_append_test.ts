import { parseAppend, parseAppendArguments, parseFlags } from "../../mod/imap/parse_append.ts";
import { CommandReader } from "../../mod/imap/parse_reader.ts";
import { assertEquals, assertThrows } from "../support/assert.ts";
import { pieces } from "./pieces.ts";

const reader = (text: string): CommandReader => new CommandReader(pieces(text), { utf8: false });
const NONE = { system: 0, keywords: [] };

Deno.test("parseAppend() reads one or more messages", () => {
  assertEquals(parseAppend(reader("x {*5}")), {
    verb: "APPEND",
    mailbox: "x",
    messages: [{ flags: NONE, internalDate: null, size: 5, binary: false }],
  });
  assertEquals(
    parseAppend(reader('x (\\Draft) {*5} " 1-Jan-1970 00:00:00 +0000" ~{*6} () {abc}')).messages,
    [
      { flags: { system: 16, keywords: [] }, internalDate: null, size: 5, binary: false },
      { flags: NONE, internalDate: 0, size: 6, binary: true },
      { flags: NONE, internalDate: null, size: 3, binary: false },
    ],
  );
  for (const bad of ["x", "x ", "x abc", "x (\\Seen)", 'x "foo" {*5}', "x {*5} ", "x{*5}", '"x" "y" {*5}']) {
    assertThrows(() => parseAppend(reader(bad)));
  }
});

Deno.test("parseAppendArguments() stands before the literal afterwards", () => {
  const r = reader('(a) " 1-Jan-1970 00:00:00 +0000" ');
  assertEquals(parseAppendArguments(r), {
    flags: { system: 0, keywords: ["a"] },
    internalDate: 0,
    utf8: false,
    catenate: false,
  });
  assertEquals(r.ended, true);
});

Deno.test("parseFlags() wants parentheses unless bare flags will do", () => {
  assertEquals(parseFlags(reader("\\Seen \\flagged a"), true), { system: 5, keywords: ["a"] });
  assertEquals(parseFlags(reader("(\\Answered b B)"), true), { system: 2, keywords: ["b"] });
  assertThrows(() => parseFlags(reader("\\Seen"), false));
  assertThrows(() => parseFlags(reader(""), true));
});

Deno.test("parseAppend() takes UTF8 data once that is enabled (RFC 6855 4)", () => {
  const read = (text: string, utf8: boolean) =>
    parseAppend(new CommandReader(pieces(text), { utf8 })).messages;
  assertEquals(read("x (\\Seen) utf8 (~{*5}) UTF8 (~{*6})", true), [
    { flags: { system: 1, keywords: [] }, internalDate: null, size: 5, binary: true },
    { flags: NONE, internalDate: null, size: 6, binary: true },
  ]);
  for (const bad of ["x UTF8 ~{*5}", "x UTF8 (~{*5}", "x UTF8(~{*5})", "x UTF8 (~{*5} )", "x UTF7 (~{*5})"]) {
    assertThrows(() => read(bad, true));
  }
  assertThrows(() => read("x UTF8 (~{*5})", false));
});

Deno.test("parseAppend() reads messages that are put together (RFC 4469)", () => {
  const read = (text: string, utf8 = false) =>
    parseAppend(new CommandReader(pieces(text), { utf8 })).messages.map(({ size, binary, parts }) => ({
      size,
      binary,
      parts: parts?.map((p) => p.kind === "url" ? p.url : `${p.binary ? "~" : ""}${p.size}`),
    }));
  assertEquals(read('x (\\Seen) CATENATE (URL "/a b/;UID=1" TEXT {*5} URL {/c} TEXT ~{*6})'), [
    { size: 11, binary: false, parts: ["/a b/;UID=1", "5", "/c", "~6"] },
  ]);
  assertEquals(read("x CATENATE (TEXT {*5}) {*7} CATENATE (url /d)"), [
    { size: 5, binary: false, parts: ["5"] },
    { size: 7, binary: false, parts: undefined },
    { size: 0, binary: false, parts: ["/d"] },
  ]);
  assertEquals(read("x CATENATE (UTF8 (~{*5}) TEXT {*1})", true), [
    { size: 6, binary: false, parts: ["~5", "1"] },
  ]);
  const bad = [
    "()",
    "(",
    "",
    "(URL)",
    "(URL )",
    "(TEXT)",
    "(TEXT /x)",
    '(TEXT "x")',
    "(TEXT {*5}",
    ,
  ];
  bad.push("(URL (a))", "(TEXT {*5} )", "(TEXT{*5})", "(URL/a)", "(UTF8 (~{*5}))", "((TEXT {*5}))", "{*5}");
  for (const parts of bad) assertThrows(() => read(`x CATENATE ${parts}`));
});
