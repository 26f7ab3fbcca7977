import { assert, assertEquals, assertThrows } from "../support/assert.ts";
import { openSqlite } from "../../mod/sys/sqlite.ts";
import { type Slice, TraceFile } from "../../mod/trace/trace_file.ts";
import type { TraceEvent } from "../../mod/trace/types.ts";

function event(at: number, trace: string, fields: TraceEvent["fields"] = {}): TraceEvent {
  return { at, event: "mail accepted", trace, queue: null, fields };
}

function withFile(work: (file: TraceFile) => void): void {
  const dir = Deno.makeTempDirSync({ prefix: "roost-trace-" });
  const path = `${dir}/trace.sqlite`;
  const file = new TraceFile(openSqlite(path), path);
  try {
    work(file);
  } finally {
    file.close();
    Deno.removeSync(dir, { recursive: true });
  }
}

/** Oldest first. */
function all(file: TraceFile, needle: string, since = 0): TraceEvent[] {
  const found: TraceEvent[] = [];
  let next: number | null = null;
  do {
    const slice: Slice = file.look(next, since, needle);
    found.unshift(...slice.events);
    next = slice.next;
  } while (next !== null);
  return found;
}

Deno.test("TraceFile finds rows by any text in them, whatever the case", () => {
  withFile((file) => {
    for (let i = 0; i < 2500; i++) file.add([event(i, `t${i}`, { sender: `u${i}@X.example` })]);
    file.add([event(9000, "odd", { sender: '100%_!"\\@x.example', gone: null, more: undefined })]);
    assertEquals(all(file, "u17@x.EXAMPLE").map((e) => e.trace), ["t17"]);
    assertEquals([file.of("t3").length, file.of("t").length, file.of("T3").length], [1, 0, 0]);
    assertEquals(all(file, '100%_!"\\@x').map((e) => e.trace), ["odd"]);
    assertEquals(all(file, "100__"), []);
    assertEquals(all(file, "x.example", 2499).map((e) => e.trace), ["t2499", "odd"]);
    assertEquals(all(file, "odd")[0], event(9000, "odd", { sender: '100%_!"\\@x.example' }));
  });
});

Deno.test("TraceFile replaces a row, and does not mind one that is gone", () => {
  withFile((file) => {
    const row = file.addRow([event(1, "t", { count: 1 })]);
    file.replace(row, [event(1, "t", { count: 2 })]);
    file.replace(row + 5, [event(1, "t", { count: 3 })]);
    assertEquals(all(file, "count").map((e) => e.fields["count"]), [2]);
  });
});

Deno.test("TraceFile removes what is too old, and the oldest of what is too much, in steps", () => {
  withFile((file) => {
    file.transaction(() => {
      for (let i = 0; i < 2000; i++) file.add([event(i, `t${i}`, { text: "x".repeat(1000) })]);
    });
    const limits = { age: 1000, size: 100 * 1024 * 1024 };
    let steps = 0;
    while (file.prune(limits, 2500)) steps++;
    assert(steps >= 4 && steps < 12, `${steps}`);
    assertEquals([all(file, "text").length, all(file, "text")[0]?.at], [500, 1500]);
    const before = file.used;
    while (file.prune({ age: 1e9, size: 100 * 1024 }, 2500));
    assert(file.used <= 100 * 1024 && file.used < before, `${before} ${file.used}`);
    assertEquals(file.prune({ age: 1e9, size: 100 * 1024 }, 2500), false);
  });
});

Deno.test("TraceFile passes over rows that somebody else wrote, and refuses a file of another version", () => {
  const db = openSqlite(":memory:");
  new TraceFile(db, ":memory:").add([event(1, "t")]);
  for (const text of ["no json t", '{"t":1}', '[1,"t"]', '[[1,2,"t"]]', '[[5,"mail accepted","t",7,"t"]]']) {
    db.prepare("INSERT INTO decided (at, events) VALUES (1, ?)").run(text);
  }
  assertEquals(all(new TraceFile(db, ":memory:"), "t"), [event(1, "t"), event(5, "t")]);
  db.exec("PRAGMA user_version = 9");
  assertThrows(() => new TraceFile(db, ":memory:"), "corrupt");
  db.close();
});
