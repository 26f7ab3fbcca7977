import { formatSpecialUses, parseSpecialUses, SpecialUseFile } from "../../mod/maildir/special_use_file.ts";
import { assertEquals } from "../support/assert.ts";
import { MemFs } from "../support/mem_fs.ts";
import { portsOn } from "./support.ts";

Deno.test("special uses are read and written, junk left out", async () => {
  const uses = parseSpecialUses("Sent\tGesendet\nNope\tx\nno tab\nTrash\tPapier korb\n");
  assertEquals([...uses], [["Gesendet", "Sent"], ["Papier korb", "Trash"]]);
  assertEquals(formatSpecialUses(uses), "Sent\tGesendet\nTrash\tPapier korb\n");
  const file = new SpecialUseFile(portsOn(new MemFs({ dirs: ["/d"] })), "/d");
  assertEquals([file.exists(), (await file.read()).size], [false, 0]);
  await file.change((u) => void u.set("A", "Archive"));
  assertEquals([file.exists(), [...await file.read()]], [true, [["A", "Archive"]]]);
});
