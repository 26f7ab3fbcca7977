import { assert, assertEquals } from "../support/assert.ts";
import { TRACE_PAIRS, TRACE_REFUSALS } from "../../mod/base/limits.ts";
import { refusalEvent, Refusals } from "../../mod/trace/refusals.ts";

const HOUR = 3_600_000;
const refused = (remote: string, recipient: string) => ({
  id: "t",
  remote,
  sender: "s@x.example",
  recipient,
  reply: "550 5.7.1",
  text: "Relaying denied",
});

Deno.test("Refusals count by client, hour and reply, and name some of those concerned", () => {
  const refusals = new Refusals();
  for (let i = 0; i < 50; i++) {
    refusals.note("recipient refused", refused("192.0.2.1", `r${i}@y.example`), 10 + i);
  }
  refusals.note("recipient refused", refused("192.0.2.2", "r@y.example"), 70);
  const taken = refusals.take();
  assertEquals(taken.map((r) => [r.fields["remote"], r.count, r.first, r.last]), [
    ["192.0.2.1", 50, 10, 59],
    ["192.0.2.2", 1, 70, 70],
  ]);
  assertEquals(taken[0]?.pairs.size, TRACE_PAIRS);
  const event = taken[1] && refusalEvent(taken[1]);
  assertEquals([event?.event, event?.at, event?.fields["concerned"]], [
    "refused",
    70,
    "s@x.example > r@y.example",
  ]);
  assertEquals(refusals.take(), []);
  refusals.note("recipient refused", refused("192.0.2.1", "r@y.example"), 80);
  const again = refusals.take();
  assert(again[0] === taken[0] && again[0]?.count === 51, "the same count goes on");
});

Deno.test("Refusals begin anew each hour", () => {
  const refusals = new Refusals();
  refusals.note("recipient refused", refused("192.0.2.1", "r@y.example"), HOUR - 1);
  const [before] = refusals.take();
  refusals.note("recipient refused", refused("192.0.2.1", "r@y.example"), HOUR);
  const [after] = refusals.take();
  assertEquals([before?.count, after?.count, before === after], [1, 1, false]);
});

Deno.test("Refusals of very many clients are counted together", () => {
  const refusals = new Refusals();
  for (let i = 0; i < TRACE_REFUSALS + 500; i++) {
    refusals.note("connection refused", { remote: `10.0.0.${i}` }, 1);
  }
  const taken = refusals.take();
  assertEquals(taken.length, TRACE_REFUSALS + 1);
  assertEquals([taken.at(-1)?.fields["remote"], taken.at(-1)?.count], ["many", 500]);
});

Deno.test("Refusals give the reasons for which the client was judged", () => {
  const refusals = new Refusals();
  refusals.judged({ id: "t", reasons: "greylist: first try", remote: "192.0.2.1" });
  refusals.note("recipient refused", refused("192.0.2.1", "r@y.example"), 1);
  refusals.note("recipient refused", { ...refused("192.0.2.3", "r@y.example"), id: "other" }, 1);
  assertEquals(refusals.take().map((r) => r.fields["why"]), ["greylist: first try", undefined]);
});
