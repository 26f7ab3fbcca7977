import { concat, fromAscii, utf8 } from "../../mod/base/bytes.ts";
import { MboxLines, type MboxWay } from "../../mod/transfer/mbox_lines.ts";
import { assertEquals } from "../support/assert.ts";

/** The outcome, the same for every size of chunks. */
function through(way: MboxWay, text: string): string {
  const bytes = utf8(text);
  let first: string | null = null;
  for (let size = 1; size <= bytes.length + 1; size++) {
    const lines = new MboxLines(way);
    const out: Uint8Array[] = [];
    for (let at = 0; at < bytes.length; at += size) out.push(lines.write(bytes.slice(at, at + size)).slice());
    out.push(lines.end().slice());
    const now = fromAscii(concat(out));
    first ??= now;
    assertEquals(now, first, `chunks of ${size}`);
  }
  return first ?? "";
}

const CASES: readonly (readonly [string, string])[] = [
  ["From me\r\nx From y\r\n", ">From me\nx From y\n"],
  [">From me\r\n>>From you\r\n> From\r\n", ">>From me\n>>>From you\n> From\n"],
  ["Fro\r\nFromage\r\n>Fro\r\n\r\n", "Fro\nFromage\n>Fro\n\n"],
  ["a\rb\r\n\r\r\nFrom x", "a\rb\n\r\n>From x"],
  ["", ""],
  ["From", "From"],
  [">>", ">>"],
  ["x\r", "x\r"],
];

Deno.test("MboxLines quotes what looks like a beginning, and takes it away again, in every chunking", () => {
  for (const [plain, quoted] of CASES) {
    assertEquals(through("quote", plain), quoted);
    // A CR before the line end's own CR cannot be told from it on the way back.
    if (!plain.includes("\r\r\n")) assertEquals(through("unquote", quoted), plain);
  }
});

Deno.test("MboxLines makes CRLF of LF once, and keeps quoting where it is meant", () => {
  assertEquals(through("keep", "a\n>From b\r\nc\n"), "a\r\n>From b\r\nc\r\n");
  assertEquals(through("unquote", "a\n>From b\r\n>>From c\n"), "a\r\nFrom b\r\n>From c\r\n");
});
