import { findFolder, hideFolder, listFolders, makeFolder } from "../../mod/maildir/folder_tree.ts";
import { assertEquals, assertRejects } from "../support/assert.ts";
import { MemFs } from "../support/mem_fs.ts";
import { portsOn } from "./support.ts";

Deno.test("folders are made durable, found, listed and hidden", async () => {
  const fs = new MemFs({ dirs: ["/m/cur", "/m/.half/new", "/m/..x/cur", "/m/notours/cur", "/m/.&bad/cur"] });
  const ports = portsOn(fs);
  await makeFolder(ports, "/m", ".B&APw-ro.x");
  await makeFolder(ports, "/m", ".B&APw-ro.x");
  fs.symlink("/m/..x", "/m/.Link");
  await assertRejects(() => makeFolder(ports, "/m", ".Link"), "denied");
  const survivor = portsOn(fs.afterCrash("synced-only"));
  assertEquals(await listFolders(survivor, "/m"), ["INBOX", "Büro.x"]);
  assertEquals(await listFolders(ports, "/m"), ["INBOX", "Büro.x"]);
  assertEquals(findFolder(ports, "/m", "Büro.x"), "/m/.B&APw-ro.x");
  assertEquals(findFolder(ports, "/m", "INBOX"), "/m");
  for (const name of ["Büro", "half", "Link", "notours"]) {
    assertEquals(findFolder(ports, "/m", name), null, name);
  }
  const hidden = await hideFolder(ports, "/m", "/m/.B&APw-ro.x");
  assertEquals([await listFolders(ports, "/m"), fs.statSync(`${hidden}/cur`)?.kind], [["INBOX"], "dir"]);
});
