import fc from "fast-check";
import { concat, fromAscii, utf8 } from "../../mod/base/bytes.ts";
import { Assembler, readTag } from "../../mod/imap/assemble.ts";
import type { AssembleEvent, LiteralDecision, Piece } from "../../mod/imap/types.ts";
import { assert, assertEquals, assertThrows } from "../support/assert.ts";

const LIMITS = { line: 100, literal: 50, discard: 200 };

/** How a driver decides, by what a literal's header says. */
type Policy = (e: Extract<AssembleEvent, { kind: "literal" }>) => LiteralDecision;

const BUFFER: Policy = () => "buffer";
const STREAM: Policy = () => "stream";
const REFUSE: Policy = () => "refuse";

/** Feeds chunks and notes the events, streamed data joined. */
function play(chunks: readonly Uint8Array[], policy: Policy, limits = LIMITS): string[] {
  const assembler = new Assembler(limits);
  const log: string[] = [];
  let data = "";
  for (const chunk of chunks) {
    assembler.push(chunk.slice());
    for (let e = assembler.next(); e; e = assembler.next()) {
      if (e.kind === "data") {
        data += fromAscii(e.bytes);
        continue;
      }
      if (e.kind === "data-end") log.push(`data ${JSON.stringify(data)}${e.nul ? " nul" : ""}`);
      else log.push(show(e));
      data = "";
      if (e.kind === "literal") assembler.decide(policy(e));
    }
  }
  return log;
}

function show(e: AssembleEvent): string {
  switch (e.kind) {
    case "command":
      return `command ${showPieces(e.pieces)}`;
    case "literal":
      return `literal ${e.binary ? "~" : ""}${e.size}${e.synchronising ? "" : "+"}`;
    case "refused":
    case "too-big":
      return `${e.kind} ${e.tag}`;
    case "bad-line":
      return `${e.kind} ${e.tag} ${e.why}`;
    default:
      return e.kind;
  }
}

function showPieces(pieces: readonly Piece[]): string {
  return pieces.map((p) => p.kind === "streamed" ? `<${p.size}>` : JSON.stringify(fromAscii(p.bytes))).join(
    " ",
  );
}

