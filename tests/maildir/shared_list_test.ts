import { formatShared, parseShared, SharedList } from "../../mod/maildir/shared_list.ts";
import { assertEquals } from "../support/assert.ts";
import { machine } from "./support.ts";
import { fileText, portsOn } from "./support.ts";

const FILE = "/mail/roost-shared";

Deno.test("a line of the list is read as it was written; others are passed over", () => {
  for (const dir of ["", ".Sent", ".B&APw-ro.x"]) {
    const line = { id: "user=bob@x", owner: "alice@x", dir };
    assertEquals(parseShared(formatShared(line)), line);
  }
  for (const bad of ["", "anyone", "anyone\talice@x", "\talice@x\t", "anyone\t\t", "a\tb\tc\td"]) {
    assertEquals(parseShared(bad), null, bad);
  }
});

Deno.test("SharedList.update() keeps what others put in meanwhile, and writes only what is new", async () => {
  const fs = machine();
  const ports = portsOn(fs);
  const list = new SharedList(ports, "/mail");
  assertEquals([list.age, await list.lines()], [null, new Map()]);
  await list.update(new Set(), new Set(["anyone\ta@x\t", "user=b@x\ta@x\t.S"]), true);
  await list.update(new Set(), new Set(["user=c@x\td@x\t"]), false);
  await list.update(
    new Set(["anyone\ta@x\t", "user=b@x\ta@x\t.S"]),
    new Set(["user=b@x\ta@x\t.S", "user=b@x\ta@x\t"]),
    false,
  );
  assertEquals(await fileText(fs, FILE), "user=b@x\ta@x\t.S\nuser=c@x\td@x\t\nuser=b@x\ta@x\t\n");
  const found = await list.lines();
  assertEquals([...found.keys()], ["user=b@x", "user=c@x"]);
  assertEquals(found.get("user=b@x")?.map((l) => l.dir), [".S", ""]);
  const { steps } = fs;
  await list.update(new Set(), new Set(["user=b@x\ta@x\t.S"]), false);
  const { inode } = fs.statSync(FILE) ?? {};
  assertEquals(await list.lines() === found, true);
  await list.update(new Set(), new Set(), true);
  assertEquals([fs.statSync(FILE)?.inode === inode, fs.steps > steps], [false, true]);
});
