import { FsError } from "../../../mod/base/fs.ts";
import type { Uid } from "../../../mod/store/store.ts";
import { assert, assertEquals, assertMatch } from "../../support/assert.ts";
import { settle } from "../../support/fake_clock.ts";
import { ALICE, ImapClient, imapServer } from "../../support/imap_server.ts";

Deno.test("STORE tells keywords before flags, and refuses more than there is room for", async () => {
  const client = await ImapClient.loggedIn(imapServer(), "INBOX");
  await client.append("INBOX", "1");
  const many = Array.from({ length: 26 }, (_, i) => `k${i}`).join(" ");
  const lines = await client.ok(`STORE 1 FLAGS (${many})`);
  assertMatch(lines[0] ?? "", /^\* FLAGS .* k25\)$/);
  assertMatch(lines[1] ?? "", /^\* OK \[PERMANENTFLAGS [^*]*k25\)\]/);
  assertMatch((await client.run("STORE 1 +FLAGS (more)")).at(-1) ?? "", /^NO \[LIMIT\]/);
  await client.ok("STORE 1 -FLAGS (more K0)");
  assertEquals((await client.ok("SEARCH KEYWORD k0"))[0], "* SEARCH");
});

Deno.test("STORE .SILENT is silent about its own change only", async () => {
  const server = imapServer();
  const one = await ImapClient.loggedIn(server, "INBOX");
  await one.append("INBOX", "1");
  await one.append("INBOX", "2");
  const two = await ImapClient.loggedIn(server, "INBOX");
  await two.ok("STORE 1 +FLAGS.SILENT \\Flagged");
  assertEquals(await one.ok("STORE 2 +FLAGS.SILENT \\Seen"), [
    "* 1 FETCH (FLAGS (\\Flagged \\Recent))",
    "OK Store completed",
  ]);
  assertEquals(await two.ok("NOOP"), ["* 2 FETCH (FLAGS (\\Seen))", "OK Completed"]);
});

Deno.test("STORE on what others removed does the rest and says so", async () => {
  const server = imapServer();
  const one = await ImapClient.loggedIn(server, "INBOX");
  for (let i = 0; i < 3; i++) await one.append("INBOX", "x");
  const two = await ImapClient.loggedIn(server, "INBOX");
  await one.ok("STORE 1 +FLAGS.SILENT \\Deleted");
  await one.ok("EXPUNGE");
  assertEquals(await two.run("STORE 1:2 +FLAGS \\Seen"), [
    "* 2 FETCH (FLAGS (\\Seen))",
    "* 1 FETCH (FLAGS (\\Deleted))",
    "NO [EXPUNGEISSUED] Some of the messages no longer exist",
  ]);
  assertEquals(await two.ok("UID STORE 1:2 -FLAGS \\Seen"), [
    "* 2 FETCH (UID 2 FLAGS ())",
    "* 1 EXPUNGE",
    "OK Store completed",
  ]);
});

Deno.test("STORE changes 3,000 messages in batches", async () => {
  const client = await ImapClient.loggedIn(imapServer(), "INBOX");
  for (let i = 0; i < 3; i++) await client.append("INBOX", "x");
  for (let i = 0; i < 10; i++) await client.ok("COPY 1:* INBOX");
  assertEquals((await client.ok("STORE 1:* +FLAGS (\\Answered)")).length, 3 * 1024 + 1);
  assertEquals((await client.ok("SEARCH RETURN (COUNT) ANSWERED"))[0]?.slice(-10), "COUNT 3072");
});

Deno.test("STORE says so when a batch fails while the one before it is on its way", async () => {
  const server = imapServer();
  const client = await ImapClient.loggedIn(server, "INBOX");
  await client.append("INBOX", "x");
  for (let i = 0; i < 11; i++) await client.ok("COPY 1:* INBOX");
  const opened = await (await server.store.account(ALICE)).open("INBOX");
  assert(opened.ok);
  Object.assign(opened.value, {
    setFlags: async (uids: readonly Uid[]) => {
      if (uids[0] !== 1) throw new FsError("full", "rename", "/x");
      await settle(); // nobody waits for the second batch yet
      return [];
    },
  });
  assertMatch((await client.run("STORE 1:* +FLAGS (\\Answered)")).at(-1) ?? "", /^NO \[OVERQUOTA\]/);
});
