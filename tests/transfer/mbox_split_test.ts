import { utf8 } from "../../mod/base/bytes.ts";
import { type MboxFault, splitMbox } from "../../mod/transfer/mbox_split.ts";
import { assert, assertEquals } from "../support/assert.ts";
import { MemFs } from "../support/mem_fs.ts";

const FROM = "From a@b.test Sun Nov 22 10:00:00 2026\n";

async function split(text: string) {
  const fs = new MemFs({ files: { "/m": utf8(text) } });
  const file = await fs.open("/m");
  const faults: MboxFault[] = [];
  const pieces: string[] = [];
  const dates: (number | null)[] = [];
  for await (const p of splitMbox(file, (f) => faults.push(f))) {
    pieces.push(new TextDecoder().decode(utf8(text).subarray(p.start, p.end)));
    dates.push(p.date);
  }
  file.close();
  return { pieces, faults: faults.map((f) => f.kind), dates };
}

Deno.test("splitMbox() finds messages in good and in broken files", async () => {
  const head = "Subject: x\n\n";
  const cases: readonly (readonly [string, string, readonly string[], readonly string[]])[] = [
    ["nothing", "", [], []],
    ["one", `${FROM}${head}a\n\n`, [`${head}a\n`], []],
    ["two", `${FROM}${head}a\n\n${FROM}${head}b\n\n`, [`${head}a\n`, `${head}b\n`], []],
    ["no end", `${FROM}${head}a`, [`${head}a`], []],
    ["CRLF", `${FROM}${head}a\n\n${FROM}${head}b`.replaceAll("\n", "\r\n"), [
      "Subject: x\r\n\r\na\r\n",
      "Subject: x\r\n\r\nb",
    ], []],
    ["empty lines first", `\n\n${FROM}${head}a\n\n`, [`${head}a\n`], []],
    ["a byte order mark", `\ufeff${FROM}${head}a\n\n`, [`${head}a\n`], []],
    ["junk first", `junk\nmore\n\n${FROM}${head}a\n\n`, [`${head}a\n`], ["before"]],
    ["no mbox", "Subject: x\n\nhello\n", [], ["before"]],
    ["text that begins so", `${FROM}${head}a\n\nFrom me to you\n\nFrom the start: x\n\n`, [
      `${head}a\n\nFrom me to you\n\nFrom the start: x\n`,
    ], []],
    ["no empty line between", `${FROM}${head}a\n${FROM}${head}b\n\n`, [`${head}a\n`, `${head}b\n`], [
      "joined",
    ]],
    ["a quotation of another mbox", `${FROM}${head}see\n${FROM}this is no field\n\n`, [
      `${head}see\n${FROM}this is no field\n`,
    ], []],
    ["no date, but a field", `${FROM}${head}a\n\nFrom someone\nReceived: x\n\nb\n\n`, [
      `${head}a\n`,
      "Received: x\n\nb\n",
    ], []],
    ["counted", `${FROM}Content-Length: ${FROM.length + 3}\n\na\n${FROM}\n\n${FROM}${head}b\n\n`, [
      `Content-Length: ${FROM.length + 3}\n\na\n${FROM}\n`,
      `${head}b\n`,
    ], []],
    ["counted wrong", `${FROM}Content-Length: 3\n\nabcdef\n\n${FROM}${head}b\n\n`, [
      "Content-Length: 3\n\nabcdef\n",
      `${head}b\n`,
    ], []],
    ["counted past the end", `${FROM}Content-Length: 99999\n\na\n\n${FROM}${head}b\n\n`, [
      "Content-Length: 99999\n\na\n",
      `${head}b\n`,
    ], []],
    ["empty messages", `${FROM}\n${FROM}\n${FROM}`, ["\n", "\n", ""], []],
  ];
  for (const [name, text, pieces, faults] of cases) {
    const got = await split(text);
    assertEquals(got.pieces, [...pieces], name);
    assertEquals(got.faults, [...faults], name);
  }
});

Deno.test("splitMbox() reads the dates programs write", async () => {
  const at = Date.UTC(2026, 10, 22, 10);
  for (
    const [line, date] of [
      ["From a@b Sun Nov 22 10:00:00 2026", at],
      ["From - Sun Nov 22 10:00:00 2026", at],
      ["From a b Sun Nov 22 10:00 2026", at],
      ["From a@b Sun Nov 22 12:00:00 +0200 2026", at],
      ["From a@b Sun Nov 22 10:00:00 2026 +0000", at],
      ["From a@b Sun, 22 Nov 2026 10:00:00 +0000", at],
      ["From a@b  yesterday", null],
    ] as const
  ) {
    const { dates, pieces } = await split(`${line}\nSubject: x\n\na\n\n`);
    assertEquals([dates, pieces.length], [[date], 1], line);
  }
});

Deno.test("splitMbox() finds every message wherever the edges of chunks are", async () => {
  const body = (n: number) => `Subject: x\n\n${"y".repeat(n)}\nFrom nobody\n${"z\n".repeat(n % 70)}`;
  const bodies = Array.from({ length: 90 }, (_, i) => body(7000 + i * 61));
  const { pieces, faults } = await split(bodies.map((b) => `${FROM}${b}\n`).join(""));
  assertEquals(faults, []);
  assert(pieces.every((p, i) => p === bodies[i]) && pieces.length === bodies.length);
});

Deno.test("splitMbox() goes through one long line and many false beginnings in time that does not grow by the square", async () => {
  const began = performance.now();
  const { pieces } = await split(`${FROM}Subject: x\n\n${"From x\n".repeat(40_000)}${"a".repeat(3_000_000)}`);
  assertEquals(pieces.length, 1);
  assert(performance.now() - began < 3000);
});
