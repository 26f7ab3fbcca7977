import { GIVEN_UP_AGE, GIVEN_UP_NETWORKS } from "../../mod/base/limits.ts";
import { GivenUp } from "../../mod/tls/given_up.ts";
import { assertEquals } from "../support/assert.ts";

Deno.test("GivenUp knows a network that left twice, for a day", () => {
  const all = new GivenUp();
  assertEquals([all.has("192.0.2.1", 0), all.left("192.0.2.1", 0), all.has("192.0.2.1", 1)], [
    false,
    false,
    false,
  ]);
  assertEquals([all.left("192.0.99.7", 5), all.left("192.0.1.1", 6)], [true, false]);
  assertEquals([all.has("192.0.5.5", 7), all.has("192.1.2.1", 7), all.has("2001:db8::1", 7)], [
    true,
    false,
    false,
  ]);
  assertEquals(all.has("192.0.5.5", 6 + GIVEN_UP_AGE), false);
  assertEquals(all.left("192.0.2.1", 6 + GIVEN_UP_AGE), false);
  all.left("2001:db8::1", 0);
  assertEquals([all.left("2001:db8:ffff::1", 1), all.has("2001:db8:1::", 2)], [true, true]);
});

Deno.test("GivenUp forgets a network from which one stayed, and remembers no more than it may", () => {
  const all = new GivenUp();
  all.left("192.0.2.1", 0);
  all.stayed("192.0.2.2");
  assertEquals(all.left("192.0.2.1", 1), false);
  for (let i = 0; i < GIVEN_UP_NETWORKS; i++) {
    all.left(`10.${i >> 8}.0.1`.replace(/^10/, `${(i & 127) + 1}`), 2);
  }
  for (let i = 0; i < 2 * GIVEN_UP_NETWORKS; i++) all.left(`odd ${i}`, 3);
  assertEquals(all.left("192.0.2.1", 4), false);
});
