import { concat, fromUtf8, utf8 } from "../../mod/base/bytes.ts";
import { checksum, type FileEntry, formatManifest, readManifest } from "../../mod/backup/manifest.ts";
import { assert, assertEquals } from "../support/assert.ts";
import { MemFs } from "../support/mem_fs.ts";

const FACTS = { made: "2026-11-22T10:00:00.000Z", hostname: "mail.example.test" };
const entry = (path: string): FileEntry => ({ path, size: 3, time: 5.25, sha256: "ab" });

async function read(text: string) {
  return await readManifest(new MemFs({ files: { "/s/manifest.jsonl": text } }), "/s");
}

function written(files: readonly FileEntry[]): string {
  return fromUtf8(concat([...formatManifest(FACTS, files)]));
}

Deno.test("a manifest is read as it was written, a large one too", async () => {
  for (const count of [0, 1, 3000]) {
    const files = Array.from({ length: count }, (_, i) => entry(`data/mail/ä ${i}`));
    const got = await read(written(files));
    assert(got.ok);
    assertEquals([...got.value.files.values()], files);
    assertEquals(got.value.facts, FACTS);
  }
});

Deno.test("a manifest that was cut off or changed is none", async () => {
  const good = written([entry("a"), entry("b")]);
  for (let n = 0; n < good.length; n += 7) assert(!(await read(good.slice(0, n))).ok, `${n} octets`);
  for (
    const bad of [
      good.replace('"a"', '"c"'),
      good.replace('"size":3', '"size":4'),
      good.replace('"roostBackup":1', '"roostBackup":2'),
      `${good}${good}`,
      good.replace('"b"', '"../b"'),
      good.replace(/\{"path":"a".*\n/, ""),
      "[]\n",
      `${"x".repeat(70_000)}\n`,
    ]
  ) assert(!(await read(bad)).ok, bad.slice(0, 80));
  for (const path of ["/etc/passwd", "a/../b", "a//b", "."]) {
    assert(!(await read(written([entry(path)]))).ok, path);
  }
  assert(!(await readManifest(new MemFs(), "/none")).ok);
});

Deno.test("checksum() is SHA-256", async () => {
  const fs = new MemFs({ files: { "/x": utf8("abc") } });
  assertEquals(
    await checksum(fs, "/x", 3),
    "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
  );
});
