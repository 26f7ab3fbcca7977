import { FATES, MailHistory } from "../../mod/status/history.ts";
import { niceTop, plot } from "../../mod/status/plot.ts";
import { assert, assertEquals } from "../support/assert.ts";

Deno.test("niceTop() is round and high enough", () => {
  assertEquals([1, 2, 3, 7, 10, 11, 99, 100, 101, 4999].map(niceTop), [
    1,
    2,
    5,
    10,
    10,
    20,
    100,
    100,
    200,
    5000,
  ]);
});

Deno.test("plot() draws a line a fate within its box, hours below, and says the same in words", async () => {
  const history = new MailHistory();
  const now = Date.UTC(2026, 0, 2, 4, 25);
  for (let i = 0; i < 40; i++) history.add(FATES[i % FATES.length] ?? "sent", now - i * 1_800_000);
  const text = String(await plot(history.day(now)));
  assertEquals(text.match(/<polyline/g)?.length, FATES.length);
  const numbers = [...text.matchAll(/points="([^"]*)"/g)].flatMap((m) =>
    (m[1] ?? "").split(/[ ,]/).map(Number)
  );
  assert(numbers.length > 400 && numbers.every((n) => n >= 0 && n <= 960), `${numbers}`);
  assert(/>04:00</.test(text) && />20:00</.test(text));
  assert(text.includes("Mail of the last 24 hours by half hours: 8 accepted, 8 refused"));
});
