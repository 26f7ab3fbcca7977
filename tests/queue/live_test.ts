import { memoryBody } from "../../mod/base/body.ts";
import { assert, assertEquals, assertRejects } from "../support/assert.ts";
import { settle } from "../support/fake_clock.ts";
import { type Live, LiveMessages } from "../../mod/queue/live.ts";
import { envelope, rig } from "./rig.ts";

async function make() {
  const r = rig();
  await r.spool.open();
  const stopping = new AbortController();
  const live = new LiveMessages(r.spool, r.clock, r.log, stopping.signal);
  const { id } = await r.spool.add(envelope(["a@x.test", "b@x.test"]), memoryBody());
  return { ...r, live, id, stopping };
}

function outcome(recipient: number) {
  const result = { state: "delivered", status: "2.0.0", why: "", host: null, reply: null } as const;
  return {
    kind: "attempt",
    at: 1,
    destination: "x.test",
    attempts: 1,
    next: 2,
    outcomes: [{ recipient, ...result }],
  } as const;
}

Deno.test("LiveMessages shares one picture of a message among all who work on it", async () => {
  const { live, id } = await make();
  const seen: Live[] = [];
  const work = (l: Live) => {
    seen.push(l);
    return settle();
  };
  await Promise.all([
    live.with(id, true, work),
    live.with(id, false, work),
    live.with("unknown", true, work),
  ]);
  assertEquals(seen.length, 2);
  assert(seen[0] === seen[1]);
  assertEquals(live.peek(id), null);
});

Deno.test("LiveMessages knows whether there is a journal, and looks for none where there is not", async () => {
  const { live, id, fs, spool } = await make();
  await live.with(id, false, async (l) => {
    assertEquals([l.touched, l.body?.size], [false, 0]);
    await live.append(l, { kind: "hold", at: 1 });
    assertEquals([l.touched, l.message.held], [true, true]);
  });
  assertEquals((await live.with(id, true, (l) => Promise.resolve(l.message)))?.held, true);
  const { id: other } = await spool.add(envelope(["a@x.test"]), memoryBody());
  const removes = fs.calls.get("remove") ?? 0;
  await live.with(other, false, (l) => live.record(l, outcome(0)));
  assertEquals((fs.calls.get("remove") ?? 0) - removes, 1);
});

Deno.test("LiveMessages writes lines one after the other and removes what is done", async () => {
  const { live, id, spool, fs } = await make();
  await live.with(id, true, async (l) => {
    const [one, two] = await Promise.all([live.record(l, outcome(0)), live.record(l, outcome(1))]);
    assertEquals([one, two], ["kept", "removed"]);
    assertEquals(await live.record(l, outcome(0)), "removed");
    await live.append(l, { kind: "hold", at: 1 });
  });
  assertEquals([await spool.load(id), fs.tree("/data")], [null, ["/data/queue/"]]);
});

Deno.test("LiveMessages tries until the disk takes a line, or the queue stops", async () => {
  const { live, id, fs, clock, log, stopping } = await make();
  const heal = fs.fail("append", "full");
  await live.with(id, true, async (l) => {
    const written = live.record(l, outcome(0));
    await clock.advance(70_000);
    assertEquals(log.lines.length, 3);
    heal();
    await clock.advance(30_000);
    assertEquals(await written, "kept");
    fs.fail("append", "full");
    await assertRejects(() => live.append(l, { kind: "hold", at: 1 }), "full");
    const never = live.record(l, outcome(0));
    await settle();
    stopping.abort();
    assertEquals(await never, "stopped");
  });
});

Deno.test("LiveMessages.drop() comes after what is being written, and nothing after it", async () => {
  const { live, id, fs } = await make();
  await live.with(id, true, async (l) => {
    const kept = live.record(l, outcome(0));
    const dropped = live.drop(id);
    const late = live.record(l, outcome(1));
    await Promise.all([kept, dropped, late]);
  });
  assertEquals(fs.tree("/data"), ["/data/queue/"]);
  assertEquals(await live.drop(id), false);
});
