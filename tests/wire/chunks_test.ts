import { concat, fromUtf8, utf8 } from "../../mod/base/bytes.ts";
import { ChunkDecoder } from "../../mod/wire/chunks.ts";
import { assertEquals } from "../support/assert.ts";

Deno.test("ChunkDecoder takes all octets as they are; only text has faults", () => {
  const table: [string, "bare" | "nul" | null][] = [
    ["", null],
    ["a\r\n.\r\nb\r\n", null],
    ["..\r\n", null],
    ["no end", null],
    ["a\nb", "bare"],
    ["a\r", "bare"],
    ["a\0", "nul"],
  ];
  for (const [text, fault] of table) {
    for (const binary of [false, true]) {
      for (const size of [1, 2, 100]) {
        const decoder = new ChunkDecoder(binary);
        const out: Uint8Array[] = [];
        const bytes = utf8(text);
        for (let at = 0; at < bytes.length; at += size) {
          const piece = bytes.subarray(at, at + size);
          assertEquals(decoder.write(piece, (view) => out.push(view.slice())), piece.length);
        }
        assertEquals(decoder.done, false);
        decoder.end();
        assertEquals([decoder.done, decoder.fault, fromUtf8(concat(out))], [
          true,
          binary ? null : fault,
          text,
        ]);
      }
    }
  }
});
