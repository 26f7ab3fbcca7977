import { lockFolder } from "../../mod/sys/folder_lock.ts";
import { assert, assertEquals } from "../support/assert.ts";

Deno.test("lockFolder() gives a folder to one at a time, and leaves nothing in it", async () => {
  const dir = await Deno.makeTempDir({ prefix: "roost-lock-" });
  try {
    const first = lockFolder(dir);
    assert(first !== null && first !== "taken");
    assertEquals(lockFolder(dir), "taken");
    first.release();
    const second = lockFolder(dir);
    assert(second !== null && second !== "taken");
    second.release();
    assertEquals([...Deno.readDirSync(dir)], []);
    assertEquals(lockFolder(`${dir}/none`), null);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});
