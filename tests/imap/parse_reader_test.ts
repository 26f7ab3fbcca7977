import { fromUtf8, utf8 } from "../../mod/base/bytes.ts";
import { CommandReader, ParseFault } from "../../mod/imap/parse_reader.ts";
import { assertEquals, assertThrows } from "../support/assert.ts";
import { pieces } from "./pieces.ts";

const reader = (text: string): CommandReader => new CommandReader(pieces(text), { utf8: false });

/** Whether all 256 octets are taken or refused as `allowed` says. */
function checkClass(read: (r: CommandReader) => unknown, allowed: (c: number) => boolean): void {
  for (let c = 0; c < 256; c++) {
    const r = new CommandReader([{ kind: "text", bytes: new Uint8Array([c]) }], { utf8: true });
    let taken = false;
    try {
      read(r);
      taken = r.ended;
    } catch (fault) {
      if (!(fault instanceof ParseFault)) throw fault;
    }
    assertEquals(taken, allowed(c), `octet ${c}`);
  }
}

Deno.test("CommandReader knows the character classes of RFC 3501 9", () => {
  const special = (c: number, specials: string): boolean =>
    c <= 0x20 || c >= 0x7f || specials.includes(String.fromCharCode(c));
  checkClass((r) => r.atom("x"), (c) => !special(c, '(){%*"\\]'.replace("}", "")));
  checkClass((r) => r.astring("x"), (c) => !special(c, '(){%*"\\'.replace("}", "")));
  checkClass((r) => r.listMailbox(), (c) => !special(c, '(){"\\'.replace("}", "")));
});

Deno.test("CommandReader takes any octet but CR, LF and NUL in quoted strings", () => {
  for (let c = 1; c < 256; c++) {
    if (c === 0x22 || c === 0x5c || c === 0x0a || c === 0x0d) continue;
    const r = new CommandReader([{ kind: "text", bytes: new Uint8Array([0x22, c, 0x22]) }], { utf8: false });
    assertEquals([...r.string("x")], [c]);
  }
  assertEquals(fromUtf8(reader('"a\\"b\\\\"').string("x")), 'a"b\\');
});

Deno.test("CommandReader goes on after a literal", () => {
  const r = reader("{a} {b}{c}");
  assertEquals(fromUtf8(r.string("x")), "a");
  r.space();
  assertEquals(fromUtf8(r.string("x")), "b");
  assertEquals(fromUtf8(r.string("x")), "c");
  assertEquals(r.ended, true);
  assertEquals(r.tryString(), null);
});

Deno.test("CommandReader reads numbers to their bound", () => {
  assertEquals(reader("4294967295").number(), 4294967295);
  assertEquals(reader("007").number(), 7);
  assertEquals(reader("9").number("x", 9), 9);
  assertThrows(() => reader("4294967296").number(), "too large");
  assertThrows(() => reader("10").number("x", 9), "too large");
  assertThrows(() => reader("0").nzNumber(), "above 0");
  assertThrows(() => reader("x").number(), "Expected");
  assertThrows(() => reader("9".repeat(60_000)).number(), "too large");
});

Deno.test("CommandReader reads NIL and strings apart", () => {
  assertEquals(reader("nil").nstring("x"), null);
  assertEquals(reader('"NIL"').nstring("x"), utf8("NIL"));
  assertThrows(() => reader("nix").nstring("x"));
});
