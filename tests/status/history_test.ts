import { fateOf, isOwnHandOver, MailHistory, SLOT, SLOTS } from "../../mod/status/history.ts";
import { assert, assertEquals } from "../support/assert.ts";

const NOW = Date.UTC(2026, 0, 2, 4, 5);

Deno.test("fateOf() tells what log lines mean", () => {
  const table: [string, Record<string, string> | undefined, string | null][] = [
    ["mail accepted", undefined, "accepted"],
    ["recipient refused", {}, "refused"],
    ["delivered", { account: "a@b.test" }, "delivered"],
    ["delivered", { to: "a@b.test", host: "mx.b.test" }, "sent"],
    ["expired", {}, "bounced"],
    ["login", {}, null],
  ];
  for (const [event, fields, fate] of table) assertEquals(fateOf(event, fields), fate, event);
  assert(isOwnHandOver("delivered", { to: "a@b.test", host: "us.test" }, "us.test"));
  assert(!isOwnHandOver("delivered", { account: "a@b.test", host: "us.test" }, "us.test"));
  assert(!isOwnHandOver("delivered", { to: "a@b.test", host: "mx.b.test" }, "us.test"));
});

Deno.test("MailHistory has a day, ends with now, and forgets what is older", () => {
  const history = new MailHistory();
  history.add("accepted", NOW - 25 * 3_600_000);
  history.add("accepted", NOW - 1000);
  history.add("refused", NOW - 60 * 60_000);
  history.add("refused", NOW);
  const day = history.day(NOW);
  assertEquals([day.length, day.at(-1)?.start], [SLOTS, Math.floor(NOW / SLOT) * SLOT]);
  assertEquals([day.at(-1)?.accepted, day.at(-1)?.refused, day.at(-7)?.refused], [1, 1, 1]);
  assertEquals(day.reduce((n, s) => n + s.accepted, 0), 1);
});

Deno.test("MailHistory stays bounded and sane whatever the clock does", () => {
  const history = new MailHistory();
  history.add("sent", NOW);
  for (let i = 0; i < 3000; i++) history.add("sent", i * 7_777_777_777 - 1e12);
  assert([...history.pieces()].join("").length < 64 * 1024);
  assertEquals(history.day(NOW).length, SLOTS);
});

Deno.test("MailHistory is kept as text; broken lines are left out", () => {
  const history = new MailHistory();
  for (let i = 0; i < 5; i++) history.add("bounced", NOW - i * SLOT);
  const text = [...history.pieces()].join("");
  const fresh = new MailHistory();
  fresh.restore(`${text}[1,2\nnull\n[]\n[1,-1,0,0,0,0]\n["x",1,1,1,1,1]\n{}\n`);
  assertEquals(fresh.day(NOW), history.day(NOW));
});
