import { SUPPRESS_ADDRESSES, SUPPRESS_MEMORY } from "../../mod/base/limits.ts";
import { KeptFile } from "../../mod/base/kept_file.ts";
import { Suppressions } from "../../mod/queue/suppressions.ts";
import type { RecipientOutcome } from "../../mod/queue/transport.ts";
import { assert, assertEquals } from "../support/assert.ts";
import { everyCrash } from "../support/every_crash.ts";
import { FakeClock, settle } from "../support/fake_clock.ts";
import { MemFs } from "../support/mem_fs.ts";
import { MemoryLog } from "../support/memory_log.ts";
import { address, delivered, notDelivered } from "./rig.ts";

const HOUR = 3600_000;
const DAY = 24 * HOUR;
const A = address("a@x.test");

function refused(status = "5.1.1", atRecipient = true): RecipientOutcome {
  const outcome = notDelivered("failed");
  return { ...outcome, status, ...(atRecipient ? { atRecipient } : {}) } as RecipientOutcome;
}

/** A list on which `A` has bounced `n` times, an hour apart, the last time at `(n - 1) * HOUR`. */
function bounced(n: number, span: number | null = 7 * DAY): Suppressions {
  const list = new Suppressions(() => span);
  for (let i = 0; i < n; i++) list.heard(A, refused(), i * HOUR);
  return list;
}

Deno.test("Suppressions leaves an address alone after three refusals, for so long after the last", () => {
  assertEquals([bounced(2).holds(A, 2 * HOUR), bounced(3).holds(A, 2 * HOUR)], [false, true]);
  const list = bounced(3);
  const last = 2 * HOUR;
  assertEquals([list.holds(A, last + 7 * DAY - 1), list.holds(A, last + 7 * DAY)], [true, false]);
  assertEquals([list.holds(address("A@x.test"), last), list.holds(address("b@x.test"), last)], [true, false]);
  // Its time is over, one try is made, and that fails too.
  list.heard(A, refused(), last + 8 * DAY);
  assert(list.holds(A, last + 9 * DAY));
  assertEquals(list.list(last + 9 * DAY).map((s) => [s.address, s.bounces, s.until]), [
    ["a@x.test", 4, last + 15 * DAY],
  ]);
});

Deno.test("Suppressions counts once an hour, and only what a server says of this very recipient", () => {
  const cases: readonly (readonly [readonly RecipientOutcome[], number])[] = [
    [[refused(), refused(), refused()], HOUR / 10],
    [[refused("5.7.1"), refused("5.7.1"), refused("5.7.1")], HOUR],
    [[refused("5.2.1"), refused("5.2.2"), refused("5.0.0")], HOUR],
    [[refused("5.1.1", false), refused("5.1.1", false), refused("5.1.1", false)], HOUR],
    [[notDelivered("deferred"), notDelivered("deferred"), notDelivered("deferred")], HOUR],
    [[refused(), refused(), delivered(), refused()], HOUR],
  ];
  for (const [outcomes, apart] of cases) {
    const list = new Suppressions(() => 7 * DAY);
    outcomes.forEach((o, i) => list.heard(A, o, i * apart));
    assertEquals(list.holds(A, outcomes.length * apart), false, JSON.stringify(outcomes));
  }
});

Deno.test("Suppressions is cleared by a delivery and by hand, and can be off", () => {
  const list = bounced(3);
  list.heard(address("A@X.test"), delivered(), 3 * HOUR);
  assertEquals([list.holds(A, 3 * HOUR), list.size], [false, 0]);
  assertEquals([bounced(5, null).holds(A, 5 * HOUR), bounced(5, null).list(0)[0]?.until], [false, null]);
  const many = new Suppressions(() => DAY);
  for (const to of ["a@x.test", "b@x.test", "c@sub.x.test", "d@y.test"]) {
    many.heard(address(to), refused(), 0);
  }
  const before = many.revision;
  assertEquals([many.remove("nobody@x.test"), many.revision], [0, before]);
  assertEquals([many.remove("D@y.test"), many.remove("@X.test"), many.list(0).map((s) => s.address)], [1, 2, [
    "c@sub.x.test",
  ]]);
});

Deno.test("Suppressions forgets what is old, and does not trip over a clock that was set back", () => {
  const list = bounced(2);
  list.heard(A, refused(), HOUR + SUPPRESS_MEMORY + 1);
  assertEquals([list.list(HOUR + SUPPRESS_MEMORY + 1)[0]?.bounces], [1]);
  const back = bounced(3);
  assertEquals(back.holds(A, 0), false); // refused in the future
  back.heard(A, refused(), 0);
  assertEquals(back.list(0)[0]?.last, 0);
  assertEquals(bounced(3).list(2 * SUPPRESS_MEMORY), []);
});

Deno.test("Suppressions remembers so many and no more, and keeps them in pieces", () => {
  const list = new Suppressions(() => DAY);
  for (let i = 0; i < SUPPRESS_ADDRESSES + 5; i++) {
    list.heard(address(`${i}@x.test`), { ...refused(), why: "w".repeat(999) } as RecipientOutcome, i);
  }
  assertEquals([list.size, list.list(0).at(-1)?.address], [SUPPRESS_ADDRESSES, "5@x.test"]);
  const pieces = [...list.pieces()];
  assertEquals(pieces.length, 20);
  const again = new Suppressions(() => DAY);
  again.restore(`${pieces.join("")}{"version":1,"address":"cut@x.te`);
  assertEquals(again.list(0), list.list(0));
  for (
    const odd of ["null", "[]", "{}", '{"version":2,"address":"a","bounces":1,"first":1,"last":1,"why":""}']
  ) {
    const none = new Suppressions(() => DAY);
    none.restore(odd);
    assertEquals(none.size, 0, odd);
  }
});

Deno.test("Suppressions is whole after a power cut, as it was before or after a saving", async () => {
  const open = async (fs: MemFs, clock: FakeClock) => {
    const list = new Suppressions(() => DAY);
    const facts = { path: "/data/suppressed.jsonl", name: "suppressed", most: 1e6, every: 60_000 };
    const file = new KeptFile(list, facts, { fs, clock, log: new MemoryLog() });
    await file.read();
    const save = async () => {
      const saving = file.save();
      await settle();
      await clock.advance(0);
      await saving;
    };
    return { list, save };
  };
  await everyCrash<number>(async (fs, acknowledge) => {
    const { list, save } = await open(fs, new FakeClock());
    for (let i = 0; i < 2; i++) {
      list.heard(A, refused(), i * HOUR);
      await save();
      acknowledge(i + 1);
    }
  }, async (fs) => {
    const { list } = await open(fs, new FakeClock());
    assert([undefined, 1, 2].includes(list.list(0)[0]?.bounces));
  }, { make: () => new MemFs({ dirs: ["/data"] }) });
});
