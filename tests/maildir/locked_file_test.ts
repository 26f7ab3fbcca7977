import { utf8 } from "../../mod/base/bytes.ts";
import { replaceLocked } from "../../mod/maildir/locked_file.ts";
import { assertEquals, assertRejects } from "../support/assert.ts";
import { MemFs } from "../support/mem_fs.ts";
import { fileText, portsOn } from "./support.ts";

Deno.test("replaceLocked() replaces all or nothing and leaves no lock", async () => {
  const fs = new MemFs({ files: { "/d/f": "old", "/d/f.tmp": "left by a crash" } });
  const ports = portsOn(fs);
  await replaceLocked(ports, "/d/f", 100, (bytes) => utf8(bytes.length + " new"));
  assertEquals([fs.tree("/d"), await fileText(fs.afterCrash("synced-only"), "/d/f")], [["/d/f"], "3 new"]);
  await replaceLocked(ports, "/d/f", 100, () => null);
  const heal = fs.fail("write", "full");
  await assertRejects(() => replaceLocked(ports, "/d/f", 100, () => utf8("lost")), "full");
  heal();
  assertEquals([fs.tree("/d").includes("/d/f.lock"), await fileText(fs, "/d/f")], [false, "3 new"]);
});
