import { takeData } from "../../mod/app/sole_server.ts";
import { EMPTY } from "../../mod/base/bytes.ts";
import { FsError } from "../../mod/base/fs.ts";
import { assert, assertEquals, assertRejects } from "../support/assert.ts";
import { FakeClock } from "../support/fake_clock.ts";
import { MemFs } from "../support/mem_fs.ts";

Deno.test("takeData() lets one server have a folder at a time, and the next when it has ended, however that was", async () => {
  const fs = new MemFs({ clock: new FakeClock(), dirs: ["/data"] });
  const first = await takeData(fs, "/data");
  assert(first);
  await assertRejects(() => takeData(fs, "/data"), "another Roost serves /data: stop it");
  await first.release();
  assertEquals(fs.tree("/data"), ["/data/"]);
  // What a process leaves that was killed.
  await fs.createWith("/data/serving", [EMPTY]);
  const second = await takeData(fs, "/data");
  assert(second);
  await assertRejects(() => takeData(fs, "/data"), "another Roost");
  await second.release();
});

Deno.test("takeData() keeps nobody from starting on a disk that is full or read-only, or without such locks", async () => {
  const fs = new MemFs({ clock: new FakeClock(), dirs: ["/data"] });
  for (const code of ["full", "read-only", "denied"] as const) {
    const broken = Object.assign(Object.create(fs), {
      hold: () => Promise.reject(new FsError(code, "create", "/data/serving")),
    });
    assertEquals(await takeData(broken, "/data"), null);
  }
  const left = Object.assign(Object.create(fs), {
    hold: () => Promise.reject(new FsError("exists", "create", "/data/serving")),
    removeUnheld: () => Promise.reject(new FsError("read-only", "remove", "/data/serving")),
  });
  assertEquals(await takeData(left, "/data"), null);
  const lockless = Object.assign(Object.create(fs), { hold: () => Promise.resolve(null) });
  assertEquals(await takeData(lockless, "/data"), null);
});
