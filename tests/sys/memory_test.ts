import { systemMemory } from "../../mod/sys/memory.ts";
import { assert } from "../support/assert.ts";

Deno.test("systemMemory gives back what nobody needs", () => {
  let garbage: unknown[] | null = Array.from({ length: 500_000 }, (_, i) => ({ i }));
  const before = Deno.memoryUsage().heapUsed;
  assert(garbage.length > 0 && systemMemory.resident() > 10_000_000);
  garbage = null;
  systemMemory.collect();
  assert(Deno.memoryUsage().heapUsed < before - 5_000_000);
});
