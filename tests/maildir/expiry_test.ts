import { EXPIRY_BATCH, EXPIRY_PAUSE } from "../../mod/base/limits.ts";
import { expireMail } from "../../mod/maildir/expiry.ts";
import { assert, assertEquals } from "../support/assert.ts";
import { FakeClock } from "../support/fake_clock.ts";
import { ALICE, append, machine, opened, storeOn } from "./support.ts";

const DAY = 86_400_000;

Deno.test("expireMail() works in batches, lets others do something between them, and stops when told", async () => {
  const clock = new FakeClock();
  const { fs, log, store } = storeOn(machine(clock), clock);
  const mail = await store.account(ALICE);
  const many = 2 * EXPIRY_BATCH + 1;
  for (let i = 0; i < many; i++) await append(mail, "Trash", "x\r\n\r\n");
  await clock.advance(2 * DAY);
  const box = await opened(store, "Trash");
  const ports = { fs, clock, log, store, root: "/mail", accounts: () => [ALICE] };
  const stop = new AbortController();
  const rules = new Map([["Trash", DAY]]);
  const first = expireMail(ports, () => rules, { time: clock.now(), ran: 2 * DAY }, stop.signal);
  while (box.messages.length === many) await clock.advance(0);
  assertEquals(box.messages.length, many - EXPIRY_BATCH);
  stop.abort();
  assertEquals(await first, EXPIRY_BATCH);
  const rest = expireMail(
    ports,
    () => rules,
    { time: clock.now(), ran: 2 * DAY },
    new AbortController().signal,
  );
  for (let i = 0; i < 20; i++) await clock.advance(100);
  assertEquals([await rest, box.messages.length], [many - EXPIRY_BATCH, 0]);
  assert(log.lines.every((l) => l.level !== "warn"));
  box.close();
});

Deno.test("expireMail() ends with the rule it goes by, or when that becomes milder, and goes on when it becomes stricter", async () => {
  const changes: readonly [string, number | null, number][] = [
    ["taken back", null, 1],
    ["milder", 3 * DAY, 1],
    ["as it was", DAY, 0],
    ["stricter", DAY / 2, 0],
  ];
  for (const [about, age, left] of changes) {
    const clock = new FakeClock();
    const { fs, log, store } = storeOn(machine(clock), clock);
    const mail = await store.account(ALICE);
    for (let i = 0; i <= EXPIRY_BATCH; i++) await append(mail, "Trash", "x\r\n\r\n");
    await append(mail, "Junk", "x\r\n\r\n");
    await clock.advance(2 * DAY);
    const [trash, junk] = [await opened(store, "Trash"), await opened(store, "Junk")];
    let rules = new Map([["Trash", DAY], ["Junk", DAY]]);
    const round = expireMail(
      { fs, clock, log, store, root: "/mail", accounts: () => [ALICE] },
      () => rules,
      { time: clock.now(), ran: 2 * DAY },
      new AbortController().signal,
    );
    while (trash.messages.length > 1) await clock.advance(0);
    // As a reload does it: another map.
    rules = new Map(age === null ? [] : [["Trash", age], ["Junk", age]]);
    for (let i = 0; i < 20; i++) await clock.advance(100);
    assertEquals([await round, trash.messages.length], [EXPIRY_BATCH + 2 - 2 * left, left], about);
    assertEquals(junk.messages.length, left, about);
    trash.close();
    junk.close();
  }
});

Deno.test("expireMail() lets others do something between accounts that have nothing, too", async () => {
  const clock = new FakeClock();
  const { fs, log, store } = storeOn(machine(clock), clock);
  const before = clock.monotonic();
  let done = false;
  const accounts = () => Array.from({ length: 5 }, (_, i) => `nobody${i}@example.test`);
  const rules = () => new Map([["Trash", DAY], ["Junk", DAY]]);
  const stop = new AbortController().signal;
  const round = expireMail(
    { fs, clock, log, store, root: "/mail", accounts },
    rules,
    { time: 0, ran: 0 },
    stop,
  )
    .finally(() => done = true);
  while (!done) await clock.advance(1);
  assertEquals(await round, 0);
  assert(clock.monotonic() - before >= 10 * EXPIRY_PAUSE);
});
