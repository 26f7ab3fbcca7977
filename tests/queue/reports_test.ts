/** What senders are told (RFC 3461): who, of what, when, how often. */
import { memoryBody } from "../../mod/base/body.ts";
import { utf8 } from "../../mod/base/bytes.ts";
import { formatLine, parseJournal } from "../../mod/queue/file_format.ts";
import { applied, newMessage, summary } from "../../mod/queue/record.ts";
import type { Report } from "../../mod/queue/reporter.ts";
import type { RecipientOutcome } from "../../mod/queue/transport.ts";
import type { RecipientOptions } from "../../mod/queue/types.ts";
import { assert, assertEquals } from "../support/assert.ts";
import { everyCrash } from "../support/every_crash.ts";
import { FakeClock } from "../support/fake_clock.ts";
import { MemFs } from "../support/mem_fs.ts";
import { type Answer, delivered, envelope, notDelivered, rig } from "./rig.ts";

const HOUR = 3600_000;
const START = Date.UTC(2026, 0, 2, 3, 4, 5);
const passedOn = (): RecipientOutcome => ({ ...delivered(), dsnPassedOn: true } as RecipientOutcome);
const local = (): RecipientOutcome => ({ ...delivered(), action: "delivered" } as RecipientOutcome);

function shown({ kind, recipients }: Report): string {
  return `${kind}: ${recipients.map((r) => `${r.address.local} ${r.state} ${r.action ?? "-"}`).join(", ")}`;
}

async function running(answer: Answer, fs = new MemFs({ dirs: ["/data"] }), clock = new FakeClock(START)) {
  const r = rig(
    fs,
    (to, batch) => to.address.domain === "home.test" ? delivered() : answer(to, batch),
    {},
    clock,
  );
  await r.queue.open();
  await r.queue.start();
  return r;
}

async function stop(r: ReturnType<typeof rig>): Promise<void> {
  const stopping = r.queue.stop(1000);
  await r.clock.advance(10_000);
  await stopping;
}

type Notify = RecipientOptions["notify"];

const TABLE: readonly (readonly [Notify, () => RecipientOutcome, readonly string[]])[] = [
  [undefined, delivered, []],
  [undefined, () => notDelivered("failed"), ["failure: a failed -"]],
  [undefined, () => notDelivered("deferred"), ["delay: a pending -", "failure: a expired -"]],
  [["never"], delivered, []],
  [["never"], () => notDelivered("failed"), []],
  [["never"], () => notDelivered("deferred"), []],
  [["success"], delivered, ["success: a delivered relayed"]],
  [["success"], local, ["success: a delivered delivered"]],
  [["success"], passedOn, []],
  [["success"], () => notDelivered("failed"), []],
  [["success"], () => notDelivered("deferred"), []],
  [["failure"], delivered, []],
  [["failure"], () => notDelivered("deferred"), ["failure: a expired -"]],
  [["delay"], () => notDelivered("deferred"), ["delay: a pending -"]],
  [["delay"], () => notDelivered("failed"), []],
  [["success", "failure", "delay"], delivered, ["success: a delivered relayed"]],
  [["success", "failure", "delay"], () => notDelivered("deferred"), [
    "delay: a pending -",
    "failure: a expired -",
  ]],
];

Deno.test("Queue tells a sender what NOTIFY asks for and nothing else, and a null sender nothing", async () => {
  for (const [notify, answer, want] of TABLE) {
    for (const sender of ["me@home.test", null]) {
      const r = await running(answer);
      const options = notify ? { notify } : {};
      await r.queue.submit(envelope(["a@x.test"], sender, options), memoryBody(utf8("m")));
      for (let i = 0; i < 40; i++) await r.clock.advance(4 * HOUR);
      assertEquals(r.reports.map(shown), sender === null ? [] : want, `${notify} ${want}`);
      assertEquals(r.queue.stats().messages, 0);
      await stop(r);
    }
  }
});

