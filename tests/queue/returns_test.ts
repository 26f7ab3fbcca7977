import { Returns } from "../../mod/queue/returns.ts";
import { assertEquals } from "../support/assert.ts";
import { FakeClock } from "../support/fake_clock.ts";

Deno.test("Returns gathers for a moment, acts once, and begins anew", async () => {
  const clock = new FakeClock();
  const acted: string[][] = [];
  const returns = new Returns(clock, (back) => void acted.push([...back]));
  returns.note([]);
  assertEquals(clock.waiting, 0);
  returns.note(["x"]);
  returns.note(["y", "x"]);
  assertEquals(acted, []);
  await clock.advance(1000);
  returns.note(["z"]);
  await clock.advance(1000);
  assertEquals(acted, [["x", "y"], ["z"]]);
  returns.note(["w"]);
  returns.stop();
  await clock.advance(1000);
  assertEquals([acted.length, clock.waiting], [2, 0]);
});
