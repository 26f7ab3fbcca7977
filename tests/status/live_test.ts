import { LIVE_BEAT, LIVE_LOOK, LIVE_STREAMS } from "../../mod/base/limits.ts";
import { LiveStreams } from "../../mod/status/live.ts";
import { assert, assertEquals } from "../support/assert.ts";
import { FakeClock } from "../support/fake_clock.ts";

function setUp() {
  const clock = new FakeClock();
  const stop = new AbortController();
  const state = { revision: "1", allowed: true };
  const streams = new LiveStreams({ clock, stopping: stop.signal, revision: () => state.revision });
  const open = () => streams.open(() => Promise.resolve(state.allowed));
  const read = async (reader: ReadableStreamDefaultReader<Uint8Array>, ms: number) => {
    const next = reader.read();
    for (let gone = 0; gone < ms; gone += LIVE_LOOK) {
      await new Promise((done) => queueMicrotask(() => done(null)));
      await clock.advance(LIVE_LOOK);
    }
    const { value, done } = await next;
    return done ? null : new TextDecoder().decode(value);
  };
  return { clock, stop, state, open, read };
}

Deno.test("a live stream tells of changes, and now and then that it is there", async () => {
  const { state, open, read, stop } = setUp();
  const reader = open()?.getReader();
  assert(reader);
  assertEquals(await read(reader, 0), "retry: 5000\n\n");
  state.revision = "2";
  assertEquals(await read(reader, LIVE_LOOK), "data: changed\n\n");
  assertEquals(await read(reader, LIVE_BEAT + LIVE_LOOK), ": still here\n\n");
  stop.abort();
  assertEquals(await read(reader, 0), null);
});

Deno.test("a live stream ends when its reader may not read any more, and makes room", async () => {
  const { state, open, read } = setUp();
  const all = Array.from({ length: LIVE_STREAMS }, () => open());
  assert(all.every((s) => s !== null));
  assertEquals(open(), null);
  await all[0]?.cancel();
  const next = open();
  assert(next);
  assertEquals(open(), null);
  const reader = next.getReader();
  await read(reader, 0);
  state.allowed = false;
  assertEquals(await read(reader, LIVE_LOOK), null);
  assert(open());
});
