import { assertEquals, assertMatch } from "../../support/assert.ts";
import { ImapClient, imapServer } from "../../support/imap_server.ts";

Deno.test("STATUS tells all items in the order asked", async () => {
  const client = await ImapClient.loggedIn(imapServer());
  await client.append("Sent", "12345", "(\\Seen)");
  await client.append("Sent", "678", "(\\Deleted)");
  const [line] = await client.ok("STATUS Sent (SIZE UNSEEN MESSAGES DELETED RECENT UIDNEXT UIDVALIDITY)");
  assertMatch(line ?? "", /\(SIZE 8 UNSEEN 1 MESSAGES 2 DELETED 1 RECENT 2 UIDNEXT 3 UIDVALIDITY \d+\)$/);
  assertEquals(await client.run("STATUS Nowhere (SIZE)"), ["NO [NONEXISTENT] Mailbox does not exist"]);
});
