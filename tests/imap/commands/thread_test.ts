import { assertEquals } from "../../support/assert.ts";
import { ImapClient, imapServer } from "../../support/imap_server.ts";

Deno.test("THREAD tells numbers or UIDs in threads", async () => {
  const client = await ImapClient.loggedIn(imapServer(), "INBOX");
  for (const [id, ref] of [["x", ""], ["a", ""], ["b", "<a@x>"], ["c", "<a@x>"], ["d", ""]]) {
    await client.append("INBOX", `Message-ID: <${id}@x>\r\nReferences: ${ref}\r\n\r\n`);
  }
  await client.ok("STORE 1 +FLAGS.SILENT \\Deleted");
  await client.ok("EXPUNGE");
  assertEquals((await client.ok("THREAD REFERENCES UTF-8 ALL"))[0], "* THREAD (1 (2)(3))(4)");
  assertEquals((await client.ok("UID THREAD REFS UTF-8 2:4"))[0], "* THREAD ((3)(4))(5)");
  assertEquals((await client.ok("THREAD ORDEREDSUBJECT UTF-8 UID 99"))[0], "* THREAD");
});