Deno.test("Queue tells of delay once, four hours after reception, whatever is retried or restarted", async () => {
  const r = await running(() => notDelivered("deferred"));
  const id = await r.queue.submit(envelope(["a@x.test"], "me@home.test", null), memoryBody(utf8("m")));
  await r.clock.advance(HOUR);
  await r.queue.retry(id);
  await r.clock.advance(3 * HOUR - 60_000);
  assertEquals(r.reports, []);
  await r.clock.advance(2 * 60_000);
  assertEquals(r.reports.map(shown), ["delay: a pending -"]);
  const [report] = r.reports;
  assertEquals([report?.ret, report?.retryUntil], [undefined, START + 5 * 24 * HOUR]);
  await r.queue.retry(id);
  await r.clock.advance(HOUR);
  await stop(r);
  const again = await running(() => notDelivered("deferred"), r.fs, new FakeClock(r.clock.now()));
  await again.clock.advance(24 * HOUR);
  assertEquals([again.reports, r.reports.length], [[], 1]);
  await stop(again);

  // A machine that was off when it was due.
  const off = await running(() => notDelivered("deferred"));
  await off.queue.submit(envelope(["a@x.test"], "me@home.test", null), memoryBody(utf8("m")));
  await off.clock.advance(HOUR);
  await stop(off);
  const back = await running(() => notDelivered("deferred"), off.fs, new FakeClock(START + 10 * HOUR));
  await back.clock.advance(1000);
  assertEquals([off.reports, back.reports.map(shown)], [[], ["delay: a pending -"]]);
  await stop(back);
});

Deno.test("Queue returns the message of failures only", async () => {
  for (const [answer, ret] of [[() => notDelivered("failed"), "full"], [delivered, undefined]] as const) {
    const r = await running(answer);
    const wishes = envelope(["a@x.test"], "me@home.test", {
      notify: ["success", "failure"],
      originalRecipient: "rfc822;o@x",
    });
    await r.queue.submit({ ...wishes, ret: "full", envelopeId: "e1" }, memoryBody(utf8("m")));
    await r.clock.advance(1000);
    const [report] = r.reports;
    assertEquals([report?.ret, report?.envelopeId], [ret, "e1"]);
    assertEquals(report?.recipients[0]?.options?.originalRecipient, "rfc822;o@x");
    await stop(r);
  }
});

Deno.test("summary() and the journal keep what was told and what is to be told", () => {
  const outcome = { status: "2.0.0", why: "", host: null, reply: null };
  let m = newMessage({
    id: "m",
    created: 1,
    envelope: envelope(["a@x", "b@x", "c@y"], "me@home.test", null),
    size: 1,
    offset: 1,
  });
  m = applied(m, {
    kind: "attempt",
    at: 5,
    destination: "x",
    attempts: 1,
    next: 9,
    outcomes: [
      { recipient: 0, state: "delivered", success: "relayed", ...outcome },
      { recipient: 1, state: "pending", ...outcome },
    ],
  });
  m = applied(m, { kind: "warned", at: 7, recipients: [1], bounces: 1 });
  const lines = parseJournal(utf8(summary(m).map((l) => new TextDecoder().decode(formatLine(l))).join("")));
  assertEquals(lines.broken, 0);
  const fresh = newMessage({ ...m });
  assertEquals(lines.lines.reduce(applied, fresh), m);
});

