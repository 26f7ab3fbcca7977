import { assert, assertEquals } from "../support/assert.ts";
import { MemoryLog } from "../support/memory_log.ts";
import { settle } from "../support/fake_clock.ts";
import { type KernelWatcher, WatchPool } from "../../mod/sys/watch_pool.ts";

class Kernel {
  readonly open: Set<{ readonly folders: string[]; tell(paths: string[]): void; fail(): void }> = new Set();
  limit = Infinity;
  missing: string[] = [];

  start(folders: string[]): KernelWatcher {
    if (this.open.size >= this.limit) throw new Error("Too many open files (os error 24)");
    if (folders.some((f) => this.missing.includes(f))) throw new Deno.errors.NotFound("no folder");
    const queue: { paths: string[] }[] = [];
    let wake: () => void = () => {};
    let state: "open" | "closed" | "failed" = "open";
    const entry = {
      folders,
      tell: (paths: string[]) => {
        queue.push({ paths });
        wake();
      },
      fail: () => {
        state = "failed";
        wake();
      },
    };
    this.open.add(entry);
    return {
      async *[Symbol.asyncIterator]() {
        for (;;) {
          yield* queue.splice(0);
          if (state === "closed") return;
          if (state === "failed") throw new Error("gone");
          if (queue.length === 0) await new Promise<void>((r) => wake = r);
        }
      },
      close: () => {
        this.open.delete(entry);
        state = "closed";
        wake();
      },
    };
  }

  change(path: string): void {
    const folder = path.slice(0, path.lastIndexOf("/"));
    for (const w of this.open) if (w.folders.includes(folder)) w.tell([path]);
  }
}

function pool(kernel: Kernel): { readonly pool: WatchPool; readonly log: MemoryLog } {
  const log = new MemoryLog();
  return { pool: new WatchPool((folders) => kernel.start(folders), log), log };
}

Deno.test("WatchPool tells who asked, until the end", async () => {
  const kernel = new Kernel();
  const { pool: p } = pool(kernel);
  const heard: string[] = [];
  const endA = p.watch(["/a", "/b"], (f) => heard.push(`1${f}`));
  const endB = p.watch(["/b"], (f) => heard.push(`2${f}`));
  assertEquals(p.size, 1); // the second needs none of its own
  kernel.change("/a/x");
  kernel.change("/b/x");
  await settle();
  assertEquals(heard.splice(0), ["1/a", "1/b", "2/b"]);
  endA();
  endA();
  kernel.change("/a/x");
  kernel.change("/b/x");
  await settle();
  assertEquals(heard.splice(0), ["2/b"]);
  endB();
  assertEquals([p.size, kernel.open.size], [0, 0]);
});

Deno.test("WatchPool watches hundreds of folders with few watchers", async () => {
  const kernel = new Kernel();
  const { pool: p, log } = pool(kernel);
  const heard = new Set<string>();
  const ends = Array.from({ length: 300 }, (_, i) => p.watch([`/f${i}`], (f) => heard.add(f)));
  assert(kernel.open.size <= 8, `${kernel.open.size} watchers`);
  for (let i = 0; i < 300; i++) kernel.change(`/f${i}/x`);
  await settle();
  assertEquals(heard.size, 300);
  for (const end of ends) end();
  assertEquals(kernel.open.size, 0);
  assertEquals(log.lines, []);
});

Deno.test("WatchPool does without folders that are not there", async () => {
  const kernel = new Kernel();
  kernel.missing = ["/no"];
  const { pool: p, log } = pool(kernel);
  const heard: string[] = [];
  const end = p.watch(["/a", "/no"], (f) => heard.push(f));
  kernel.change("/a/x");
  await settle();
  assertEquals(heard, ["/a"]);
  end();
  assertEquals([kernel.open.size, log.lines.length], [0, 0]);
});

Deno.test("WatchPool degrades to nothing with one line", async () => {
  const kernel = new Kernel();
  kernel.limit = 1;
  const { pool: p, log } = pool(kernel);
  const heard: string[] = [];
  const ends = [p.watch(["/a"], (f) => heard.push(f))];
  for (let i = 0; i < 5; i++) ends.push(p.watch([`/b${i}`], (f) => heard.push(f)));
  assertEquals(log.lines.map((l) => [l.level, l.event]), [["warn", "folders not watched"]]);
  kernel.change("/a/x");
  await settle();
  assertEquals(heard, ["/a"]);
  for (const w of kernel.open) w.fail();
  await settle();
  assertEquals(p.size, 0);
  for (const end of ends) end();
});
