import { Buffer } from "node:buffer";
import { concat, fromUtf8 } from "../../mod/base/bytes.ts";
import { Base64Lines } from "../../mod/mail/base64_lines.ts";
import { assert, assertEquals } from "../support/assert.ts";
import { SeededRandom } from "../support/seeded_random.ts";

Deno.test("Base64Lines writes what any decoder reads back, in lines of 76, in any chunking", () => {
  const random = new SeededRandom(3);
  for (const length of [0, 1, 2, 3, 56, 57, 58, 114, 1000, 57 * 512, 57 * 512 + 1, 100_000]) {
    const bytes = random.bytes(length);
    for (const size of length < 2000 ? [1, 7, 1000] : [10_000, length]) {
      const out: Uint8Array[] = [];
      const lines = new Base64Lines((view) => out.push(view.slice()));
      for (let at = 0; at < length; at += size) lines.write(bytes.subarray(at, at + size));
      lines.end();
      const text = fromUtf8(concat(out));
      assertEquals(new Uint8Array(Buffer.from(text, "base64")), bytes);
      const all = text.split("\r\n");
      assertEquals(all.pop(), "");
      assert(all.slice(0, -1).every((l) => l.length === 76) && (all.at(-1)?.length ?? 76) <= 76);
    }
  }
});
