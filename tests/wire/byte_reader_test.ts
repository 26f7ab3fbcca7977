import { fromUtf8, utf8 } from "../../mod/base/bytes.ts";
import { ByteReader } from "../../mod/wire/byte_reader.ts";
import { assertEquals, assertThrows } from "../support/assert.ts";
import { ScriptConn } from "../support/script_conn.ts";

async function lines(input: string, max: number, size: number): Promise<string[]> {
  const conn = new ScriptConn().feed(input, size).end();
  const reader = new ByteReader(conn);
  const got: string[] = [];
  for (;;) {
    const line = await reader.readLine(max);
    if (line.kind === "end") return got;
    got.push(line.kind === "long" ? "long" : `${line.kind}:${fromUtf8(line.bytes)}`);
  }
}

const CASES: readonly { readonly input: string; readonly max?: number; readonly want: readonly string[] }[] =
  [
    { input: "", want: [] },
    { input: "a\r\nb\r\n", want: ["line:a", "line:b"] },
    { input: "\r\n\r\n", want: ["line:", "line:"] },
    { input: "partial", want: [] },
    { input: "a\nb\r\n", want: ["bare:a\nb"] },
    { input: "a\rb\r\n", want: ["bare:a\rb"] },
    { input: "\n\r\n", want: ["bare:\n"] },
    { input: "\r\r\n", want: ["bare:\r"] },
    { input: "a\r\n.\n\r\nb\r\n", want: ["line:a", "bare:.\n", "line:b"] },
    { input: "12345\r\n123456\r\nx\r\n", max: 5, want: ["line:12345", "long", "line:x"] },
    { input: `${"y".repeat(5000)}\r\nz\r\n`, max: 5, want: ["long", "line:z"] },
    { input: `${"y".repeat(50)}\nq\r\nz\r\n`, max: 5, want: ["long", "line:z"] },
    { input: `${"y".repeat(50)}`, max: 5, want: [] },
  ];

Deno.test("readLine() gives the same lines in every chunking", async () => {
  for (const { input, max = 100, want } of CASES) {
    for (const size of [1, 2, 3, 4, 5, 7, 100, 10000]) {
      assertEquals(
        await lines(input, max, size),
        [...want],
        `${JSON.stringify(input.slice(0, 20))} by ${size}`,
      );
    }
  }
});

Deno.test("lineNow() gives what is here in full and nothing else", () => {
  const conn = new ScriptConn().feed("one\r\ntw");
  const reader = new ByteReader(conn);
  const first = reader.lineNow(10);
  assertEquals(first?.kind === "line" && fromUtf8(first.bytes), "one");
  assertEquals(reader.lineNow(10), null);
  conn.feed("o\r\n");
  const second = reader.lineNow(10);
  assertEquals(second?.kind === "line" && fromUtf8(second.bytes), "two");
});

Deno.test("readChunk() and unread() mix with lines", async () => {
  const reader = new ByteReader(new ScriptConn().feed("abcdef\r\nrest\r\n").end());
  const chunk = await reader.readChunk(4);
  assertEquals(fromUtf8(chunk ?? utf8("")), "abcd");
  reader.unread(2);
  const line = await reader.readLine(10);
  assertEquals(line.kind === "line" && fromUtf8(line.bytes), "cdef");
  assertEquals(reader.buffered, 6);
  assertEquals(reader.discard(), 6);
  assertEquals(await reader.readChunk(4), null);
  assertThrows(() => reader.unread(1), "Cannot unread");
});

Deno.test("a line over the cap costs no memory beyond what arrived last", async () => {
  const conn = new ScriptConn();
  const reader = new ByteReader(conn);
  const block = new Uint8Array(65536).fill(0x61);
  const line = reader.readLine(100);
  for (let i = 0; i < 32; i++) conn.feed(block);
  conn.feed("\r\nnext\r\n");
  assertEquals((await line).kind, "long");
  assertEquals(reader.buffered, 6);
});

Deno.test("lineNow() takes no more from the connection while it holds a line", () => {
  let taken = 0;
  const block = utf8("NOOP\r\n".repeat(10_000) + "NO");
  const reader = new ByteReader({ read: () => Promise.resolve(null), readNow: () => (taken++, block) });
  for (let i = 0; i < 10_000; i++) assertEquals(reader.lineNow(100)?.kind, "line");
  assertEquals(taken, 1);
  assertEquals(reader.lineNow(100)?.kind, "line");
  assertEquals(taken, 2);
});

Deno.test("lineNow() gives the same lines in every chunking", () => {
  for (const { input, max = 100, want } of CASES) {
    if (want.includes("long") || input.length > 40) continue;
    for (const size of [1, 2, 3, 5, 100]) {
      const conn = new ScriptConn().feed(input, size);
      const reader = new ByteReader(conn);
      const got: string[] = [];
      for (let i = 0; i <= input.length; i++) {
        const line = reader.lineNow(max);
        if (line && (line.kind === "line" || line.kind === "bare")) {
          got.push(`${line.kind}:${fromUtf8(line.bytes)}`);
        }
      }
      assertEquals(got, [...want], `${JSON.stringify(input)} by ${size}`);
    }
  }
});

Deno.test("ByteReader gives memory back when it is told that a large chunk is used up, and only then", async () => {
  const large = new Uint8Array(40_000).fill(65);
  const small = new Uint8Array(100).fill(66);
  const part = new Uint8Array(80_000).subarray(0, 40_000).fill(67);
  const chunks = [large, small, part];
  const reader = new ByteReader({
    read: () => Promise.resolve(chunks.shift() ?? null),
    readNow: () => null,
  });
  assertEquals((await reader.readChunk(30_000))?.length, 30_000);
  reader.spend();
  assertEquals(large.length, 40_000, "10,000 octets of it wait");
  assertEquals((await reader.readChunk(Infinity))?.length, 10_000);
  reader.unread(5);
  reader.spend();
  assertEquals((await reader.readChunk(Infinity))?.length, 5);
  reader.spend();
  assertEquals(large.length, 0);
  assertThrows(() => reader.unread(1));
  for (const [chunk, size] of [[small, 100], [part, 40_000]] as const) {
    assertEquals((await reader.readChunk(Infinity))?.length, size);
    reader.spend();
    assertEquals(chunk.length, size, "it is small, or belongs to something larger");
  }
  assertEquals(await reader.readChunk(1), null);
});
