import { assertEquals, assertMatch } from "../../support/assert.ts";
import { ImapClient, imapServer } from "../../support/imap_server.ts";

Deno.test("SEARCH tells numbers, or what RETURN asks for", async () => {
  const client = await ImapClient.loggedIn(imapServer(), "INBOX");
  for (let i = 0; i < 4; i++) await client.append("INBOX", `Subject: n${i}\r\n\r\nbody`);
  await client.ok("STORE 1 +FLAGS.SILENT \\Deleted");
  await client.ok("EXPUNGE");
  await client.ok("STORE 2 +FLAGS.SILENT \\Seen");
  const rows = [
    ["SEARCH UNSEEN", "* SEARCH 1 3"],
    ["UID SEARCH UNSEEN", "* SEARCH 2 4"],
    ["UID SEARCH UID 1:2", "* SEARCH 2"],
    ["SEARCH SUBJECT n3", "* SEARCH 3"],
    ["SEARCH BODY nothing", "* SEARCH"],
  ] as const;
  for (const [command, answer] of rows) assertEquals((await client.ok(command))[0], answer);
  assertMatch(
    (await client.ok("SEARCH RETURN (MIN MAX COUNT) ALL"))[0] ?? "",
    /^\* ESEARCH \(TAG "t\d+"\) MIN 1 MAX 3 COUNT 3$/,
  );
});
