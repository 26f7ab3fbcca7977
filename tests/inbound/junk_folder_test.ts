import { FsError } from "../../mod/base/fs.ts";
import { memoryBody } from "../../mod/base/body.ts";
import { filingJunk } from "../../mod/inbound/junk_folder.ts";
import type { Store } from "../../mod/store/store.ts";
import { assertEquals } from "../support/assert.ts";
import { MemStore } from "../support/mem_store.ts";
import { MemoryLog } from "../support/memory_log.ts";

const MESSAGE = { id: "t1", sender: null, account: null, smtpUtf8: false, body: memoryBody() };
const ALICE = "alice@example.test";

async function mailbox(store: Store, junk = true, log = new MemoryLog()): Promise<string> {
  const filed = await filingJunk(store, log)(
    { ...MESSAGE, ...(junk ? { junk: true as const } : {}) },
    ALICE,
    null,
  );
  return filed.mailbox;
}

Deno.test("filingJunk() finds the folder that the account has for junk, and makes one where it is gone", async () => {
  const store = new MemStore();
  assertEquals(await mailbox(store, false), "INBOX");
  assertEquals(await mailbox(store), "Junk");
  const mail = await store.account(ALICE);
  await mail.remove("Junk");
  assertEquals(await mailbox(store), "Junk");
  assertEquals((await mail.list()).find((e) => e.name === "Junk")?.specialUse, "Junk");
  await mail.remove("Junk");
  await mail.create("Werbung", "Junk");
  assertEquals(await mailbox(store), "Werbung");
});

Deno.test("filingJunk() does not hold mail up where the folder cannot be found", async () => {
  const log = new MemoryLog();
  const broken = { account: () => Promise.reject(new FsError("denied", "open", "/x")) } as unknown as Store;
  assertEquals(await mailbox(broken, true, log), "Junk");
  assertEquals(log.lines.map((l) => l.event), ["junk folder not found"]);
});
