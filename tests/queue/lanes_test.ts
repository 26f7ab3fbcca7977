import { assert, assertEquals } from "../support/assert.ts";
import { FakeClock } from "../support/fake_clock.ts";
import { SeededRandom } from "../support/seeded_random.ts";
import { Lanes } from "../../mod/queue/lanes.ts";

function lanes(attempts = 3, perDestination = 2): { readonly l: Lanes<string>; readonly clock: FakeClock } {
  const clock = new FakeClock();
  return { l: new Lanes<string>({ attempts, perDestination }, clock, new SeededRandom(1)), clock };
}

Deno.test("Lanes bounds attempts in all and to one destination", () => {
  const { l } = lanes();
  assertEquals(l.ask("x", "1", false), "start");
  assertEquals(l.ask("x", "2", false), "start");
  assertEquals(l.ask("x", "3", false), "wait");
  assertEquals(l.ask("y", "4", false), "start");
  assertEquals(l.ask("z", "5", false), "wait");
  assertEquals([l.active, l.next()], [3, null]);
  l.end("y", true);
  assertEquals(l.next(), "5"); // x is full
  assertEquals(l.ask("z", "5", false), "start");
  l.end("x", true);
  assertEquals(l.next(), "3");
  assertEquals(l.next(), null);
});

Deno.test("Lanes gives each destination its turn", () => {
  const { l } = lanes(1, 1);
  assertEquals(l.ask("x", "x0", false), "start");
  for (const name of ["x1", "x2", "x3", "y1", "z1"]) assertEquals(l.ask(name.charAt(0), name, false), "wait");
  const order: string[] = [];
  l.end("x", true);
  for (let item = l.next(); item; item = l.next()) {
    order.push(item);
    assertEquals(l.ask(item.charAt(0), item, false), "start");
    l.end(item.charAt(0), true);
  }
  assertEquals(order, ["x1", "y1", "z1", "x2", "x3"]);
  assertEquals(l.active, 0);
});

Deno.test("Lanes lets the highest priority go first, within a destination and among them, in turn among equals", () => {
  const { l } = lanes(1, 1);
  assertEquals(l.ask("x", "x0", false), "start");
  const waiting: [string, number][] = [["x1", 0], ["x2", 4], ["y1", 0], ["y2", 9], ["z1", -4], ["x3", 4], [
    "w1",
    0,
  ]];
  for (const [name, priority] of waiting) {
    assertEquals(l.ask(name.charAt(0), name, false, priority), "wait");
  }
  const order: string[] = [];
  l.end("x", true);
  for (let item = l.next(); item; item = l.next()) {
    order.push(item);
    assertEquals(l.ask(item.charAt(0), item, false), "start");
    l.end(item.charAt(0), true);
  }
  assertEquals(order, ["y2", "x2", "x3", "w1", "y1", "x1", "z1"]);
  assertEquals(l.active, 0);
});

Deno.test("Lanes leaves a destination alone that cannot be reached, then sends one ahead", async () => {
  const { l, clock } = lanes(10, 5);
  assertEquals(l.ask("x", "1", false), "start");
  l.end("x", false);
  const told = l.ask("x", "2", false);
  assert(typeof told === "object" && told.until > clock.now());
  assertEquals(l.ask("x", "old", true), "start");
  l.end("x", null);
  assertEquals(l.ask("y", "3", false), "start");
  await clock.advance(2 * 60_000);
  assertEquals(l.ask("x", "2", false), "start");
  assertEquals(l.ask("x", "4", false), "wait");
  l.end("x", false);
  assertEquals(l.next(), "4"); // to hear that it is to wait
  assert(typeof l.ask("x", "4", false) === "object");
  l.resume("x");
  assertEquals(l.ask("x", "4", false), "start");
  assertEquals(l.ask("x", "5", false), "start");
});

Deno.test("Lanes.resumeAll() lets all that were away be tried, and tells which", () => {
  const { l } = lanes();
  for (const [name, reached] of [["x", false], ["y", true], ["z", false]] as const) {
    assertEquals(l.ask(name, name, false), "start");
    l.end(name, reached);
  }
  assert(typeof l.ask("x", "x", false) === "object");
  assertEquals([...l.resumeAll()].sort(), ["x", "z"]);
  assertEquals([...l.resumeAll()], []);
  assertEquals([l.ask("x", "1", false), l.ask("x", "2", false)], ["start", "start"]);
});

Deno.test("Lanes keeps a long line in order", () => {
  const { l } = lanes(1, 1);
  assertEquals(l.ask("x", "first", false), "start");
  for (let i = 0; i < 1000; i++) l.ask("x", `${i}`, false);
  for (let i = 0; i < 1000; i++) {
    l.end("x", true);
    assertEquals(l.next(), `${i}`);
    assertEquals(l.ask("x", `${i}`, false), "start");
    if (i % 3 === 0) l.ask("x", "later", false);
  }
});
