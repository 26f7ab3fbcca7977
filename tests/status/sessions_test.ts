import { SESSION_AGE, SESSIONS } from "../../mod/base/limits.ts";
import { Sessions } from "../../mod/status/sessions.ts";
import { assert, assertEquals } from "../support/assert.ts";
import { SeededRandom } from "../support/seeded_random.ts";

Deno.test("Sessions end by themselves, by hand, and when there are too many", () => {
  const sessions = new Sessions(new SeededRandom(1));
  const first = sessions.begin("t1", 0);
  const second = sessions.begin("t2", 0);
  assert(first !== second && sessions.find(first, 1)?.formKey !== sessions.find(second, 1)?.formKey);
  assertEquals(sessions.find(first, 1)?.token, "t1");
  assertEquals(sessions.find(first, SESSION_AGE), null);
  sessions.end(second);
  assertEquals([sessions.find(second, 1), sessions.find("", 1)], [null, null]);
  const kept = sessions.begin("t", 0);
  for (let i = 0; i < SESSIONS - 1; i++) sessions.begin("t", 0);
  assert(sessions.find(kept, 1));
  sessions.begin("t", 0);
  assertEquals(sessions.find(kept, 1), null);
});
