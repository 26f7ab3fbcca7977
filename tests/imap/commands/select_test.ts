import { assertEquals, assertMatch } from "../../support/assert.ts";
import { ImapClient, imapServer } from "../../support/imap_server.ts";

Deno.test("SELECT of another mailbox closes the one before, even when it fails", async () => {
  const client = await ImapClient.loggedIn(imapServer(), "INBOX");
  assertEquals((await client.ok("SELECT Sent"))[0], "* OK [CLOSED] Previous mailbox closed");
  assertEquals(await client.run("SELECT Nowhere"), [
    "* OK [CLOSED] Previous mailbox closed",
    "NO [NONEXISTENT] Mailbox does not exist",
  ]);
  assertMatch((await client.run("CLOSE")).at(-1) ?? "", /^BAD/);
});

Deno.test("CLOSE removes without telling, UNSELECT and EXAMINE leave all as it is", async () => {
  const server = imapServer();
  const client = await ImapClient.loggedIn(server, "INBOX");
  const other = await ImapClient.loggedIn(server, "INBOX");
  await client.append("INBOX", "1");
  await client.ok("STORE 1 +FLAGS.SILENT \\Deleted");
  for (const command of ["UNSELECT", "EXAMINE INBOX", "CLOSE", "SELECT INBOX"]) await client.ok(command);
  assertEquals(
    (await client.ok("STATUS INBOX (MESSAGES DELETED)"))[0],
    "* STATUS INBOX (MESSAGES 1 DELETED 1)",
  );
  assertEquals((await other.ok("NOOP"))[0], "* 1 EXISTS");
  assertEquals(await client.ok("CLOSE"), ["OK Close completed"]);
  assertEquals((await other.ok("NOOP"))[0], "* 1 EXPUNGE");
});
