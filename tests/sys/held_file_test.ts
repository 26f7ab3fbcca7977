import { holdFile, removeUnheldFile } from "../../mod/sys/held_file.ts";
import { utf8 } from "../../mod/base/bytes.ts";
import { assert, assertEquals, assertRejects } from "../support/assert.ts";

const MARK = utf8("01:host");

async function inFolder(work: (dir: string) => Promise<void>): Promise<void> {
  const dir = await Deno.makeTempDir();
  try {
    await work(dir);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

Deno.test("holdFile() makes nothing where there is something", () =>
  inFolder(async (dir) => {
    await Deno.writeTextFile(`${dir}/a`, "old");
    await assertRejects(() => holdFile(`${dir}/a`, MARK), "exists");
    assertEquals(await Deno.readTextFile(`${dir}/a`), "old");
  }));

Deno.test("removeUnheldFile() leaves what anybody has locked, and takes what nobody has", () =>
  inFolder(async (dir) => {
    const path = `${dir}/a`;
    await Deno.writeFile(path, MARK);
    const other = await Deno.open(path);
    assert(other.tryLockSync(true));
    assertEquals(removeUnheldFile(path, MARK), false);
    other.close();
    assertEquals(removeUnheldFile(path, utf8("01:hosu")), false);
    assertEquals(removeUnheldFile(path, MARK), true);
    assertEquals(removeUnheldFile(path, MARK), false);
  }));

Deno.test("removeUnheldFile() leaves an empty file alone: its maker has not got to the lock yet", () =>
  inFolder(async (dir) => {
    await Deno.writeTextFile(`${dir}/a`, "");
    assertEquals(removeUnheldFile(`${dir}/a`, MARK), false);
    assertEquals((await Deno.stat(`${dir}/a`)).size, 0);
  }));
