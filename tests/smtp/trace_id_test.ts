import { createTraceId } from "../../mod/smtp/trace_id.ts";
import { assert, assertMatch } from "../support/assert.ts";
import { FakeClock } from "../support/fake_clock.ts";
import { SeededRandom } from "../support/seeded_random.ts";

Deno.test("createTraceId() gives IDs that differ and sort by time", async () => {
  const clock = new FakeClock();
  const random = new SeededRandom();
  let last = "";
  for (let i = 0; i < 12; i++) {
    const id = createTraceId(clock, random);
    assertMatch(id, /^[0-9a-z]{14}$/);
    assert(id !== createTraceId(clock, random));
    assert(id > last);
    last = id;
    await clock.advance(1 + i * 977);
  }
});
