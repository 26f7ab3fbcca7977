import fc from "fast-check";
import { SeqTable } from "../../mod/index/seq_table.ts";
import { assertEquals } from "../support/assert.ts";

Deno.test("SeqTable holds what a Map would, in any order of setting and deleting", () => {
  const step = fc.tuple(fc.constantFrom("set", "delete"), fc.integer({ min: 1, max: 300 }), fc.nat(1e12));
  fc.assert(fc.property(fc.array(step, { maxLength: 600 }), (steps) => {
    const table = new SeqTable();
    const model = new Map<number, number>();
    for (const [what, uid, value] of steps) {
      if (what === "set") {
        table.set(uid, value);
        model.set(uid, value);
      } else {
        table.delete(uid);
        model.delete(uid);
      }
    }
    for (let uid = 0; uid <= 301; uid++) assertEquals(table.get(uid), model.get(uid) ?? 0, `UID ${uid}`);
  }));
});
