import fc from "fast-check";
import { concat, fromUtf8, utf8 } from "../../mod/base/bytes.ts";
import { DotStuffer } from "../../mod/wire/stuffing.ts";
import { assert, assertEquals } from "../support/assert.ts";

function send(text: string, size: number, dots = true): string {
  const stuffer = new DotStuffer(dots);
  const bytes = utf8(text);
  const out: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; at += size) out.push(stuffer.write(bytes.slice(at, at + size)).slice());
  out.push(stuffer.end());
  return fromUtf8(concat(out));
}

const CASES: readonly (readonly [string, string])[] = [
  ["", ".\r\n"],
  ["a\r\n", "a\r\n.\r\n"],
  ["a", "a\r\n.\r\n"],
  [".\r\n", "..\r\n.\r\n"],
  [".", "..\r\n.\r\n"],
  ["a\r\n.b\r\n..c\r\nd.\r\n", "a\r\n..b\r\n...c\r\nd.\r\n.\r\n"],
  ["a\r\n.\r\nMAIL FROM:<x>\r\n", "a\r\n..\r\nMAIL FROM:<x>\r\n.\r\n"],
  ["\r\n\r\n.", "\r\n\r\n..\r\n.\r\n"],
  // Bare CR and LF are not sent: what follows a bare LF is on a new line and is stuffed, what follows a bare CR is not.
  ["a\n.\nb\n", "a\r\n..\r\nb\r\n.\r\n"],
  ["a\n.\r\nb", "a\r\n..\r\nb\r\n.\r\n"],
  ["a\r.\rb\r\n", "a . b\r\n.\r\n"],
  ["a\r\r\n.\r\n", "a \r\n..\r\n.\r\n"],
  ["a\r", "a\r\n.\r\n"],
  ["\n", "\r\n.\r\n"],
  ["\r", "\r\n.\r\n"],
  ["\r.", " .\r\n.\r\n"],
];

Deno.test("DotStuffer doubles dots and ends with CRLF . CRLF, in every chunking", () => {
  for (const [text, expected] of CASES) {
    for (let size = 1; size <= text.length + 1; size++) {
      assertEquals(send(text, size), expected, JSON.stringify([text, size]));
    }
  }
});

Deno.test("DotStuffer never lets an end of data through, whatever is taken for a line end", () => {
  const pieces = fc.constantFrom("\r", "\n", ".", "\r\n", "a");
  fc.assert(
    fc.property(fc.array(pieces, { maxLength: 12 }), fc.integer({ min: 1, max: 5 }), (parts, size) => {
      const sent = send(parts.join(""), size);
      const inner = sent.slice(0, -5);
      assert(sent.endsWith("\r\n.\r\n") || sent === ".\r\n");
      assert(!/(^|[\r\n])\.[\r\n]/.test(sent.length > 3 ? `${inner}x` : ""), JSON.stringify(sent));
      assert(!/(^|[^\r])\n|\r([^\n]|$)/.test(sent), JSON.stringify(sent));
      assertEquals(send(parts.join(""), 1), sent);
    }),
    { numRuns: 1000, seed: 1 },
  );
});

Deno.test("DotStuffer gives back the very chunk when nothing has to change", () => {
  const stuffer = new DotStuffer();
  const chunk = utf8("From: a\r\n\r\nNothing to do. Really.\r\nend");
  assert(stuffer.write(chunk) === chunk);
  const more = utf8("ing.\r\n");
  assert(stuffer.write(more) === more);
});

Deno.test("DotStuffer can be used again after end()", () => {
  const stuffer = new DotStuffer();
  stuffer.write(utf8("a\r"));
  stuffer.end();
  assertEquals(fromUtf8(stuffer.write(utf8(".b\r\n"))), "..b\r\n");
});

Deno.test("DotStuffer without dots mends line ends and leaves dots alone, in every chunking", () => {
  for (const [text, withDots] of CASES) {
    // What is sent by dots, as its reader has it.
    const expected = withDots.slice(0, -3).replaceAll(/(^|\r\n)\./g, "$1");
    for (let size = 1; size <= text.length + 1; size++) {
      assertEquals(send(text, size, false), expected, JSON.stringify([text, size]));
    }
  }
});
