import { assert, assertEquals, assertRejects } from "../support/assert.ts";
import { fsContract } from "../support/fs_contract.ts";
import { MemoryLog } from "../support/memory_log.ts";
import { DenoFs } from "../../mod/sys/fs.ts";
import { isFsError } from "../../mod/base/fs.ts";

for (const keptDirs of [0, 2]) {
  fsContract(`DenoFs (keptDirs: ${keptDirs})`, async () => {
    const dir = await Deno.makeTempDir();
    const log = new MemoryLog();
    const fs = new DenoFs(log, { keptDirs });
    return {
      fs,
      dir,
      symlink: (target: string, path: string) => Deno.symlink(target, path),
      dispose: async () => {
        fs.close();
        assertEquals(log.lines, []);
        await Deno.remove(dir, { recursive: true });
      },
    };
  });
}

Deno.test("DenoFs lists a large folder", async () => {
  const dir = await Deno.makeTempDir();
  try {
    const names: string[] = [];
    for (let i = 0; i < 1000; i++) names.push(`${i}.${"n".repeat(240)}`);
    for (const name of names) Deno.writeFileSync(`${dir}/${name}`, new Uint8Array(0));
    const listed = await new DenoFs(new MemoryLog()).list(dir);
    assertEquals(listed.map((e) => e.name).sort(), names.sort());
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});

Deno.test("DenoFs is not held up by what is no file", { ignore: Deno.build.os === "windows" }, async () => {
  const fs = new DenoFs(new MemoryLog());
  assertEquals((await fs.stat("/dev/null"))?.kind, "other");
  const e = await assertRejects(() => fs.open("/dev/null"));
  assert(isFsError(e, "io"));
});
