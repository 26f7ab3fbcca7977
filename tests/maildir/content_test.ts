import fc from "fast-check";
import { concat, fromUtf8, utf8 } from "../../mod/base/bytes.ts";
import { bareLines, canonicalInto, openContent, QuickReader } from "../../mod/maildir/content.ts";
import { assertEquals } from "../support/assert.ts";
import { MemFs } from "../support/mem_fs.ts";

const canonical = (text: string) => text.replace(/(?<!\r)\n/g, "\r\n");
const TEXTS = ["", "\n", "\r\n", "\r", "a\nb\r\nc\rd\n\n", "\n\r\n\r\r\n", "no end", "x\r\ny\r\n"];

Deno.test("bareLines() and canonicalInto() give each bare LF its CR, whatever came before", () => {
  for (const text of TEXTS) {
    for (const before of ["", "\r", "x"]) {
      const whole = canonical(before + text).slice(canonical(before).length);
      const bytes = utf8(text);
      const previous = before.charCodeAt(0) || 0;
      assertEquals(bareLines(bytes, previous), whole.length - text.length);
      const into = new Uint8Array(bytes.length * 2);
      assertEquals(fromUtf8(into.subarray(0, canonicalInto(bytes, into, previous))), whole);
    }
  }
});

Deno.test("canonicalInto() is the same wherever the octets lie", () => {
  const text = fc.array(
    fc.constantFrom("\n", "\r\n", "\r", "a", "\x0b", "\x8a", "bcdefgh", "ijklmnopqrstuvwx"),
    {
      maxLength: 40,
    },
  );
  fc.assert(fc.property(text, fc.nat(9), fc.nat(9), (parts, before, offset) => {
    const whole = parts.join("");
    const bytes = Uint8Array.from("\n".repeat(before) + whole, (c) => c.charCodeAt(0)).subarray(before);
    const into = new Uint8Array(bytes.length * 2 + offset).subarray(offset);
    const written = canonicalInto(bytes, into);
    assertEquals(String.fromCharCode(...into.subarray(0, written)), canonical(whole));
    assertEquals(written, bytes.length + bareLines(bytes));
  }));
});

Deno.test("openContent() reads any range of the canonical form", async () => {
  for (const text of TEXTS) {
    const fs = new MemFs({ files: { "/f": text } });
    const whole = canonical(text);
    const content = await openContent(await fs.open("/f"), -1);
    assertEquals(content.size, whole.length);
    for (let start = 0; start <= whole.length + 1; start++) {
      for (let end = start; end <= whole.length + 2; end++) {
        assertEquals(fromUtf8(await content.read(start, end)), whole.slice(start, end), `${start}-${end}`);
      }
    }
    content.close();
    assertEquals(fs.openFiles, 0);
  }
});

Deno.test("openContent() finds its way in files of many chunks", async () => {
  const lines = fc.array(fc.tuple(fc.nat(40_000), fc.constantFrom("\n", "\r\n", "\r")), {
    minLength: 3,
    maxLength: 12,
  });
  await fc.assert(
    fc.asyncProperty(lines, fc.nat(), fc.nat(), async (parts, a, b) => {
      const text = parts.map(([n, end], i) => String(i % 10).repeat(n) + end).join("");
      const fs = new MemFs({ files: { "/f": text } });
      const whole = canonical(text);
      const content = await openContent(await fs.open("/f"), -1);
      const start = a % whole.length;
      const end = start + b % 100_000;
      assertEquals(fromUtf8(await content.read(start, end)) === whole.slice(start, end), true);
      content.close();
    }),
    { numRuns: 15 },
  );
});

Deno.test("QuickReader reads small files at once and turns others away", () => {
  const large = "y".repeat(200_000) + "\n";
  const fs = new MemFs({
    files: { "/lf": "a\nb\n", "/crlf": "a\r\n", "/large": large, "/huge": "x".repeat(300_000) },
  });
  const quick = new QuickReader(fs, 256 * 1024);
  const text = (path: string, hint = -1) => {
    const bytes = quick.bytes(path, hint);
    return typeof bytes === "string" ? bytes : fromUtf8(concat([bytes]));
  };
  assertEquals(text("/lf"), "a\r\nb\r\n");
  assertEquals(text("/lf", 6), "a\r\nb\r\n");
  assertEquals(text("/crlf", 3), "a\r\n");
  assertEquals(text("/large") === canonical(large), true);
  assertEquals(text("/huge"), "large");
  assertEquals(text("/none"), "gone");
});
