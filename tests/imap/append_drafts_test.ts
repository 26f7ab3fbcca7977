import { AppendDrafts } from "../../mod/imap/append_drafts.ts";
import { FsError } from "../../mod/base/fs.ts";
import { BODY_IN_MEMORY } from "../../mod/base/limits.ts";
import { fromUtf8, utf8 } from "../../mod/base/bytes.ts";
import { Output } from "../../mod/imap/output.ts";
import { ImapSession } from "../../mod/imap/session.ts";
import { NO_FLAGS } from "../../mod/store/flags.ts";
import { assertEquals } from "../support/assert.ts";
import { ALICE, imapServer } from "../support/imap_server.ts";
import { MemStore } from "../support/mem_store.ts";
import { ScriptConn } from "../support/script_conn.ts";

const HEAD = { tag: "a", mailbox: "INBOX", index: 0, flags: NO_FLAGS, internalDate: null, utf8: false };
const literal = (size: number, synchronising: boolean, binary = false) => ({ size, synchronising, binary });

async function session(messageSize = 10 * BODY_IN_MEMORY, own = new MemStore()): Promise<ImapSession> {
  const { ports, store } = imapServer({ store: own, config: { messageSize } });
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
    assertEquals(await drafts.announce(HEAD, literal(size, synchronising)), decision);
    await drafts.write(utf8("x"));
    assertEquals((await drafts.drop())?.code ?? null, code);
  }
});

Deno.test("AppendDrafts refuses a large message for a mailbox that is not there before it travels", async () => {
  const drafts = new AppendDrafts(await session());
  const head = { ...HEAD, mailbox: "Nowhere" };
  assertEquals(await drafts.announce(head, literal(BODY_IN_MEMORY, true)), "stream");
  await drafts.drop();
  assertEquals(await drafts.announce(head, literal(BODY_IN_MEMORY + 1, true)), "refuse");
  assertEquals((await drafts.drop())?.code, "TRYCREATE");
  assertEquals(await drafts.announce(HEAD, literal(BODY_IN_MEMORY + 1, true)), "stream");
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
  assertEquals(await drafts.announce(HEAD, literal(10, true)), "stream");
  await drafts.write(utf8("12345"));
  await drafts.write(utf8("67890"));
  await drafts.end(false);
  assertEquals([(await drafts.drop())?.code, aborted], ["OVERQUOTA", 1]);
  failing = false;
  assertEquals(await drafts.announce(HEAD, literal(10, true)), "stream");
  await drafts.end(true);
  assertEquals([(await drafts.drop())?.code, aborted], ["UNKNOWN-CTE", 2]);
  assertEquals(await drafts.drop(), null);
});

Deno.test("AppendDrafts makes text of binary parts, and refuses binary octets that nothing announces", async () => {
  const store = new MemStore();
  const own = await session(1000, store);
  const drafts = new AppendDrafts(own);
  const put = async (text: string): Promise<string | null> => {
    await drafts.announce(HEAD, literal(text.length, true, true));
    for (const octet of utf8(text)) await drafts.write(Uint8Array.of(octet));
    await drafts.end(false);
    const { drafts: made, refusal } = drafts.take();
    if (refusal) return refusal.code;
    await own.mail.commit("INBOX", made.map((draft) => ({ draft, flags: NO_FLAGS, internalDate: null })));
    const box = (await store.account(ALICE)).folder("INBOX");
    return fromUtf8(box?.messages.at(-1)?.bytes ?? utf8("none"));
  };
  assertEquals(await put("Subject: a\r\n\r\nplain\r\n"), "Subject: a\r\n\r\nplain\r\n");
  assertEquals(
    await put("Content-Transfer-Encoding: binary\r\n\r\na\0b\r\n"),
    "Content-Transfer-Encoding: base64\r\n\r\nYQBiDQo=\r\n",
  );
  assertEquals(await put("Subject: a\r\n\r\na\0b\r\n"), "UNKNOWN-CTE");
});
