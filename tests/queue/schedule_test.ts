import { assert, assertEquals } from "../support/assert.ts";
import { SeededRandom } from "../support/seeded_random.ts";
import { destinationPause, schedule, TERMS } from "../../mod/queue/schedule.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

Deno.test("schedule() doubles from five minutes to four hours, a tenth left to chance", () => {
  const expected = [5, 10, 20, 40, 80, 160, 240, 240, 240];
  for (let seed = 0; seed < 50; seed++) {
    const random = new SeededRandom(seed);
    for (const [i, minutes] of expected.entries()) {
      const wait = schedule(i + 1, 0, random) ?? 0;
      assert(wait >= minutes * MINUTE * 0.9 && wait <= minutes * MINUTE * 1.1, `attempt ${i + 1}: ${wait}`);
    }
  }
  assert(new Set([1, 2, 3, 4].map((seed) => schedule(1, 0, new SeededRandom(seed)))).size > 1);
});

Deno.test("schedule() makes the last attempt after five days and gives up then", () => {
  const random = new SeededRandom(1);
  assertEquals(schedule(30, TERMS.lifetime, random), null);
  assertEquals(schedule(1, TERMS.lifetime + 1, random), null);
  assertEquals(schedule(30, TERMS.lifetime - MINUTE, random), MINUTE);
  assert((schedule(5000, 0, random) ?? 0) <= 4.4 * HOUR);
  let age = 0;
  let attempts = 0;
  for (let wait: number | null = 0; wait !== null; wait = schedule(++attempts, age, random)) age += wait;
  assertEquals(age, TERMS.lifetime);
  assert(attempts > 25 && attempts < 50, `${attempts} attempts`);
});

Deno.test("schedule() goes by a table, its last wait from then on, and by another lifetime", () => {
  const random = new SeededRandom(1);
  const terms = { lifetime: 2 * HOUR, waits: [MINUTE, 10 * MINUTE] };
  for (const [attempt, minutes] of [[1, 1], [2, 10], [3, 10], [99, 10]] as const) {
    const wait = schedule(attempt, 0, random, terms) ?? 0;
    assert(wait >= 0.9 * minutes * MINUTE && wait <= 1.1 * minutes * MINUTE, `attempt ${attempt}: ${wait}`);
  }
  assertEquals(schedule(3, 2 * HOUR - 1000, random, terms), 1000);
  assertEquals(schedule(1, 2 * HOUR, random, terms), null);
});

Deno.test("destinationPause() grows from a minute to a quarter of an hour", () => {
  const random = new SeededRandom(1);
  const near = (failures: number, minutes: number) => {
    const pause = destinationPause(failures, random) / MINUTE;
    assert(pause >= minutes * 0.9 && pause <= minutes * 1.1, `${failures}: ${pause}`);
  };
  near(1, 1);
  near(2, 2);
  near(4, 8);
  near(5, 15);
  near(2000, 15);
});
