import { BulkFiles } from "../../mod/sys/bulk_files.ts";
import type { BulkPart } from "../../mod/base/bulk_reader.ts";
import { fromUtf8 } from "../../mod/base/bytes.ts";
import { BULK_FILE, BULK_HEADER, BULK_OCTETS } from "../../mod/base/limits.ts";
import { assert, assertEquals } from "../support/assert.ts";

/** What came of each file: null where it was left out. */
function read(
  dir: string,
  names: readonly string[],
  part: BulkPart = "whole",
  sizes: readonly number[] = names.map(() => -1),
  room = BULK_OCTETS,
): (string | null)[] {
  const { bytes, spans, times } = new BulkFiles().read({ dir, names, part, sizes }, new Uint8Array(room));
  return names.map((_, i) => {
    const [start = -1, end = -1] = spans.subarray(2 * i, 2 * i + 2);
    assertEquals(times[i] === 0, start < 0);
    return start < 0 ? null : fromUtf8(bytes.subarray(start, end));
  });
}

Deno.test("BulkFiles reads many files in canonical form and leaves out what it cannot", () => {
  const dir = Deno.makeTempDirSync();
  try {
    Deno.mkdirSync(`${dir}/cur`);
    const write = (name: string, text: string) => Deno.writeTextFileSync(`${dir}/cur/${name}`, text);
    write("lf", "A: b\n\nc\n");
    write("crlf", "A: b\r\n\r\nc\r\n");
    write("empty", "");
    write("bare", "A: b");
    write("large", "x".repeat(BULK_FILE + 1));
    write("most", "x".repeat(BULK_FILE));
    write("deep", "y".repeat(BULK_HEADER) + "\n\n");
    Deno.symlinkSync(`${dir}/cur/lf`, `${dir}/cur/link`);
    Deno.mkdirSync(`${dir}/cur/folder`);
    const names = ["lf", "none", "link", "crlf", "folder", "empty", "large", "most", "bare"].map((n) =>
      `cur/${n}`
    );
    const texts = [
      "A: b\r\n\r\nc\r\n",
      null,
      null,
      "A: b\r\n\r\nc\r\n",
      null,
      "",
      null,
      "x".repeat(BULK_FILE),
      "A: b",
    ];
    assertEquals(read(dir, names), texts);
    // Sizes that are known, and some that are wrong.
    assertEquals(read(dir, names, "whole", [11, 5, 5, 11, 5, 0, 5, 7, 4]), texts);
    assertEquals(
      read(dir, ["cur/lf", "cur/crlf", "cur/none", "cur/deep", "cur/bare", "cur/empty"], "header"),
      ["A: b\r\n\r\n", "A: b\r\n\r\n", null, null, "A: b", ""],
    );
    // What does not fit is left out, and what comes after it may.
    for (let room = 0; room < 30; room++) {
      const found = read(dir, ["cur/lf", "cur/crlf", "cur/bare"], "whole", [-1, 11, 4], room);
      assert(found.join("").length <= room);
      assertEquals(found.map((t) => t === null), [
        room < 11,
        room < 11 || room < 22,
        room < 4 || (room > 10 && room < 15) || (room > 21 && room < 26),
      ]);
    }
  } finally {
    Deno.removeSync(dir, { recursive: true });
  }
});
