import { FsError } from "../../mod/base/fs.ts";
import { IMAP_ERRORS } from "../../mod/base/limits.ts";
import { Indexes } from "../../mod/index/indexes.ts";
import { assert, assertEquals, assertMatch } from "../support/assert.ts";
import { loadDialogs, playDialog } from "../support/dialog.ts";
import { settle } from "../support/fake_clock.ts";
import { ALICE, ImapClient, type ImapServer, imapServer } from "../support/imap_server.ts";
import { IndexBench } from "../support/index_ports.ts";
import type { MemFolder } from "../support/mem_folder.ts";
import { MemAccount } from "../support/mem_store.ts";
import type { ScriptConn } from "../support/script_conn.ts";

for (const dialog of loadDialogs("imap")) {
  // A large dialog in single octets would take its time and show nothing new.
  for (const chunk of dialog.settings.has("large") ? [undefined, 4099] : [undefined, 1, 7]) {
    Deno.test(`serveImap() keeps to dialogs/imap/${dialog.name}, in pieces of ${chunk ?? "any size"}`, async () => {
      await using bench = dialog.settings.has("index") ? await IndexBench.make() : null;
      const index = bench && new Indexes((account) => `${bench.dir}/${account}.sqlite`, bench.ports());
      const server = imapServer({
        ...(index ? { index } : {}),
        loopback: dialog.settings.get("from") !== "outside",
        tls: dialog.settings.has("tls"),
        config: dialog.settings.has("no-tls") ? { tls: false } : {},
      });
      const { conn, done } = server.connect();
      await playDialog(dialog, conn, {
        ...(chunk === undefined ? {} : { chunk }),
        advance: (ms) => server.clock.advance(ms),
      });
      conn.end();
      await done;
      await index?.close();
    });
  }
}

Deno.test("serveImap() says BYE after twenty bad commands in a row, however many more come", async () => {
  for (const line of ["* garbage \x00\xff\r\n", "GET / HTTP/1.1\r\n", "\r\n", "a {\r\n", "a b\nc\r\n"]) {
    const server = imapServer();
    const { conn, done } = server.connect();
    conn.feed(line.repeat(1000));
    await done;
    assert(conn.closed);
    const lines = conn.output.trimEnd().split("\r\n");
    assertEquals(lines.length, 1 + IMAP_ERRORS + 1, line);
    assertMatch(lines.at(-1) ?? "", /^\* BYE Too many bad commands$/);
  }
});

Deno.test("serveImap() drops the message of a client that vanishes in its literal", async () => {
  const server = imapServer();
  const { conn, done } = server.connect();
  const mail = await server.store.account(ALICE);
  const drafts: { aborted: boolean }[] = [];
  const draft = mail.draft.bind(mail);
  mail.draft = async (size) => {
    const made = await draft(size);
    const seen = { aborted: false };
    drafts.push(seen);
    return {
      write: (chunk) => made.write(chunk),
      abort: () => {
        seen.aborted = true;
        return made.abort();
      },
    };
  };
  conn.feed("a LOGIN alice secret\r\nb APPEND INBOX {1000+}\r\nSubject: half").end();
  await done;
  assertEquals(drafts, [{ aborted: true }]);
  const status = await mail.status("INBOX", {});
  assert(status.ok && status.value.messages === 0);
});

Deno.test("serveImap() gives mailbox, listener and timer back however the connection ends", async () => {
  const ends: readonly ((conn: ScriptConn, stop: AbortController) => void)[] = [
    (conn) => conn.end(),
    (conn) => conn.destroy(),
    (conn) => conn.feed("z LOGOUT\r\n"),
    (_, stop) => stop.abort(),
  ];
  for (const idle of ["", "c IDLE\r\n"]) {
    for (const [i, end] of ends.entries()) {
      if (idle && i === 2) continue;
      const server = imapServer();
      const { conn, done } = server.connect();
      conn.feed(`a LOGIN alice secret\r\nb SELECT INBOX\r\n${idle}`);
      await conn.until(idle ? "+ idling" : "b OK");
      await settle();
      const inbox = await inboxOf(server);
      assertEquals(inbox.users, 1);
      end(conn, server.stop);
      await done;
      assertEquals([inbox.users, server.clock.waiting], [0, 0], `end ${i} ${idle}`);
      if (i === 3) assertMatch(conn.output, /\r\n\* BYE Server is shutting down\r\n$/);
    }
  }
});

