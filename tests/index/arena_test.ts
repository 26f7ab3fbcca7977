import { Arena, octetsOf } from "../../mod/index/arena.ts";
import { fromUtf8, utf8 } from "../../mod/base/bytes.ts";
import { assert, assertEquals } from "../support/assert.ts";

Deno.test("Arena keeps copies, many to a chunk, long ones whole", () => {
  const arena = new Arena();
  const text = utf8("one");
  const one = arena.keep(text);
  text.fill(0);
  const two = arena.keep(utf8("second"));
  assertEquals([one, two].map((kept) => fromUtf8(octetsOf(kept))), ["one", "second"]);
  assert(one.chunk === two.chunk);
  const long = arena.keep(new Uint8Array(1_000_000).fill(7));
  assertEquals([octetsOf(long).length, octetsOf(long)[999_999]], [1_000_000, 7]);
  for (let i = 0; i < 1000; i++) arena.keep(new Uint8Array(999));
  assertEquals([one, two].map((kept) => fromUtf8(octetsOf(kept))), ["one", "second"]);
  assertEquals(octetsOf(arena.keep(new Uint8Array(0))).length, 0);
});

Deno.test("Arena gives a chunk back when the last of it is dropped, whichever that is", () => {
  const arena = new Arena();
  const kept = Array.from({ length: 1000 }, (_, i) => arena.keep(new Uint8Array(999).fill(i % 256)));
  const buffers = new Set(kept.map(({ chunk }) => chunk.bytes.buffer));
  assert(buffers.size > 3);
  const detached = () => [...buffers].filter((buffer) => buffer.detached).length;
  const inOrder = kept.map((_, i) => kept[(i * 7) % 1000]).filter((k) => k !== undefined);
  for (const one of inOrder.slice(0, 999)) {
    const value = octetsOf(one)[998];
    assertEquals(value, kept.indexOf(one) % 256);
    arena.drop(one);
  }
  assertEquals(detached(), buffers.size - 1);
  for (const one of inOrder.slice(999)) arena.drop(one);
  assertEquals(detached(), buffers.size);
  const again = arena.keep(utf8("x"));
  assertEquals(fromUtf8(octetsOf(again)), "x");
  arena.drop(again);
});
