import { OUTBOUND_AWAY_HOSTS } from "../../mod/base/limits.ts";
import { Hosts } from "../../mod/outbound/hosts.ts";
import { assert, assertEquals } from "../support/assert.ts";
import { FakeClock } from "../support/fake_clock.ts";
import { SeededRandom } from "../support/seeded_random.ts";

const MINUTE = 60_000;
const MX = { host: "mx.test", address: "192.0.2.1", port: 25 };

function make() {
  const clock = new FakeClock();
  const back: string[][] = [];
  const hosts = new Hosts({
    clock,
    random: new SeededRandom(1),
    back: (destinations) => void back.push([...destinations].sort()),
  });
  return { clock, hosts, back };
}

Deno.test("Hosts leaves a host alone for all that lead there, longer each time, and sends one ahead", async () => {
  const { clock, hosts, back } = make();
  assertEquals(hosts.ask(MX, "a.test"), null);
  hosts.failed(MX, "no answer", "a.test");
  const since = clock.now();
  const [told] = hosts.list();
  assertEquals(hosts.ask(MX, "b.test"), told ?? null);
  assertEquals([told?.failures, told?.why, told?.since], [1, "no answer", since]);
  assertEquals(hosts.ask({ ...MX, port: 2525 }, "b.test"), null);
  await clock.advance(1.2 * MINUTE);
  assertEquals(hosts.ask(MX, "a.test"), null); // goes ahead
  assert(hosts.ask(MX, "b.test") !== null);
  hosts.failed(MX, "still none", "a.test");
  const [again] = hosts.list();
  assertEquals([again?.failures, again?.why, again?.since], [2, "still none", since]);
  assert((again?.until ?? 0) - clock.now() > 1.7 * MINUTE);
  await clock.advance(3 * MINUTE);
  assertEquals(hosts.ask(MX, "c.test"), null);
  hosts.answered(MX);
  assertEquals([back, hosts.list()], [[["a.test", "b.test", "c.test"]], []]);
  hosts.left(MX);
});

Deno.test("Hosts lets another go ahead when the one before never tells", async () => {
  const { clock, hosts } = make();
  hosts.failed(MX, "no", "a.test");
  await clock.advance(1.2 * MINUTE);
  assertEquals(hosts.ask(MX, "a.test"), null);
  assert(hosts.ask(MX, "a.test") !== null);
  await clock.advance(1.2 * MINUTE);
  assertEquals(hosts.ask(MX, "a.test"), null);
});

Deno.test("Hosts does not take a host for away that serves others of ours", () => {
  const { hosts } = make();
  hosts.answered(MX);
  hosts.answered(MX);
  hosts.left(MX);
  hosts.failed(MX, "421 too many", "a.test");
  assertEquals(hosts.list(), []);
  hosts.left(MX);
  hosts.failed(MX, "421 too many", "a.test");
  assertEquals(hosts.list().length, 1);
});

Deno.test("Hosts.forgive() lets one go ahead at once, and the others when that went well", () => {
  const { hosts, back } = make();
  hosts.failed(MX, "no", "a.test");
  assert(hosts.ask(MX, "b.test") !== null);
  hosts.forgive("other.test");
  assert(hosts.ask(MX, "a.test") !== null);
  hosts.forgive("a.test");
  assertEquals(hosts.ask(MX, "a.test"), null);
  assert(hosts.ask(MX, "b.test") !== null);
  hosts.answered(MX);
  assertEquals([hosts.list(), back], [[], [["a.test", "b.test"]]]);
});

Deno.test("Hosts remembers so many and no more, and of each so many destinations", () => {
  const { hosts, back } = make();
  for (let i = 0; i < OUTBOUND_AWAY_HOSTS + 10; i++) {
    hosts.failed({ ...MX, address: `h${i}` }, "no", "a.test");
  }
  assertEquals(hosts.list().length, OUTBOUND_AWAY_HOSTS);
  assertEquals(hosts.list()[0]?.address, "h10");
  hosts.failed(MX, "no", "0.test");
  for (let i = 1; i < 5000; i++) hosts.ask(MX, `${i}.test`);
  hosts.answered(MX);
  assertEquals(back[0]?.length, 200);
});