const TABLE: readonly { name: string; input: string; policy: Policy; events: readonly string[] }[] = [
  { name: "a command", input: "a NOOP\r\n", policy: BUFFER, events: ['command "a NOOP"'] },
  {
    name: "two commands",
    input: "a NOOP\r\nb NOOP\r\n",
    policy: BUFFER,
    events: ['command "a NOOP"', 'command "b NOOP"'],
  },
  { name: "an empty line", input: "\r\n", policy: BUFFER, events: ['command ""'] },
  {
    name: "synchronising literals",
    input: "a LOGIN {3}\r\nb\r\n {1}\r\nx\r\nc NOOP\r\n",
    policy: BUFFER,
    events: [
      "literal 3",
      "continue",
      "literal 1",
      "continue",
      'command "a LOGIN " "b\\r\\n" " " "x" ""',
      'command "c NOOP"',
    ],
  },
  {
    name: "non-synchronising literals",
    input: "a LOGIN {3+}\r\nb\r\n {0+}\r\n\r\n",
    policy: BUFFER,
    events: ["literal 3+", "literal 0+", 'command "a LOGIN " "b\\r\\n" " " "" ""'],
  },
  {
    name: "a streamed literal8 with NUL",
    input: "a APPEND x ~{4+}\r\na\0\r\n\r\n",
    policy: STREAM,
    events: ["literal ~4+", 'data "a\\u0000\\r\\n"', 'command "a APPEND x " <4> ""'],
  },
  {
    name: "a streamed literal with NUL",
    input: "a APPEND x {3}\r\na\0b\r\n",
    policy: STREAM,
    events: ["literal 3", "continue", 'data "a\\u0000b" nul', 'command "a APPEND x " <3> ""'],
  },
  {
    name: "an empty streamed literal",
    input: "a APPEND x {0}\r\n\r\n",
    policy: STREAM,
    events: ["literal 0", "continue", 'data ""', 'command "a APPEND x " <0> ""'],
  },
  {
    name: "a refused synchronising literal ends its command",
    input: "a APPEND x {9}\r\nb NOOP\r\n",
    policy: REFUSE,
    events: ["literal 9", "refused a", 'command "b NOOP"'],
  },
  {
    name: "a refused non-synchronising literal is thrown away",
    input: "a APPEND x {8+}\r\nz NOOP\r\n\r\n more\r\nb NOOP\r\n",
    policy: REFUSE,
    events: ["literal 8+", "refused a", 'command " more"', 'command "b NOOP"'],
  },
  {
    name: "further literals of a refused command are thrown away",
    input: "a X {2+}\r\nzz {2+}\r\nyy {2}\r\nb NOOP\r\n",
    policy: REFUSE,
    events: ["literal 2+", "refused a", 'command "b NOOP"'],
  },
  {
    name: "too large to buffer",
    input: `a LOGIN {51+}\r\n${"x".repeat(51)}\r\nb NOOP\r\n`,
    policy: BUFFER,
    events: ["literal 51+", "refused a", 'command "b NOOP"'],
  },
  {
    name: "literals too large together",
    input: `a LOGIN {30+}\r\n${"x".repeat(30)} {30+}\r\n${"x".repeat(30)}\r\nb NOOP\r\n`,
    policy: BUFFER,
    events: ["literal 30+", "literal 30+", "refused a", 'command "b NOOP"'],
  },
  {
    name: "4 GB announced, waiting",
    input: "a APPEND x {4294967296}\r\nb NOOP\r\n",
    policy: REFUSE,
    events: ["literal 4294967296", "refused a", 'command "b NOOP"'],
  },
  {
    name: "4 GB announced, not waiting",
    input: "a APPEND x {4294967296+}\r\nb NOOP\r\n",
    policy: REFUSE,
    events: ["literal 4294967296+", "fatal"],
  },
  {
    name: "more digits than any number has",
    input: `a APPEND x {${"9".repeat(80)}+}\r\nb NOOP\r\n`,
    policy: REFUSE,
    events: ["literal Infinity+", "fatal"],
  },
  {
    name: "an overlong line",
    input: `a ${"x".repeat(99)}\r\nb NOOP\r\n`,
    policy: BUFFER,
    events: ["too-big a", 'command "b NOOP"'],
  },
  {
    name: "a line as long as may be",
    input: `a ${"x".repeat(98)}\r\n`,
    policy: BUFFER,
    events: [`command "a ${"x".repeat(98)}"`],
  },
  {
    name: "an overlong line that announces a literal",
    input: `a ${"x".repeat(150)} {8+}\r\nb NOOP\r\n\r\nc NOOP\r\n`,
    policy: BUFFER,
    events: ["too-big a", 'command "c NOOP"'],
  },
  {
    name: "an overlong line that waits for a literal",
    input: `a ${"x".repeat(150)} {8}\r\nb NOOP\r\n`,
    policy: BUFFER,
    events: ["too-big a", 'command "b NOOP"'],
  },
  {
    name: "a line too long to throw away",
    input: `a ${"x".repeat(400)}\r\nb NOOP\r\n`,
    policy: BUFFER,
    events: ["too-big a", "fatal"],
  },
  {
    name: "a bare LF",
    input: "a NOOP\nb NOOP\r\nc NOOP\r\n",
    policy: BUFFER,
    events: ["bad-line a bare", 'command "c NOOP"'],
  },
  {
    name: "a bare LF first",
    input: "\na NOOP\r\nc NOOP\r\n",
    policy: BUFFER,
    events: ["bad-line null bare", 'command "c NOOP"'],
  },
  {
    name: "a bare LF before a literal",
    input: "a LOGIN\nx {6+}\r\nb Y\r\n\n\r\nc NOOP\r\n",
    policy: BUFFER,
    events: ["bad-line a bare", 'command "c NOOP"'],
  },
  {
    name: "a bare CR",
    input: "a NO\rOP\r\nc NOOP\r\n",
    policy: BUFFER,
    events: ["bad-line a bare", 'command "c NOOP"'],
  },
  {
    name: "two CR at the end",
    input: "a NOOP\r\r\nc NOOP\r\n",
    policy: BUFFER,
    events: ["bad-line a bare", 'command "c NOOP"'],
  },
  {
    name: "a NUL",
    input: "a N\0OP\r\nc NOOP\r\n",
    policy: BUFFER,
    events: ["bad-line a nul", 'command "c NOOP"'],
  },
  {
    name: "a bare LF after a literal",
    input: "a LOGIN {1+}\r\nx {1}\nb\r\nc NOOP\r\n",
    policy: BUFFER,
    events: ["literal 1+", "bad-line a bare", 'command "c NOOP"'],
  },
  {
    name: "braces that are no literal",
    input: "a X {}\r\na X {1a}\r\na X 1}\r\n",
    policy: BUFFER,
    events: [
      'command "a X {}"',
      'command "a X {1a}"',
      'command "a X 1}"',
    ],
  },
];

