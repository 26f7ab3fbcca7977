import { AppendDrafts } from "../../mod/imap/append_drafts.ts";
import { FsError } from "../../mod/base/fs.ts";
import { APPEND_MESSAGES, BODY_IN_MEMORY, CATENATE_PARTS } from "../../mod/base/limits.ts";
import { fromUtf8, utf8 } from "../../mod/base/bytes.ts";
import { Output } from "../../mod/imap/output.ts";
import { ImapSession } from "../../mod/imap/session.ts";
import type { CatenatePart } from "../../mod/imap/types.ts";
import { NO_FLAGS } from "../../mod/store/flags.ts";
import { assertEquals } from "../support/assert.ts";
import { ALICE, imapServer } from "../support/imap_server.ts";
import { MemStore } from "../support/mem_store.ts";
import { ScriptConn } from "../support/script_conn.ts";

const HEAD = {
  tag: "a",
  mailbox: "INBOX",
  before: [],
  parts: null,
  flags: NO_FLAGS,
  internalDate: null,
  utf8: false,
  catenate: false,
};
const WHOLE = { flags: NO_FLAGS, internalDate: null, size: 0, binary: false };
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
    const { drafts: made, refusal } = await drafts.take([WHOLE]);
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

Deno.test("AppendDrafts stops at too many parts, and at URLs that name too much", async () => {
  const own = await session(1000);
  const put = await own.mail.draft(800);
  await put.write(new Uint8Array(800).fill(0x61));
  await own.mail.commit("INBOX", [{ draft: put, flags: NO_FLAGS, internalDate: null }]);
  const drafts = new AppendDrafts(own);
  const url = { kind: "url", url: "/INBOX/;UID=1" } as const;
  const small = { kind: "url", url: "/INBOX/;UID=1/;PARTIAL=0.1" } as const;
  const code = async (...messages: (readonly CatenatePart[])[]) => {
    const { drafts: made, refusal } = await drafts.take(messages.map((parts) => ({ ...WHOLE, parts })));
    for (const draft of made) await draft.abort();
    return refusal?.code ?? made.length;
  };
  assertEquals(await code(Array(CATENATE_PARTS).fill(small)), 1);
  assertEquals(await code(Array(CATENATE_PARTS).fill(small), [small]), "LIMIT");
  assertEquals(await code([url, url]), "TOOBIG");
  assertEquals(await code([url], [url], [url], [url], [url]), 5);
  assertEquals(await code([url], [url], [url], [url], [url], [url]), "LIMIT");
  // Of too many literals not even the next is looked at.
  const text = { kind: "text", size: 0, binary: false } as const;
  const head = { ...HEAD, catenate: true };
  for (let i = 0; i < CATENATE_PARTS; i++) {
    assertEquals(await drafts.announce({ ...head, parts: Array(i).fill(text) }, literal(0, false)), "stream");
    await drafts.end(false);
  }
  const parts = Array(CATENATE_PARTS).fill(text);
  assertEquals(await drafts.announce({ ...head, parts }, literal(0, false)), "refuse");
  assertEquals((await drafts.drop())?.code, "LIMIT");
  assertEquals(drafts.empty, true);
});

Deno.test("AppendDrafts makes text of a message that begins as literal8, and takes no NUL later on", async () => {
  const store = new MemStore();
  const own = await session(1000, store);
  const drafts = new AppendDrafts(own);
  const put = async (...texts: readonly (readonly [string, boolean])[]): Promise<string | null> => {
    const parts: CatenatePart[] = [];
    for (const [text, binary] of texts) {
      await drafts.announce(
        { ...HEAD, catenate: true, parts: [...parts] },
        literal(text.length, true, binary),
      );
      for (const octet of utf8(text)) await drafts.write(Uint8Array.of(octet));
      await drafts.end(!binary && text.includes("\0"));
      parts.push({ kind: "text", size: text.length, binary });
    }
    const { drafts: made, refusal } = await drafts.take([{ ...WHOLE, parts }]);
    if (refusal) return refusal.code;
    await own.mail.commit("INBOX", made.map((draft) => ({ draft, flags: NO_FLAGS, internalDate: null })));
    return fromUtf8((await store.account(ALICE)).folder("INBOX")?.messages.at(-1)?.bytes ?? utf8("none"));
  };
  const head = "Content-Transfer-Encoding: binary\r\n\r\n";
  assertEquals(
    await put([head, true], ["a\0b\r\n", true]),
    "Content-Transfer-Encoding: base64\r\n\r\nYQBiDQo=\r\n",
  );
  assertEquals(await put([head, false], ["a\0b\r\n", true]), "UNKNOWN-CTE");
  assertEquals(await put([head, false], ["ab\r\n", true]), `${head}ab\r\n`);
  assertEquals(await put([head, true], ["a\0b\r\n", false]), "UNKNOWN-CTE");
  assertEquals(await put(["", true]), "");
});

Deno.test("AppendDrafts takes so many messages in one command, and not one more", async () => {
  const drafts = new AppendDrafts(await session());
  for (
    const [count, decision, code] of [[APPEND_MESSAGES - 1, "stream", null], [
      APPEND_MESSAGES,
      "refuse",
      "LIMIT",
    ]] as const
  ) {
    const before = Array(count).fill(WHOLE);
    assertEquals(await drafts.announce({ ...HEAD, before }, literal(1, false)), decision);
    assertEquals((await drafts.drop())?.code ?? null, code);
  }
});
