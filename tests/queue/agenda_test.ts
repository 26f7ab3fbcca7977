import { Agenda, type Entry, type Part } from "../../mod/queue/agenda.ts";
import { assert, assertEquals } from "../support/assert.ts";
import { FakeClock } from "../support/fake_clock.ts";
import { SeededRandom } from "../support/seeded_random.ts";

const AWAY = { kind: "away", until: null } as const;

function entry(id: string, created: number): Entry {
  return {
    id,
    created,
    start: created,
    priority: 0,
    held: false,
    gone: false,
    underWay: 0,
    touched: false,
    faults: 0,
    parts: [],
  };
}

/** A clock on which each look at it costs a millisecond. */
class SlowClock extends FakeClock {
  #looks = 0;
  override monotonic(): number {
    return super.monotonic() + this.#looks++;
  }
}

function make(clock: FakeClock = new FakeClock(), lifetime = 5 * 86_400_000) {
  const worked: Part[] = [];
  const limits = { attempts: 3, perDestination: 2 };
  const agenda = new Agenda(
    limits,
    clock,
    new SeededRandom(1),
    (part) => void worked.push(part),
    () => lifetime,
  );
  const part = (id: string, destination: string | null): Part => ({
    entry: entry(id, clock.now()),
    destination,
    due: 0,
    busy: false,
  });
  return { agenda, clock, worked, part, ids: () => worked.map((p) => p.entry.id) };
}

Deno.test("Agenda works on what is due, when it is due, and not before it is started", async () => {
  const { agenda, clock, part, ids } = make();
  agenda.plan(part("later", "x"), clock.now() + 5000);
  agenda.plan(part("now", "y"), clock.now());
  agenda.plan(part("report", null), clock.now());
  agenda.pump();
  assertEquals(ids(), []);
  agenda.start();
  assertEquals(ids().sort(), ["now", "report"]);
  await clock.advance(4999);
  assertEquals([ids().length, agenda.active], [2, 1]);
  await clock.advance(1);
  assertEquals([ids().length, agenda.active], [3, 2]);
  agenda.stop();
  assertEquals([clock.waiting, agenda.running], [0, false]);
});

Deno.test("Agenda passes over what is held, gone, under way or planned anew", async () => {
  const { agenda, clock, part, ids } = make();
  agenda.start();
  const [held, gone, busy, moved] = [part("h", "h"), part("g", "g"), part("b", "b"), part("m", "m")];
  for (const p of [held, gone, busy, moved]) agenda.plan(p, clock.now() + 10);
  held.entry.held = true;
  gone.entry.gone = true;
  busy.busy = true;
  agenda.plan(moved, clock.now() + 20);
  agenda.pump();
  await clock.advance(15);
  assertEquals(ids(), []);
  await clock.advance(5);
  assertEquals(ids(), ["m"]);
  agenda.stop();
});

Deno.test("Agenda gives freed room to who waits for it, but not to who is held meanwhile", () => {
  const { agenda, clock, part, ids } = make();
  agenda.start();
  const parts = ["1", "2", "3", "4"].map((id) => part(id, "x"));
  parts.forEach((p, i) => agenda.plan(p, clock.now() - 10 + i));
  agenda.pump();
  assertEquals(ids(), ["1", "2"]);
  if (parts[2]) parts[2].entry.held = true;
  agenda.end("x", "good");
  agenda.pump();
  assertEquals([ids(), parts[2]?.busy], [["1", "2", "4"], false]);
  agenda.stop();
});

Deno.test("Agenda.resumeAll() does not wait for destinations that were away", async () => {
  const { agenda, clock, part, ids } = make();
  agenda.start();
  agenda.plan(part("1", "x"), clock.now());
  agenda.pump();
  agenda.end("x", AWAY);
  const second = part("2", "x");
  agenda.plan(second, clock.now());
  agenda.pump();
  assertEquals(ids(), ["1"]);
  assertEquals([...agenda.resumeAll()], ["x"]);
  agenda.plan(second, clock.now());
  agenda.pump();
  assertEquals(ids(), ["1", "2"]);
  await clock.advance(3600_000);
  assertEquals(ids(), ["1", "2"]);
  agenda.stop();
});

Deno.test("Agenda lets nothing wait for a destination past its last attempt", async () => {
  const { agenda, clock, part, ids } = make(new FakeClock(), 5000);
  agenda.start();
  agenda.plan(part("1", "x"), clock.now());
  agenda.pump();
  agenda.end("x", AWAY); // left alone for a minute
  agenda.plan(part("2", "x"), clock.now());
  agenda.pump();
  await clock.advance(4999);
  assertEquals(ids(), ["1"]);
  await clock.advance(1);
  assertEquals(ids(), ["1", "2"]);
  agenda.stop();
});

Deno.test("Agenda goes through many that are due in slices", async () => {
  const { agenda, clock, part, worked } = make(new SlowClock());
  for (let i = 0; i < 50; i++) agenda.plan(part(`${i}`, null), clock.now());
  agenda.start();
  assert(worked.length > 0 && worked.length < 20, `${worked.length} at once`);
  await clock.advance(100);
  assertEquals(worked.length, 50);
  agenda.stop();
});
