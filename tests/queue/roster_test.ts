import { Agenda, newEntry } from "../../mod/queue/agenda.ts";
import { newMessage } from "../../mod/queue/record.ts";
import { Roster } from "../../mod/queue/roster.ts";
import { assertEquals } from "../support/assert.ts";
import { FakeClock } from "../support/fake_clock.ts";
import { SeededRandom } from "../support/seeded_random.ts";
import { envelope } from "./rig.ts";

const HOUR = 3600_000;

function make() {
  const clock = new FakeClock();
  const worked: string[] = [];
  const limits = { attempts: 9, perDestination: 9 };
  const agenda = new Agenda(
    limits,
    clock,
    new SeededRandom(1),
    ({ entry, destination }) => void worked.push(`${entry.id} ${destination}`),
  );
  return { clock, worked, agenda, roster: new Roster(agenda, clock) };
}

function message(id: string, created: number, next: number, held = false) {
  const m = newMessage({ id, created, envelope: envelope(["a@x.test", "b@y.test"]), size: 1, offset: 1 });
  const destinations = new Map([...m.destinations.keys()].map((name) => [name, { attempts: 1, next }]));
  return { ...m, destinations, held };
}

Deno.test("Roster counts what it has and forgets what is gone", () => {
  const { roster, clock } = make();
  const now = clock.now();
  assertEquals(roster.counts(), { messages: 0, held: 0, oldest: null });
  roster.enter(message("one", now - 5, now), false);
  roster.enter(message("two", now - 9, now, true), true);
  roster.add(newEntry("three", now, false));
  assertEquals(roster.counts(), { messages: 3, held: 1, oldest: now - 9 });
  const two = roster.get("two");
  if (two) roster.forget(two);
  assertEquals([roster.ids(), roster.has("two"), two?.gone], [["one", "three"], false, true]);
});

Deno.test("Roster plans by destination, and sooner when asked to", async () => {
  const { roster, clock, worked, agenda } = make();
  const now = clock.now();
  roster.enter(message("one", now, now + 4 * HOUR), false);
  roster.enter(message("held", now, now + 4 * HOUR, true), false);
  agenda.start();
  assertEquals(worked, []);
  assertEquals(roster.tryDestinations((d) => d === "x.test"), 2);
  assertEquals(worked, ["one x.test"]);
  roster.shorten(HOUR);
  await clock.advance(HOUR - 1);
  assertEquals(worked, ["one x.test"]);
  await clock.advance(1);
  assertEquals(worked, ["one x.test", "one y.test"]);
  agenda.stop();
});
