import { Connections } from "../../mod/app/connections.ts";
import { parseNetwork } from "../../mod/base/ip.ts";
import { assert, assertEquals } from "../support/assert.ts";
import { ScriptConn } from "../support/script_conn.ts";

function network(text: string) {
  const n = parseNetwork(text);
  assert(n);
  return n;
}

Deno.test("Connections: one address has its share, trusted ones have more, all together have a cap", () => {
  const c = new Connections({ total: 5, perAddress: 2, trusted: [network("10.0.0.0/8")] });
  assertEquals([c.admit("192.0.2.1"), c.admit("192.0.2.1"), c.admit("192.0.2.1")], [true, true, false]);
  assertEquals([c.admit("10.1.1.1"), c.admit("10.1.1.1"), c.admit("10.1.1.1"), c.admit("10.1.1.1")], [
    true,
    true,
    true,
    false,
  ]);
  assertEquals(c.admit("192.0.2.2"), false, "the total is used up");
  c.leave("192.0.2.1");
  assertEquals([c.total, c.admit("192.0.2.2")], [4, true]);
  c.leave("198.51.100.1");
  assertEquals(c.total, 5, "who never came cannot leave");
});

Deno.test("Connections: drain() waits for sessions, then drops those that stay", async () => {
  const c = new Connections({ total: 5, perAddress: 5, trusted: [] });
  const quick = new ScriptConn();
  const slow = new ScriptConn();
  const ends = Promise.withResolvers<void>();
  c.track(quick, Promise.resolve());
  c.track(slow, slow.read().then(() => {}, () => ends.resolve()));
  const patience = Promise.withResolvers<void>();
  const drained = c.drain(patience.promise);
  patience.resolve();
  await drained;
  await ends.promise;
  assertEquals([quick.destroyed, slow.destroyed, c.sessions], [false, true, 0]);
});