Deno.test("Queue tells once of delay, success and failure, whenever the power is cut", async () => {
  const answer: Answer = ({ address }) =>
    address.domain === "home.test" || address.local === "a"
      ? delivered()
      : notDelivered(address.local === "b" ? "deferred" : "failed");
  const all: NonNullable<Notify> = ["success", "failure", "delay"];
  const steps = await everyCrash<string>(async (fs, acknowledge) => {
    const r = rig(fs, answer, {}, new FakeClock(START), acknowledge);
    await r.queue.open();
    await r.queue.start();
    await r.queue.submit(
      envelope(["a@x.test", "b@x.test", "c@x.test"], "me@home.test", { notify: all }),
      memoryBody(utf8("m")),
    );
    acknowledge("submit");
    await r.clock.advance(4 * HOUR + 60_000);
    await stop(r);
  }, async (fs, acknowledged) => {
    const later = await running(delivered, fs, new FakeClock(START + 6 * HOUR));
    for (let i = 0; i < 40 && later.queue.stats().messages > 0; i++) await later.clock.advance(4 * HOUR);
    assertEquals(later.queue.stats().messages, 0);
    await stop(later);
    if (!acknowledged.includes("submit")) return;
    const lines = [...acknowledged, ...later.taken].filter((l) => l.startsWith("me@home.test"));
    for (const about of [/ a@x.test delivered/, / b@x.test delivered/, / c@x.test (failed|delivered)/]) {
      const n = lines.filter((l) => about.test(l)).length;
      // A report that was on its way at the cut may come twice, as any mail.
      assert(n === 1 || n === 2, `${n} times ${about}: ${lines}`);
    }
    assert(lines.filter((l) => l.includes("b@x.test pending")).length <= 2, `${lines}`);
  }, { make: () => new MemFs({ dirs: ["/data"] }), seeds: 1 });
  assert(steps > 20, `${steps} steps`);
});

Deno.test("Queue keeps what is to be released later, over a restart too, and counts its days from then", async () => {
  const DAY = 24 * 3600_000;
  const first = rig();
  await first.queue.open();
  await first.queue.start();
  const at = first.clock.now() + 20 * DAY;
  const wishes = envelope(["a@x.test"], "me@home.test", null);
  await first.queue.submit({ ...wishes, holdUntil: at }, memoryBody(utf8("m")));
  await first.clock.advance(10 * DAY);
  assertEquals(first.batches.length, 0);
  await stop(first);
  const answer: Answer = ({ address }) =>
    address.domain === "x.test" ? notDelivered("deferred") : delivered();
  const again = rig(first.fs, answer, {}, new FakeClock(first.clock.now()));
  await again.queue.open();
  await again.queue.start();
  await again.clock.advance(at - again.clock.now() - 1);
  assertEquals([again.batches.length, again.reports.length], [0, 0]);
  await again.clock.advance(1);
  assertEquals(again.batches.length, 1);
  await again.clock.advance(5 * DAY - 1000);
  assertEquals(again.reports.map((r) => [r.kind, r.retryUntil]), [["delay", at + 5 * DAY]]);
  await again.clock.advance(DAY);
  assertEquals(again.reports.map((r) => r.kind), ["delay", "failure"]);
  await stop(again);
});

Deno.test("Queue sends what is urgent first when many wait for the same room, and tells the next host", async () => {
  let free: () => void = () => {};
  const gate = new Promise<void>((resolve) => free = resolve);
  const r = rig(undefined, async () => (await gate, delivered()), {
    limits: { attempts: 1, perDestination: 1 },
  });
  await r.queue.open();
  await r.queue.start();
  for (const priority of [0, 0, -4, 9, 4]) {
    await r.queue.submit({ ...envelope(["a@x.test"]), priority }, memoryBody(utf8(`${priority}`)));
  }
  free();
  await r.clock.advance(1000);
  assertEquals(r.batches.map((b) => b.priority ?? 0), [0, 9, 4, 0, -4]);
  await stop(r);
});

Deno.test("Queue.tryDestinations() tries what waits there, but nothing before its time", async () => {
  let away = true;
  const r = await running(() => away ? notDelivered("deferred", true) : delivered());
  await r.queue.submit(envelope(["a@x.test", "b@y.test"]), memoryBody(utf8("1")));
  await r.queue.submit(envelope(["c@x.test"]), memoryBody(utf8("2")));
  await r.queue.submit({ ...envelope(["d@x.test"]), holdUntil: START + 24 * HOUR }, memoryBody(utf8("3")));
  await r.clock.advance(1000);
  away = false;
  assertEquals([r.queue.tryDestinations((d) => d === "x.test"), r.queue.tryDestinations(() => false)], [
    3,
    0,
  ]);
  await r.clock.advance(1);
  assertEquals(r.taken, ["a@x.test: 1", "c@x.test: 2"]);
  r.queue.reconsider();
  await r.clock.advance(1);
  assertEquals(r.taken.slice(2), ["b@y.test: 1"]);
  await stop(r);
});
