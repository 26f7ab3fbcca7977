import fc from "fast-check";
import { assert, assertEquals } from "../support/assert.ts";
import { scanStructure, StructureScanner } from "../../mod/mail/structure.ts";
import { MIME_DEPTH, MIME_PARTS, PART_HEADER } from "../../mod/base/limits.ts";
import { utf8 } from "../../mod/base/bytes.ts";
import type { Part } from "../../mod/mail/types.ts";
import { answers, octets, structureValues, text } from "./dovecot_answers.ts";
import { everyChunking } from "./chunking.ts";

for (const file of ["dovecot_structures.json", "dovecot_content_types.json"]) {
  for (const { message, answer } of answers(file)) {
    Deno.test(`scanStructure() answers as Dovecot: ${JSON.stringify(message).slice(0, 200)}`, () => {
      assertEquals(structureValues(scanStructure(octets(message))), answer);
    });
  }
}

Deno.test("scanStructure() answers as Dovecot to messages put together at random", () => {
  for (const { message, answer } of answers("dovecot_random_structures.json")) {
    assertEquals(structureValues(scanStructure(octets(message))), answer, JSON.stringify(message));
  }
});

Deno.test("StructureScanner gives the same in every chunking", () => {
  for (const { message } of answers("dovecot_structures.json")) {
    const bytes = octets(message);
    const whole = scanStructure(bytes);
    for (const chunks of everyChunking(bytes, 3)) assertEquals(inChunks(chunks), whole, message);
  }
});

Deno.test("StructureScanner does not keep chunks", () => {
  for (const { message } of answers("dovecot_structures.json").slice(0, 20)) {
    const bytes = octets(message);
    const buffer = new Uint8Array(5);
    const scanner = new StructureScanner();
    for (let at = 0; at < bytes.length; at += 5) {
      const n = Math.min(5, bytes.length - at);
      buffer.set(bytes.subarray(at, at + n));
      scanner.write(buffer.subarray(0, n));
      buffer.fill(0);
    }
    assertEquals(scanner.end(), scanStructure(bytes));
  }
});

Deno.test("scanStructure() tells where header and body of each part lie", () => {
  const message = [
    "Content-Type: multipart/mixed; boundary=a",
    "",
    "pre",
    "--a",
    "Content-Type: text/html",
    "",
    "one",
    "two",
    "--a",
    "Content-Type: message/rfc822",
    "",
    "Subject: x",
    "",
    "inner",
    "",
    "--a--",
    "post",
    "",
  ].join("\r\n");
  const root = scanStructure(utf8(message));
  const show = (p: Part | undefined) =>
    p && [message.slice(p.headerStart, p.bodyStart), message.slice(p.bodyStart, p.bodyEnd), p.lines];
  assertEquals(show(root.children[0]), ["Content-Type: text/html\r\n\r\n", "one\r\ntwo", 1]);
  assertEquals(show(root.children[1]), [
    "Content-Type: message/rfc822\r\n\r\n",
    "Subject: x\r\n\r\ninner\r\n",
    3,
  ]);
  assertEquals(show(root.children[1]?.inner?.part), ["Subject: x\r\n\r\n", "inner\r\n", 1]);
  assertEquals(root.bodyEnd, message.length);
});

Deno.test("scanStructure() reads bare LF as other programs wrote it", () => {
  const message = "Content-Type: multipart/mixed; boundary=a\n\n--a\n\none\n\n--a--\n";
  const part = scanStructure(utf8(message)).children[0];
  assert(part);
  assertEquals(message.slice(part.bodyStart, part.bodyEnd), "one\n");
});

Deno.test("scanStructure() keeps header and body apart where a boundary cuts a header off", () => {
  const message =
    "Content-Type: multipart/mixed; boundary=a\r\n\r\n--a\r\nContent-Type: text/html\r\n--a--\r\n";
  const part = scanStructure(utf8(message)).children[0];
  assert(part);
  assertEquals(message.slice(part.headerStart, part.bodyStart), "Content-Type: text/html\r\n");
  assertEquals([part.bodyStart, part.subtype], [part.bodyEnd, "html"]);
});

