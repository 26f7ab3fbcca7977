import { ensureDir, exists } from "@std/fs";
import { assertEquals, assertRejects } from "../support/assert.ts";

Deno.test("@std/fs: ensureDir() makes parents and is repeatable; exists() tells kinds apart", async () => {
  const top = await Deno.makeTempDir();
  try {
    await ensureDir(`${top}/a/b`);
    await ensureDir(`${top}/a/b`);
    await Deno.writeTextFile(`${top}/f`, "");
    assertEquals(
      [await exists(`${top}/a/b`), await exists(`${top}/f`, { isDirectory: true }), await exists(`${top}/x`)],
      [true, false, false],
    );
    assertEquals(await exists(`${top}/f`, { isFile: true }), true);
    await assertRejects(() => ensureDir(`${top}/f`));
  } finally {
    await Deno.remove(top, { recursive: true });
  }
});
