import { CountingLog, EventCounts, formatMetrics } from "../../mod/status/metrics.ts";
import { assertEquals } from "../support/assert.ts";
import { MemoryLog } from "../support/memory_log.ts";

Deno.test("CountingLog counts events of all levels and passes lines on", () => {
  const counts = new EventCounts();
  const to = new MemoryLog();
  const log = new CountingLog(to, counts).with({ id: "x" });
  log.info("mail accepted", { size: 1 });
  log.info("mail accepted");
  log.debug("looked");
  log.warn("slow");
  log.error("broken", {}, new Error("e"));
  assertEquals(counts.entries(), [["broken", 1], ["looked", 1], ["mail accepted", 2], ["slow", 1]]);
  assertEquals(to.lines[0], { level: "info", event: "mail accepted", fields: { id: "x", size: 1 } });
});

Deno.test("CountingLog tells a watcher of each line but debug ones, with what its log has in common", () => {
  const told: unknown[] = [];
  const watch = (...line: unknown[]) => void told.push(line);
  const log = new CountingLog(new MemoryLog(), new EventCounts(), watch).with({ a: 1 }).with({ b: 2 });
  log.info("x", { c: 3 });
  log.debug("y");
  log.warn("z");
  assertEquals(told, [["x", { a: 1, b: 2 }, { c: 3 }], ["z", { a: 1, b: 2 }, undefined]]);
});

Deno.test("EventCounts stays bounded", () => {
  const counts = new EventCounts();
  for (let i = 0; i < 3000; i++) counts.add(`event ${i}`);
  assertEquals(counts.entries().length, 1000);
});

Deno.test("formatMetrics() writes help, type, labels with escapes", () => {
  const text = formatMetrics([
    {
      name: "roost_x_total",
      type: "counter",
      help: "Things.",
      samples: [{ labels: { a: 'q"\\\n' }, value: 2 }, { value: 3 }],
    },
  ]);
  assertEquals(
    text,
    '# HELP roost_x_total Things.\n# TYPE roost_x_total counter\nroost_x_total{a="q\\"\\\\\\n"} 2\nroost_x_total 3\n',
  );
});
