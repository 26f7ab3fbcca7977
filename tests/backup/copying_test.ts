import { copyFile } from "../../mod/backup/copying.ts";
import { assert, assertEquals, assertRejects } from "../support/assert.ts";
import { MemFs } from "../support/mem_fs.ts";

Deno.test("copyFile() copies small and large files with their times, durably", async () => {
  const large = "x".repeat(3_000_000);
  const fs = new MemFs({ files: { "/a": "abc", "/b": large }, dirs: ["/to"] });
  await fs.setTime("/a", 5000);
  for (const name of ["a", "b"]) {
    const copied = await copyFile(fs, `/${name}`, `/to/${name}`);
    assertEquals(copied?.size, fs.statSync(`/${name}`)?.size);
    assertEquals(fs.statSync(`/to/${name}`)?.mtime, fs.statSync(`/${name}`)?.mtime);
  }
  await fs.syncDir("/to");
  const after = fs.afterCrash("synced-only");
  assertEquals((await after.readFile("/to/b", 1e7))?.length, large.length);
});

Deno.test("copyFile() gives null for what is gone, and leaves nothing of what fails", async () => {
  const fs = new MemFs({ files: { "/b": "x".repeat(3_000_000) }, dirs: ["/to"] });
  assertEquals(await copyFile(fs, "/none", "/to/x"), null);
  assertEquals(await copyFile(fs, "/to", "/to/x"), null);
  fs.fail((op) => op === "write", "full");
  await assertRejects(() => copyFile(fs, "/b", "/to/b"), "full");
  assert(fs.statSync("/to/b") === null);
});
