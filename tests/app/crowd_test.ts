import { Crowd } from "../../mod/app/crowd.ts";
import { CONNECTIONS_WHEN_TIGHT, HTTP_CONNECTIONS, HTTP_PER_NETWORK } from "../../mod/base/limits.ts";
import { assertEquals } from "../support/assert.ts";

/** How many of `tries` are admitted. */
function admitted(crowd: Crowd, tries: number, remote: (i: number) => string): number {
  return Array.from({ length: tries }, (_, i) => crowd.admit(remote(i))).filter((yes) => yes).length;
}

Deno.test("Crowd: nobody has all the places, and this machine has its own", () => {
  const crowd = new Crowd(() => false);
  assertEquals(admitted(crowd, 1000, () => "203.0.113.9"), HTTP_PER_NETWORK);
  // A network of IPv6 is one household.
  assertEquals(admitted(crowd, 1000, (i) => `2001:db8::${i.toString(16)}`), HTTP_PER_NETWORK);
  assertEquals(
    admitted(crowd, 1000, (i) => `198.51.100.${i % 250}`),
    HTTP_CONNECTIONS - 2 * HTTP_PER_NETWORK,
  );
  assertEquals(admitted(crowd, 1000, () => "127.0.0.1"), HTTP_CONNECTIONS);
  crowd.leave("2001:db8::ffff");
  assertEquals([crowd.admit("192.0.2.1"), crowd.admit("192.0.2.2")], [true, false]);
  assertEquals(crowd.total, 2 * HTTP_CONNECTIONS);
});

Deno.test("Crowd: few strangers where memory is short", () => {
  const crowd = new Crowd(() => true);
  assertEquals(admitted(crowd, 100, (i) => `198.51.100.${i}`), CONNECTIONS_WHEN_TIGHT);
  assertEquals(crowd.admit("::1"), true);
});
