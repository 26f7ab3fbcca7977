import { assertEquals } from "../support/assert.ts";
import { GrowingBytes } from "../../mod/mail/growing_bytes.ts";

Deno.test("GrowingBytes joins pieces and keeps earlier views as they were", () => {
  const all = new GrowingBytes();
  const views: Uint8Array[] = [];
  for (let i = 0; i < 200; i++) {
    all.push(Uint8Array.of(i));
    views.push(all.view());
  }
  views.forEach((v, i) => assertEquals(v, Uint8Array.from({ length: i + 1 }, (_, n) => n)));
  all.push(new Uint8Array(1000));
  assertEquals(all.length, 1200);
  all.clear();
  assertEquals([all.length, all.view().length], [0, 0]);
});
