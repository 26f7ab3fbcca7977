import { FsError } from "../../../mod/base/fs.ts";
import { FETCH_WHOLE } from "../../../mod/base/limits.ts";
import type { MessageContent } from "../../../mod/store/store.ts";
import { assert, assertEquals, assertMatch } from "../../support/assert.ts";
import { ALICE, ImapClient, imapServer } from "../../support/imap_server.ts";
import { MemAccount } from "../../support/mem_store.ts";

/** A server whose inbox holds one message; `content` is what reading it gives. */
async function withContent(
  content: MessageContent | null,
): Promise<{ client: ImapClient; done: Promise<void> }> {
  const server = imapServer();
  const { conn, done } = server.connect();
  const client = new ImapClient(conn);
  await client.ok("LOGIN alice secret");
  await client.append("INBOX", "Subject: x\r\n\r\nx");
  await client.ok("SELECT INBOX");
  const account = await server.store.account(ALICE);
  assert(account instanceof MemAccount);
  const inbox = account.folder("INBOX");
  assert(inbox);
  Object.assign(inbox, { contentNow: () => null, content: () => Promise.resolve(content) });
  return { client, done };
}

Deno.test("FETCH tells of messages that vanished", async () => {
  const { client } = await withContent(null);
  assertMatch((await client.run("FETCH 1 BODY[]")).join("\n"), /^NO \[EXPUNGEISSUED\]/);
  assertEquals(await client.run("UID FETCH 1 BODY[]"), ["OK Fetch completed"]);
});

Deno.test("FETCH answers NO and leaves no half response when a message cannot be read", async () => {
  const read = () => Promise.reject(new FsError("io", "read", "/x"));
  const { client } = await withContent({ size: FETCH_WHOLE + 1, read, close: () => {} });
  assertMatch((await client.run("FETCH 1 (FLAGS BODY[])")).join("\n"), /^NO \[UNAVAILABLE\][^\n]*$/);
  assertEquals((await client.ok("FETCH 1 FLAGS")).length, 2);
});

Deno.test("FETCH ends the connection when a message breaks off after part of it was sent", async () => {
  let closed = 0;
  const { client, done } = await withContent({
    size: 10_000_000,
    read: (start, end) => {
      return Promise.resolve(start > 1_000_000 ? new Uint8Array(0) : new Uint8Array(end - start).fill(0x61));
    },
    close: () => closed++,
  });
  client.conn.feed("x FETCH 1 BODY[]\r\n");
  await done;
  assert(client.conn.destroyed);
  assertEquals(closed, 1);
  assert(!client.conn.output.includes("\r\nx NO"));
});

Deno.test("FETCH sets \\Seen unless it only peeks, and tells so afterwards", async () => {
  const server = imapServer();
  const client = await ImapClient.loggedIn(server, "INBOX");
  await client.append("INBOX", "Subject: x\r\n\r\nbody");
  await client.append("INBOX", "Subject: y\r\n\r\nbody");
  assertEquals((await client.ok("FETCH 1:2 BODY.PEEK[TEXT]")).length, 5);
  assertEquals((await client.ok("FETCH 1:2 (RFC822.SIZE ENVELOPE)")).length, 3);
  const lines = await client.ok("UID FETCH 1:2 RFC822.TEXT");
  assertEquals(lines.slice(-3), [
    "* 1 FETCH (UID 1 FLAGS (\\Seen \\Recent))",
    "* 2 FETCH (UID 2 FLAGS (\\Seen \\Recent))",
    "OK Fetch completed",
  ]);
  assertEquals((await client.ok("FETCH 1 BODY[TEXT]")).length, 3);
});
