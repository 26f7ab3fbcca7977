import { linkOrCopy } from "../../mod/maildir/file_copy.ts";
import { assertEquals, assertRejects } from "../support/assert.ts";
import { MemFs } from "../support/mem_fs.ts";
import { fileText } from "./support.ts";

Deno.test("linkOrCopy() links, or copies contents and time where there are no links", async () => {
  for (const links of [true, false]) {
    const fs = new MemFs({ links, files: { "/a/f": "text".repeat(100_000) }, dirs: ["/b", "/tmp"] });
    await fs.setTime("/a/f", 123_000);
    await linkOrCopy({ fs }, "/a/f", "/b/g", "/tmp/t");
    await fs.syncDir("/b");
    assertEquals(fs.statSync("/b/g")?.mtime, 123_000);
    assertEquals((await fs.stat("/b/g"))?.inode === (await fs.stat("/a/f"))?.inode, links);
    assertEquals((await fileText(fs.afterCrash("synced-only"), "/b/g")).length, 400_000);
    await assertRejects(() => linkOrCopy({ fs }, "/none", "/b/h", "/tmp/t"), "not-found");
    assertEquals([(await fs.list("/tmp")).length, fs.openFiles], [0, 0]);
  }
});
