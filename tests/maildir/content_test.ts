import fc from "fast-check";
import { concat, fromUtf8 } from "../../mod/base/bytes.ts";
import { openContent, QuickReader } from "../../mod/maildir/content.ts";
import { assertEquals } from "../support/assert.ts";
import { MemFs } from "../support/mem_fs.ts";

const canonical = (text: string) => text.replace(/(?<!\r)\n/g, "\r\n");
const TEXTS = ["", "\n", "\r\n", "\r", "a\nb\r\nc\rd\n\n", "\n\r\n\r\r\n", "no end", "x\r\ny\r\n"];

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
