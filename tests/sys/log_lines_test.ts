import { LOG_DELAY, LOG_HELD } from "../../mod/base/limits.ts";
import { LogLines } from "../../mod/sys/log_lines.ts";
import { assertEquals } from "../support/assert.ts";

function rig() {
  const written: string[] = [];
  const timers: { readonly ms: number; readonly fn: () => void }[] = [];
  const lines = new LogLines((text) => void written.push(text), (ms, fn) => void timers.push({ ms, fn }));
  return { written, timers, lines };
}

Deno.test("LogLines writes together what comes within a moment, and sets one timer for it", () => {
  const { written, timers, lines } = rig();
  for (const line of ["a", "b", "c"]) lines.add(line, false);
  assertEquals([written, timers.map((t) => t.ms)], [[], [LOG_DELAY]]);
  timers[0]?.fn();
  assertEquals(written, ["a\nb\nc\n"]);
  lines.add("d", false);
  assertEquals(timers.length, 2);
  timers[1]?.fn();
  timers[1]?.fn();
  assertEquals(written, ["a\nb\nc\n", "d\n"]);
});

Deno.test("LogLines writes what warns at once and in order, and holds no more than it may", () => {
  const { written, lines } = rig();
  lines.add("a", false);
  lines.add("fire", true);
  assertEquals(written, ["a\nfire\n"]);
  lines.add("x".repeat(LOG_HELD), false);
  assertEquals(written.length, 2);
  lines.add("b", false);
  lines.flush();
  lines.flush();
  assertEquals(written.slice(2), ["b\n"]);
});
