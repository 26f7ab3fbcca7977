import { assertEquals, assertMatch } from "../../support/assert.ts";
import { ImapClient, imapServer } from "../../support/imap_server.ts";

Deno.test("COPY and MOVE of what others have removed", async () => {
  const server = imapServer();
  const one = await ImapClient.loggedIn(server, "INBOX");
  for (const text of ["1", "2", "3"]) await one.append("INBOX", text);
  const two = await ImapClient.loggedIn(server, "INBOX");
  await one.ok("STORE 2 +FLAGS.SILENT \\Deleted");
  await one.ok("EXPUNGE");
  // The other session still counts three; nothing of the set is copied (RFC 2180 4.4).
  assertEquals(await two.run("COPY 2:3 Archive"), [
    "* 2 EXPUNGE",
    "NO [EXPUNGEISSUED] Some of the messages no longer exist",
  ]);
  assertMatch((await two.ok("UID COPY 1:3 Archive")).at(-1) ?? "", /\[COPYUID \d+ 1,3 1:2\]/);
  assertEquals(await two.ok("UID MOVE 2 Archive"), ["OK Move completed"]);
});

Deno.test("COPY into the selected mailbox shows the copies", async () => {
  const client = await ImapClient.loggedIn(imapServer(), "INBOX");
  await client.append("INBOX", "1");
  assertEquals((await client.ok("COPY 1 INBOX")).slice(0, 2), ["* 2 EXISTS", "* 2 RECENT"]);
});
