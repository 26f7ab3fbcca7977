import { Deadlines } from "../../mod/sys/deadlines.ts";
import { assertEquals } from "../support/assert.ts";

Deno.test("Deadlines expires who waited too long, leaves others, and stops its timer with the last one", async () => {
  const deadlines = new Deadlines(1);
  const expired: string[] = [];
  const waiter = (name: string, deadline: number, then = () => {}) => ({
    deadline,
    expire() {
      expired.push(name);
      then();
    },
  });
  const never = waiter("never", Infinity);
  await new Promise<void>((done) => {
    const due = waiter("due", performance.now(), () => {
      deadlines.remove(due);
      done();
    });
    deadlines.add(never);
    deadlines.add(due);
    // The timer does not keep a process alive; something has to while it is awaited.
    const alive = setTimeout(() => {}, 60_000);
    const remove = deadlines.remove.bind(deadlines);
    deadlines.remove = (w) => {
      clearTimeout(alive);
      remove(w);
    };
  });
  deadlines.remove(never);
  assertEquals(expired, ["due"]);
});