Deno.test("Assembler gives the same events whatever the chunks", () => {
  for (const { name, input, policy, events } of TABLE) {
    const bytes = utf8(input);
    for (let size = 1; size <= bytes.length; size++) {
      const chunks: Uint8Array[] = [];
      for (let at = 0; at < bytes.length; at += size) chunks.push(bytes.subarray(at, at + size));
      assertEquals(play(chunks, policy), [...events], `${name}, chunks of ${size}`);
    }
  }
});

Deno.test("Assembler gives the same events for any octets in any chunks", () => {
  const octet = fc.constantFrom(...utf8('a {}~+10\r\n\0"('));
  fc.assert(
    fc.property(fc.array(octet, { maxLength: 80 }), fc.integer({ min: 1, max: 9 }), (octets, size) => {
      const bytes = new Uint8Array(octets);
      const chunks: Uint8Array[] = [];
      for (let at = 0; at < bytes.length; at += size) chunks.push(bytes.subarray(at, at + size));
      const limits = { line: 20, literal: 10, discard: 30 };
      for (const policy of [BUFFER, STREAM, REFUSE]) {
        assertEquals(finished(play(chunks, policy, limits)), finished(play([bytes], policy, limits)));
      }
    }),
    { numRuns: 300, seed: 1 },
  );
});

/** Without what depends on where the input stops. */
function finished(log: readonly string[]): readonly string[] {
  return log.map((e) => e.replace(/ [^ ]+ (bare|nul)$/, "").replace(/^(too-big|refused) .*/, "$1"));
}

Deno.test("Assembler throws a million octets of line away without holding them", () => {
  const assembler = new Assembler({ line: 65536, literal: 10, discard: 1 << 24 });
  const chunk = new Uint8Array(16384).fill(0x78);
  const seen: string[] = [];
  for (let i = 0; i < 256; i++) {
    assembler.push(chunk.slice());
    for (let e = assembler.next(); e; e = assembler.next()) seen.push(e.kind);
    assert(assembler.rest <= 65536 + 16384);
  }
  assembler.push(utf8("\r\na NOOP\r\n"));
  for (let e = assembler.next(); e; e = assembler.next()) seen.push(e.kind);
  assertEquals(seen, ["too-big", "command"]);
});

Deno.test("Assembler keeps pieces it gave intact when more comes", () => {
  const assembler = new Assembler(LIMITS);
  assembler.push(utf8("a LO"));
  assertEquals(assembler.next(), null);
  assembler.push(utf8("GIN {1+}\r\nx y\r\nb "));
  const literal = assembler.next();
  assert(literal?.kind === "literal");
  assembler.decide("buffer");
  const command = assembler.next();
  assert(command?.kind === "command");
  for (let i = 0; i < 20; i++) assembler.push(utf8("zzz"));
  assertEquals(
    fromAscii(concat(command.pieces.map((p) => p.kind === "streamed" ? utf8("") : p.bytes))),
    "a LOGIN x y",
  );
  assertEquals(assembler.rest, 62);
  assembler.discard();
  assertEquals(assembler.rest, 0);
});

Deno.test("Assembler wants a decision before it goes on", () => {
  const assembler = new Assembler(LIMITS);
  assertThrows(() => assembler.decide("buffer"));
  assembler.push(utf8("a X {1}\r\n"));
  assembler.next();
  assertThrows(() => assembler.next());
});

Deno.test("readTag() takes exactly the octets a tag may have", () => {
  for (let c = 0; c < 256; c++) {
    const char = String.fromCharCode(c);
    const good = c > 0x20 && c < 0x7f && !'(){%*"\\+'.replace("}", "").includes(char);
    assertEquals(readTag(new Uint8Array([c, 0x20])), good ? char : null, `octet ${c}`);
  }
  assertEquals(readTag(utf8("abc")), null);
  assertEquals(readTag(utf8(" abc")), null);
  assertEquals(readTag(utf8(`${"x".repeat(256)} `)), null);
});
