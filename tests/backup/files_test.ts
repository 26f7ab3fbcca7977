import { restoreFiles } from "../../mod/backup/files.ts";
import { checksum, type FileEntry } from "../../mod/backup/manifest.ts";
import { Tally } from "../../mod/transfer/tally.ts";
import { assert, assertEquals } from "../support/assert.ts";
import { everyCrash } from "../support/every_crash.ts";
import { MemFs } from "../support/mem_fs.ts";

const FILES = {
  "/s/data/accounts.yaml": "accounts",
  "/s/data/keys/a/b": "key",
  "/s/data/queue/1-a.mail": "mail",
  "/s/data/queue/1-a.state": "state",
};

function disk(): MemFs {
  return new MemFs({ files: { ...FILES, "/home/x": "" } });
}

async function restore(fs: MemFs, spoil: string | null = null): Promise<Tally> {
  const tally = new Tally();
  const files: FileEntry[] = [];
  for (const [path, text] of Object.entries(FILES)) {
    const sha256 = path === spoil ? "00" : await checksum(fs, path, text.length);
    files.push({ path: path.slice("/s/".length), size: text.length, time: 0, sha256 });
  }
  await restoreFiles(fs, "/s", files, "/home/data", tally);
  return tally;
}

Deno.test("files come back where they were, but for what is there and what is damaged", async () => {
  const fs = disk();
  await fs.makeDir("/home/data");
  await fs.createWith("/home/data/accounts.yaml", [new TextEncoder().encode("mine")]);
  const tally = await restore(fs, "/s/data/keys/a/b");
  assertEquals(tally.report().losses.map((l) => l.what), ["data/keys/a/b"]);
  assertEquals(fs.tree("/home/data").filter((p) => fs.statSync(p)?.kind === "file"), [
    "/home/data/accounts.yaml",
    "/home/data/queue/1-a.mail",
    "/home/data/queue/1-a.state",
  ]);
  assertEquals(fs.statSync("/home/data/accounts.yaml")?.size, 4);
});

Deno.test("a message of the queue is never there without its journal, wherever the power is cut", async () => {
  await everyCrash(async (fs) => void await restore(fs), async (fs) => {
    if (fs.statSync("/home/data/queue/1-a.mail")) assert(fs.statSync("/home/data/queue/1-a.state"));
    assertEquals((await restore(fs)).lost, 0);
    assertEquals(fs.statSync("/home/data/keys/a/b")?.size, 3);
  }, { make: disk, seeds: 1 });
});
