import { readNow } from "../../mod/sys/read_now.ts";
import { fromUtf8, utf8 } from "../../mod/base/bytes.ts";
import { isFsError } from "../../mod/base/fs.ts";
import { assert, assertEquals, assertThrows } from "../support/assert.ts";

Deno.test("readNow() reads plain files and nothing else", () => {
  const dir = Deno.makeTempDirSync();
  try {
    Deno.writeTextFileSync(`${dir}/a`, "abcdef");
    Deno.utimeSync(`${dir}/a`, 12, 34);
    Deno.symlinkSync(`${dir}/a`, `${dir}/link`);
    const into = new Uint8Array(8);
    const stat = { mtime: 0 };
    assertEquals(readNow(`${dir}/a`, into, true, stat), 6);
    assertEquals([fromUtf8(into.subarray(0, 6)), stat.mtime], ["abcdef", 34_000]);
    into.set(utf8("--------"));
    assertEquals(readNow(`${dir}/a`, into.subarray(0, 4), true), 6);
    assertEquals(fromUtf8(into), "--------");
    assertEquals(readNow(`${dir}/a`, into.subarray(0, 4), false), 4);
    assertEquals(fromUtf8(into), "abcd----");
    assertEquals(readNow(`${dir}/a`, into.subarray(0, 0), false), 0);
    assertEquals(readNow(`${dir}/none`, into, true), null);
    const link = assertThrows(() => readNow(`${dir}/link`, into, true));
    assert(isFsError(link, "denied"));
    const folder = assertThrows(() => readNow(dir, into, true));
    assert(isFsError(folder, "io"));
  } finally {
    Deno.removeSync(dir, { recursive: true });
  }
});