Deno.test("serveImap() answers faults of the disk and bugs with NO and goes on", async () => {
  const server = imapServer();
  const client = await ImapClient.loggedIn(server, "INBOX");
  await client.append("INBOX", "Subject: x\r\n\r\nx");
  const inbox = await inboxOf(server);
  const mail = await server.store.account(ALICE);
  const faults: readonly (readonly [Error, RegExp])[] = [
    [new FsError("full", "write", "/x"), /^NO \[OVERQUOTA\]/],
    [new FsError("read-only", "write", "/x"), /^NO \[UNAVAILABLE\]/],
    [new FsError("io", "write", "/x"), /^NO \[UNAVAILABLE\]/],
    [new TypeError("Cannot happen"), /^NO \[SERVERBUG\] .* [0-9a-f]{8}$/],
  ];
  for (const [fault, reply] of faults) {
    const fail = () => Promise.reject(fault);
    const real = { setFlags: inbox.setFlags, copy: inbox.copy, commit: mail.commit, draft: mail.draft };
    Object.assign(inbox, { setFlags: fail, copy: fail });
    Object.assign(mail, { commit: fail });
    assertMatch((await client.run("STORE 1 +FLAGS \\Seen")).at(-1) ?? "", reply);
    assertMatch((await client.run("COPY 1 Archive")).at(-1) ?? "", reply);
    assertMatch((await client.run("APPEND INBOX {4+}\r\nmail")).at(-1) ?? "", reply);
    Object.assign(mail, { draft: fail });
    assertMatch((await client.run("APPEND INBOX {4+}\r\nmail")).at(-1) ?? "", reply);
    if (fault instanceof FsError) await client.ok("FETCH 1 BODY[]"); // \Seen cannot be set, the mail can be read
    Object.assign(inbox, real);
    Object.assign(mail, { commit: real.commit, draft: real.draft });
    assertEquals((await client.ok("NOOP")).length, 1);
  }
  const logged = server.log.lines.filter((l) => l.level === "error");
  assertEquals(logged.length, 4);
  assertEquals(logged[0]?.fields.account, ALICE);
});

Deno.test("serveImap() tells an idling client at once, and several of them each in its own numbers", async () => {
  const server = imapServer();
  const writer = await ImapClient.loggedIn(server, "INBOX");
  for (let i = 0; i < 5; i++) await writer.append("INBOX", `Subject: ${i}\r\n\r\n`);
  const idlers = await Promise.all([0, 1].map(() => ImapClient.loggedIn(server, "INBOX")));
  for (const { conn } of idlers) {
    conn.written.length = 0;
    conn.feed("i IDLE\r\n");
    await conn.until("+ idling\r\n");
  }
  await writer.ok("STORE 2,4 +FLAGS.SILENT \\Deleted");
  await settle();
  await writer.ok("EXPUNGE");
  await settle();
  await writer.append("INBOX", "Subject: new\r\n\r\n");
  await settle();
  for (const { conn } of idlers) {
    conn.feed("DONE\r\n");
    const output = await conn.until("i OK");
    assertEquals(output.replace(/ \d RECENT/g, " n RECENT").split("\r\n"), [
      "+ idling",
      "* 2 FETCH (FLAGS (\\Deleted))",
      "* 4 FETCH (FLAGS (\\Deleted))",
      "* 2 EXPUNGE",
      "* 3 EXPUNGE",
      "* 4 EXISTS",
      "* n RECENT",
      "i OK Idle completed",
      "",
    ]);
  }
});

Deno.test("serveImap() says BYE to a session whose mailbox somebody removed", async () => {
  const server = imapServer();
  const owner = await ImapClient.loggedIn(server);
  await owner.ok("CREATE box");
  const idler = await ImapClient.loggedIn(server, "box");
  const quiet = await ImapClient.loggedIn(server, "box");
  idler.conn.feed("i IDLE\r\n");
  await idler.conn.until("+ idling");
  await owner.ok("DELETE box");
  await settle();
  assert(idler.conn.closed);
  assertMatch(idler.conn.output, /\* BYE Mailbox is gone/);
  assertMatch((await quiet.run("FETCH 1 FLAGS")).at(-1) ?? "", /^BAD/);
  assertMatch(quiet.conn.output, /\* BYE Mailbox is gone.*\r\n$/);
});

async function inboxOf(server: ImapServer): Promise<MemFolder> {
  const account = await server.store.account(ALICE);
  assert(account instanceof MemAccount);
  const inbox = account.folder("INBOX");
  assert(inbox);
  return inbox;
}

Deno.test("a command that comes in pieces, with waits between them, is one command", async () => {
  const { conn, done } = imapServer().connect();
  await conn.until("ready\r\n");
  for (const [i, piece] of ["a", " NO", "OP", "\r", "\nb NOOP\r\nc NO", "OP\r\n"].entries()) {
    conn.feed(piece);
    // Until the server waits again.
    await settle();
    if (i === 3) assert(!conn.output.includes("BAD"), conn.output);
  }
  const output = await conn.until("c OK");
  assert(output.includes("a OK") && output.includes("b OK") && !output.includes("BAD"), output);
  conn.end();
  await done;
});
