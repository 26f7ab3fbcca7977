/** What this process holds of the machine's memory, and giving back what nobody needs. */
import v8 from "node:v8";
import vm from "node:vm";

export interface Memory {
  /** Resident memory in octets. */
  resident(): number;
  /** Collects garbage now and gives free pages back to the system: some 50 ms where 100 MB are in use. */
  collect(): void;
}

let collector: (() => void) | null = null;

export const systemMemory: Memory = {
  resident: () => Deno.memoryUsage().rss,
  collect() {
    // The engine puts collecting off for as long as the machine has memory: it cannot know of our ceiling.
    collector ??= findCollector();
    collector();
  },
};

function findCollector(): () => void {
  v8.setFlagsFromString("--expose-gc");
  const gc: unknown = vm.runInNewContext("globalThis.gc");
  return typeof gc === "function" ? () => void gc() : () => {};
}
