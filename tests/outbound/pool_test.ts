import { Pool } from "../../mod/outbound/pool.ts";
import { SmtpClient } from "../../mod/smtp/client.ts";
import { assert, assertEquals } from "../support/assert.ts";
import { FakeClock, settle } from "../support/fake_clock.ts";
import { SmtpPeer } from "../support/smtp_peer.ts";

async function ready(clock: FakeClock) {
  const peer = new SmtpPeer();
  const client = new SmtpClient(peer, { protocol: "smtp", hostname: "me", clock });
  await client.open();
  return { peer, client };
}

Deno.test("Pool keeps connections by key for a moment", async () => {
  const clock = new FakeClock();
  const pool = new Pool(clock);
  const a = await ready(clock);
  const b = await ready(clock);
  pool.give("x", a.client);
  await clock.advance(1000);
  pool.give("x", b.client);
  assertEquals(pool.take("y"), null);
  assert(pool.take("x") === b.client);
  await clock.advance(4000);
  assertEquals(pool.size, 0);
  assertEquals(a.peer.commands.at(-1), "QUIT");
  assertEquals(pool.take("x"), null);
  assertEquals(b.peer.commands.at(-1), "EHLO me");
  assertEquals(clock.waiting, 0);
});

Deno.test("Pool ends connections that are of no use or have done enough", async () => {
  const clock = new FakeClock();
  const pool = new Pool(clock);
  const broken = await ready(clock);
  broken.client.abort();
  pool.give("x", broken.client);
  assertEquals(pool.size, 0);
  const busy = await ready(clock);
  for (let i = 0; i < 99; i++) {
    pool.give("x", busy.client);
    assert(pool.take("x") === busy.client, String(i));
  }
  pool.give("x", busy.client);
  await settle();
  assertEquals(pool.size, 0);
  assertEquals(busy.peer.commands.at(-1), "QUIT");
});

Deno.test("Pool keeps no more than its cap, and nothing after close()", async () => {
  const clock = new FakeClock();
  const pool = new Pool(clock);
  const all = await Promise.all(Array.from({ length: 52 }, () => ready(clock)));
  for (const [i, one] of all.entries()) pool.give(`host ${i}`, one.client);
  await settle();
  assertEquals(pool.size, 50);
  assertEquals(all.map((o) => o.peer.closed).filter((c) => c).length, 2);
  await pool.close();
  assert(all.every((o) => o.peer.closed));
  const late = await ready(clock);
  pool.give("x", late.client);
  await settle();
  assertEquals([pool.size, late.peer.closed, clock.waiting], [0, true, 0]);
});
