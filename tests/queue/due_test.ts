import fc from "fast-check";
import { assertEquals } from "../support/assert.ts";
import { DueHeap } from "../../mod/queue/due.ts";

Deno.test("DueHeap gives what is due in the order of time", () => {
  fc.assert(fc.property(fc.array(fc.nat(50)), fc.nat(50), (times, now) => {
    const heap = new DueHeap<number>();
    for (const [i, at] of times.entries()) heap.push(at, i);
    assertEquals(heap.size, times.length);
    assertEquals(heap.next, times.length > 0 ? Math.min(...times) : null);
    const got: number[] = [];
    for (let first = heap.pop(now); first; first = heap.pop(now)) {
      assertEquals(times[first.item], first.at);
      got.push(first.at);
    }
    assertEquals(got, times.filter((t) => t <= now).sort((a, b) => a - b));
    assertEquals(heap.size, times.length - got.length);
  }));
});

Deno.test("DueHeap keeps its order when pushes and pops alternate", () => {
  fc.assert(fc.property(fc.array(fc.option(fc.nat(20), { freq: 3 })), (steps) => {
    const heap = new DueHeap<null>();
    const model: number[] = [];
    for (const step of steps) {
      if (step === null) assertEquals(heap.pop(Infinity)?.at, model.shift());
      else {
        heap.push(step, null);
        model.push(step);
        model.sort((a, b) => a - b);
      }
      assertEquals(heap.next, model[0] ?? null);
    }
  }));
});
