import { createHash } from "node:crypto";
import { fetchRuntime } from "../../mod/build/fetch_runtime.ts";
import { assertEquals, assertRejects } from "../support/assert.ts";

const ARCHIVE = new TextEncoder().encode("an archive");
const NAME = "x-t-1.0.0.tgz";
const RUNTIME = {
  ...{ target: "t", package: "@x/t", version: "1.0.0", machine: 62 },
  integrity: `sha512-${createHash("sha512").update(ARCHIVE).digest("base64")}`,
};

Deno.test("fetchRuntime() fetches once, and takes nothing whose checksum differs, fetched or kept", async () => {
  const cache = await Deno.makeTempDir({ prefix: "roost-fetch-" });
  const fetched: string[] = [];
  let offered = ARCHIVE.subarray(1);
  const pack = async (spec: string, dir: string) => {
    fetched.push(spec);
    await Deno.writeFile(`${dir}/${NAME}`, offered);
  };
  try {
    await assertRejects(() => fetchRuntime(RUNTIME, cache, pack), "is not the file that was pinned");
    assertEquals([...Deno.readDirSync(cache)], []);
    offered = ARCHIVE;
    assertEquals(await fetchRuntime(RUNTIME, cache, pack), ARCHIVE);
    assertEquals(await fetchRuntime(RUNTIME, cache, pack), ARCHIVE);
    await Deno.writeFile(`${cache}/${NAME}`, ARCHIVE.subarray(2));
    assertEquals(await fetchRuntime(RUNTIME, cache, pack), ARCHIVE);
    assertEquals(fetched, ["@x/t@1.0.0", "@x/t@1.0.0", "@x/t@1.0.0"]);
    assertEquals([...Deno.readDirSync(cache)].map((e) => e.name), [NAME]);
  } finally {
    await Deno.remove(cache, { recursive: true });
  }
});
