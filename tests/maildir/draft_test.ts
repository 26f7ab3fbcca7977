import { utf8 } from "../../mod/base/bytes.ts";
import { BODY_IN_MEMORY } from "../../mod/base/limits.ts";
import { MaildirDraft } from "../../mod/maildir/draft.ts";
import { assertEquals, assertMatch, assertRejects } from "../support/assert.ts";
import { MemFs } from "../support/mem_fs.ts";
import { fileText, portsOn } from "./support.ts";

Deno.test("a draft counts its octets and bare line ends over any chunking", async () => {
  const text = "a\nb\r\n\nc\r\r\n";
  for (let size = 1; size <= text.length; size++) {
    const draft = new MaildirDraft(portsOn(new MemFs({ dirs: ["/tmp"] })), "/tmp");
    for (let at = 0; at < text.length; at += size) await draft.write(utf8(text.slice(at, at + size)));
    assertMatch(draft.base, /,S=10,W=12$/);
    await draft.abort();
  }
});

Deno.test("a small draft is one file with its time when finished, a large one spills", async () => {
  for (const size of [10, BODY_IN_MEMORY + 10]) {
    const fs = new MemFs({ dirs: ["/tmp"] });
    const draft = new MaildirDraft(portsOn(fs), "/tmp");
    const chunk = new Uint8Array(size / 2).fill(65);
    await draft.write(chunk);
    await draft.write(chunk);
    await draft.finish(99_000);
    await fs.syncDir("/tmp");
    const survivor = fs.afterCrash("synced-only");
    assertEquals([(await fileText(survivor, draft.path)).length, survivor.statSync(draft.path)?.mtime], [
      size,
      99_000,
    ]);
    await draft.abort(); // too late: it is committed
    assertEquals(fs.openFiles, 0);
    await assertRejects(() => draft.finish(null), "twice");
    await assertRejects(() => draft.write(chunk), "Cannot write");
    await draft.discard();
    assertEquals(fs.statSync(draft.path), null);
  }
});

Deno.test("an aborted draft leaves nothing", async () => {
  const fs = new MemFs({ dirs: ["/tmp"] });
  const draft = new MaildirDraft(portsOn(fs), "/tmp");
  await draft.write(new Uint8Array(BODY_IN_MEMORY + 1));
  await draft.abort();
  await draft.abort();
  assertEquals([fs.statSync(draft.path), fs.openFiles], [null, 0]);
});
