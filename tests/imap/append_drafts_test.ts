import { AppendDrafts } from "../../mod/imap/append_drafts.ts";
import { FsError } from "../../mod/base/fs.ts";
import { BODY_IN_MEMORY } from "../../mod/base/limits.ts";
import { utf8 } from "../../mod/base/bytes.ts";
import { Output } from "../../mod/imap/output.ts";
import { ImapSession } from "../../mod/imap/session.ts";
import { NO_FLAGS } from "../../mod/store/flags.ts";
import { assertEquals } from "../support/assert.ts";
import { ALICE, imapServer } from "../support/imap_server.ts";
import { ScriptConn } from "../support/script_conn.ts";

const HEAD = { tag: "a", mailbox: "INBOX", index: 0, flags: NO_FLAGS, internalDate: null };

async function session(messageSize = 10 * BODY_IN_MEMORY): Promise<ImapSession> {
  const { ports, store } = imapServer({ config: { messageSize } });
  const made = new ImapSession(ports, new ScriptConn(), new Output(() => Promise.resolve()));
  made.authenticated(await store.account(ALICE), ALICE);
  return made;
}

Deno.test("AppendDrafts refuses what is too large: before it comes where it can, else to nowhere", async () => {
  const rows = [
    [100, true, "stream", null],
    [101, true, "refuse", "TOOBIG"],
    [101, false, "stream", "TOOBIG"],
    [201, false, "refuse", "TOOBIG"],
  ] as const;
  for (const [size, synchronising, decision, code] of rows) {
    const drafts = new AppendDrafts(await session(100));
    assertEquals(await drafts.announce(HEAD, size, synchronising), decision);
    await drafts.write(utf8("x"));
    assertEquals((await drafts.drop())?.code ?? null, code);
  }
});

Deno.test("AppendDrafts refuses a large message for a mailbox that is not there before it travels", async () => {
  const drafts = new AppendDrafts(await session());
  const head = { ...HEAD, mailbox: "Nowhere" };
  assertEquals(await drafts.announce(head, BODY_IN_MEMORY, true), "stream");
  await drafts.drop();
  assertEquals(await drafts.announce(head, BODY_IN_MEMORY + 1, true), "refuse");
  assertEquals((await drafts.drop())?.code, "TRYCREATE");
  assertEquals(await drafts.announce(HEAD, BODY_IN_MEMORY + 1, true), "stream");
  await drafts.drop();
});

Deno.test("AppendDrafts stays in step when the disk fails, and forgets it with the command", async () => {
  const own = await session();
  const drafts = new AppendDrafts(own);
  let aborted = 0;
  let failing = true;
  own.mail.draft = () =>
    Promise.resolve({
      write: () => failing ? Promise.reject(new FsError("full", "write", "/x")) : Promise.resolve(),
      abort: () => Promise.resolve(void aborted++),
    });
  assertEquals(await drafts.announce(HEAD, 10, true), "stream");
  await drafts.write(utf8("12345"));
  await drafts.write(utf8("67890"));
  drafts.end(false);
  assertEquals([(await drafts.drop())?.code, aborted], ["OVERQUOTA", 1]);
  failing = false;
  assertEquals(await drafts.announce(HEAD, 10, true), "stream");
  drafts.end(true);
  assertEquals([(await drafts.drop())?.code, aborted], ["UNKNOWN-CTE", 2]);
  assertEquals(await drafts.drop(), null);
});
