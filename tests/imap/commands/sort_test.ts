import { assertEquals } from "../../support/assert.ts";
import { ImapClient, imapServer } from "../../support/imap_server.ts";

Deno.test("SORT tells numbers or UIDs in order", async () => {
  const client = await ImapClient.loggedIn(imapServer(), "INBOX");
  for (const subject of ["x", "c", "a", "b"]) await client.append("INBOX", `Subject: ${subject}\r\n\r\n`);
  await client.ok("STORE 1 +FLAGS.SILENT \\Deleted");
  await client.ok("EXPUNGE");
  assertEquals((await client.ok("SORT (SUBJECT) UTF-8 ALL"))[0], "* SORT 2 3 1");
  assertEquals((await client.ok("UID SORT (REVERSE SUBJECT) UTF-8 1:2"))[0], "* SORT 2 3");
  assertEquals((await client.ok("SORT (SUBJECT) UTF-8 UID 99"))[0], "* SORT");
});
