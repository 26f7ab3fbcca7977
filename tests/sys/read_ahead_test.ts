import { ReadAhead } from "../../mod/sys/read_ahead.ts";
import { assertEquals } from "../support/assert.ts";

Deno.test("ReadAhead is crowded while more waits than its bound", () => {
  const ahead = new ReadAhead(100);
  const seen: [number, boolean][] = [];
  for (const octets of [60, 40, 1, -1, 50, -150]) {
    ahead.count(octets);
    seen.push([ahead.held, ahead.crowded]);
  }
  assertEquals(seen, [[60, false], [100, false], [101, true], [100, false], [150, true], [0, false]]);
});
