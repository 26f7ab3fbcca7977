import { concat } from "../../mod/base/bytes.ts";
import { readFileStream } from "../../mod/base/file_stream.ts";
import { type Fs, FsError } from "../../mod/base/fs.ts";
import { assert, assertEquals, assertRejects } from "../support/assert.ts";

const SIZE = 700_000;

/** A file whose reads give at most `most` octets, and fail from offset `broken` on. */
function file(most: number, broken = Infinity) {
  const bytes = new Uint8Array(SIZE).map((_, i) => (i * 7919) >> 3);
  const state = { open: 0, reading: 0, reads: 0 };
  const fs: Pick<Fs, "open"> = {
    open: () => {
      state.open++;
      return Promise.resolve({
        size: SIZE,
        async readAt(into: Uint8Array, at: number) {
          state.reading++;
          state.reads++;
          await Promise.resolve();
          state.reading--;
          if (at + into.length > broken) throw new FsError("io", "read", "/f");
          const part = bytes.subarray(at, Math.min(at + Math.min(into.length, most), SIZE));
          into.set(part);
          return part.length;
        },
        close: () => {
          assertEquals(state.reading, 0, "nothing is read from a closed file");
          state.open--;
        },
      });
    },
  };
  return { fs, state, bytes };
}

Deno.test("readFileStream() gives a part of a file whole, however little a read gives", async () => {
  for (const most of [50_000, 1_000_000]) {
    for (
      const [start, size] of [[0, SIZE], [11, SIZE - 11], [5, 0], [5, 10], [3, 65_536], [3, 65_537], [
        0,
        400_000,
      ]]
    ) {
      const { fs, state, bytes } = file(most);
      const got: Uint8Array[] = [];
      for await (const chunk of readFileStream(fs, "/f", start ?? 0, size ?? 0)) got.push(chunk.slice());
      assertEquals(concat(got), bytes.slice(start, (start ?? 0) + (size ?? 0)));
      assertEquals(state.open, 0);
    }
  }
});

Deno.test("readFileStream() reads no more than a first chunk for who wants no more", async () => {
  const { fs, state } = file(1_000_000);
  for await (const chunk of readFileStream(fs, "/f", 0, SIZE)) {
    assert(chunk.length < SIZE);
    break;
  }
  assertEquals([state.open, state.reads], [0, 1]);
});

Deno.test("readFileStream() closes the file when its user goes, and after a fault, told only to who asks on", async () => {
  for (const use of [1, 2, 3]) {
    const { fs, state } = file(1_000_000, 400_000);
    let chunks = 0;
    const read = async () => {
      for await (const _ of readFileStream(fs, "/f", 0, SIZE)) if (++chunks === use) return;
    };
    if (use < 3) await read();
    else await assertRejects(read, "io");
    assertEquals([state.open, chunks], [0, Math.min(use, 2)]);
  }
  const { fs, state } = file(1_000_000);
  await assertRejects(async () => {
    for await (const _ of readFileStream(fs, "/f", 10, SIZE));
  }, "read all of");
  assertEquals(state.open, 0);
});
