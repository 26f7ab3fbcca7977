import { Arena, octetsOf } from "../../mod/index/arena.ts";
import { fromUtf8, utf8 } from "../../mod/base/bytes.ts";
import { assert, assertEquals } from "../support/assert.ts";

Deno.test("Arena keeps copies, few to a chunk of their own, long ones whole", () => {
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
  arena.clear();
  assert(arena.keep(utf8("x")).chunk !== long.chunk);
  assertEquals([one, two].map((kept) => fromUtf8(octetsOf(kept))), ["one", "second"]);
  assertEquals(octetsOf(arena.keep(new Uint8Array(0))).length, 0);
});
