import { concat, fromUtf8 } from "../../mod/base/bytes.ts";
import { IMAP_OUTPUT } from "../../mod/base/limits.ts";
import { Output } from "../../mod/imap/output.ts";
import { assertEquals } from "../support/assert.ts";

Deno.test("Output gathers responses and sends them in one piece", async () => {
  const sent: Uint8Array[] = [];
  const out = new Output((bytes) => {
    sent.push(bytes);
    return Promise.resolve();
  });
  await out.flush();
  out.release();
  assertEquals([out.length, sent.length], [0, 0]);
  out.line("* 1 EXISTS");
  out.release(); // holds what is unsent
  out.line("a OK done");
  await out.flush();
  assertEquals(sent.map(fromUtf8), ["* 1 EXISTS\r\na OK done\r\n"]);
  out.line("x");
  assertEquals(fromUtf8(out.take()), "x\r\n");
  assertEquals(out.full, false);
  while (!out.full) out.line("y".repeat(1000));
  assertEquals(out.length >= IMAP_OUTPUT, true);
  await out.flush();
  assertEquals([out.length, concat(sent).length > IMAP_OUTPUT], [0, true]);
});