Deno.test("scanStructure() stops at its depth", () => {
  let message = "";
  for (let i = 0; i < 300; i++) {
    message += `Content-Type: multipart/mixed; boundary=b${i}x\r\n\r\n--b${i}x\r\n`;
  }
  let depth = 0;
  for (let p: Part | undefined = scanStructure(utf8(message)); p; p = p.children[0]) depth++;
  assertEquals(depth, MIME_DEPTH + 1);
  const rfc822 = "Content-Type: message/rfc822\r\n\r\n".repeat(300);
  let part = scanStructure(utf8(rfc822));
  for (depth = 0; part.inner; depth++) part = part.inner.part;
  assertEquals([depth, part.type], [MIME_DEPTH, "application"]);
});

Deno.test("scanStructure() stops at its number of parts", () => {
  const root = scanStructure(
    utf8("Content-Type: multipart/mixed; boundary=a\r\n\r\n" + "--a\r\n\r\n".repeat(MIME_PARTS + 50)),
  );
  assertEquals(root.children.length, MIME_PARTS - 1);
  const last = root.children.at(-1);
  assertEquals(last?.bodyEnd, root.bodyEnd);
});

Deno.test("StructureScanner reads no further than its cap into a part's header, in any chunking", () => {
  const long = `X: ${"x".repeat(PART_HEADER)}\r\nContent-Type: text/html\r\n\r\nhi\r\n--a--\r\n`;
  const bytes = utf8(`Content-Type: multipart/mixed; boundary=a\r\n\r\n--a\r\n${long}`);
  const whole = scanStructure(bytes);
  assertEquals(whole.children[0]?.subtype, "plain");
  for (const size of [1000, 4096, 65536]) {
    const chunks = [];
    for (let at = 0; at < bytes.length; at += size) chunks.push(bytes.subarray(at, at + size));
    assertEquals(inChunks(chunks), whole);
  }
});

Deno.test("scanStructure() survives anything, in any cut, with ranges that nest", () => {
  const line = fc.constantFrom(
    "--a",
    "--a--",
    "--ab",
    "--ab--",
    "",
    "-",
    "--",
    "text",
    "Content-Type: multipart/mixed; boundary=a",
    "Content-Type: multipart/digest; boundary=ab",
    "Content-Type: message/rfc822",
    " folded",
    "Content-Type: text/x; a*0=b; a*1*=c%",
  );
  const message = fc.array(fc.tuple(line, fc.constantFrom("\r\n", "\n", "\r", "")), { maxLength: 30 })
    .map((lines) => utf8(lines.map((l) => l.join("")).join("")));
  const random = fc.uint8Array({ maxLength: 100 });
  fc.assert(
    fc.property(
      fc.oneof({ weight: 4, arbitrary: message }, random),
      fc.integer({ min: 1, max: 20 }),
      (bytes, size) => {
        const whole = scanStructure(bytes);
        const chunks = [];
        for (let at = 0; at < bytes.length; at += size) chunks.push(bytes.subarray(at, at + size));
        assertEquals(inChunks(chunks), whole, JSON.stringify(text(bytes)));
        checkRanges(whole, 0, bytes.length);
      },
    ),
    { numRuns: 300 },
  );
});

function checkRanges(p: Part, from: number, to: number): void {
  assert(
    from <= p.headerStart && p.headerStart <= p.bodyStart && p.bodyStart <= p.bodyEnd && p.bodyEnd <= to,
  );
  assert(p.lines >= 0);
  let at = p.bodyStart;
  for (const child of p.inner ? [p.inner.part] : p.children) {
    checkRanges(child, at, p.bodyEnd);
    at = child.bodyEnd;
  }
}

function inChunks(chunks: readonly Uint8Array[]): Part {
  const scanner = new StructureScanner();
  for (const c of chunks) scanner.write(c);
  return scanner.end();
}
