import { assert, assertEquals } from "../support/assert.ts";
import { FakeClock } from "../support/fake_clock.ts";
import { SeededRandom } from "../support/seeded_random.ts";
import { Lanes } from "../../mod/queue/lanes.ts";

const AWAY = { kind: "away", until: null } as const;

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
  l.end("y", "good");
  assertEquals(l.next(), "5"); // x is full
  assertEquals(l.ask("z", "5", false), "start");
  l.end("x", "good");
  assertEquals(l.next(), "3");
  assertEquals(l.next(), null);
});

Deno.test("Lanes gives each destination its turn", () => {
  const { l } = lanes(1, 1);
  assertEquals(l.ask("x", "x0", false), "start");
  for (const name of ["x1", "x2", "x3", "y1", "z1"]) assertEquals(l.ask(name.charAt(0), name, false), "wait");
  const order: string[] = [];
  l.end("x", "good");
  for (let item = l.next(); item; item = l.next()) {
    order.push(item);
    assertEquals(l.ask(item.charAt(0), item, false), "start");
    l.end(item.charAt(0), "good");
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
  l.end("x", "good");
  for (let item = l.next(); item; item = l.next()) {
    order.push(item);
    assertEquals(l.ask(item.charAt(0), item, false), "start");
    l.end(item.charAt(0), "good");
  }
  assertEquals(order, ["y2", "x2", "x3", "w1", "y1", "x1", "z1"]);
  assertEquals(l.active, 0);
});

Deno.test("Lanes leaves a destination alone that cannot be reached, then sends one ahead", async () => {
  const { l, clock } = lanes(10, 5);
  assertEquals(l.ask("x", "1", false), "start");
  l.end("x", AWAY);
  const told = l.ask("x", "2", false);
  assert(typeof told === "object" && told.until > clock.now());
  assertEquals(l.ask("x", "old", true), "start");
  l.end("x", null);
  assertEquals(l.ask("y", "3", false), "start");
  await clock.advance(2 * 60_000);
  assertEquals(l.ask("x", "2", false), "start");
  assertEquals(l.ask("x", "4", false), "wait");
  l.end("x", AWAY);
  assertEquals(l.next(), "4"); // to hear that it is to wait
  assert(typeof l.ask("x", "4", false) === "object");
  l.resume("x");
  assertEquals(l.ask("x", "4", false), "start");
  assertEquals(l.ask("x", "5", false), "start");
});

Deno.test("Lanes.resumeAll() lets all that were away be tried, and tells which", () => {
  const { l } = lanes();
  for (const [name, told] of [["x", AWAY], ["y", "good"], ["z", AWAY]] as const) {
    assertEquals(l.ask(name, name, false), "start");
    l.end(name, told);
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
    l.end("x", "good");
    assertEquals(l.next(), `${i}`);
    assertEquals(l.ask("x", `${i}`, false), "start");
    if (i % 3 === 0) l.ask("x", "later", false);
  }
});

Deno.test("Lanes lets in more while all goes well, up to the cap, and half as many after trouble", () => {
  const { l } = lanes(100, 4);
  let under = 0;
  const fill = () => {
    while (l.ask("x", "m", false) === "start") under++;
    return under;
  };
  const end = (told: Parameters<typeof l.end>[1]) => {
    under--;
    return l.end("x", told);
  };
  const widths = [fill()];
  for (let i = 0; i < 12; i++) {
    end("good");
    widths.push(fill());
  }
  assertEquals(widths, [2, 2, 2, 3, 3, 3, 4, 4, 4, 4, 4, 4, 4]);
  end("strained");
  assertEquals(fill(), 3); // those under way may end
  end(AWAY); // others are being served there
  assertEquals([end("good"), fill(), l.away()], [false, 2, []]);
  end("strained");
  assertEquals([fill(), l.away()], [1, []]);
  end("strained"); // alone, and even that is too much
  assertEquals(l.away().map((a) => [a.name, a.failures, a.active]), [["x", 1, 0]]);
  assert(typeof l.ask("x", "m", false) === "object");
  l.resume("x");
  assertEquals([fill(), l.away()], [2, []]);
});

Deno.test("Lanes does not grow by what is not used", () => {
  const { l } = lanes(100, 9);
  for (let i = 0; i < 50; i++) {
    assertEquals(l.ask("x", "m", false), "start");
    l.end("x", "good");
  }
  assertEquals([1, 2, 3].map(() => l.ask("x", "m", false)), ["start", "start", "wait"]);
});

Deno.test("Lanes leaves a destination alone until when it was told, and says when it is back", async () => {
  const { l, clock } = lanes(100, 9);
  const until = clock.now() + 7000;
  assertEquals([l.ask("x", "1", false), l.end("x", { kind: "away", until })], ["start", false]);
  assertEquals(l.ask("x", "2", false), { until });
  assertEquals(l.away(), [{ name: "x", failures: 1, until, active: 0, waiting: 0 }]);
  await clock.advance(7000);
  assertEquals([l.ask("x", "2", false), l.end("x", "good"), l.away()], ["start", true, []]);
});

Deno.test("Lanes.suspect() sends one ahead to a destination that was away before a restart", () => {
  const { l } = lanes(100, 9);
  l.suspect("x");
  assertEquals([l.ask("x", "1", false), l.ask("x", "2", false)], ["start", "wait"]);
  assertEquals([l.end("x", "good"), l.next()], [true, "2"]);
});

Deno.test("Lanes keeps room for others when one destination stalls", () => {
  const { l } = lanes(4, 4);
  for (let i = 0; i < 50; i++) l.ask("stalls", `s${i}`, false);
  assertEquals([l.ask("a", "a", false), l.ask("b", "b", false), l.ask("c", "c", false)], [
    "start",
    "start",
    "wait",
  ]);
  l.end("a", "good");
  assertEquals(l.next(), "c"); // the one that stalls has its two
});
