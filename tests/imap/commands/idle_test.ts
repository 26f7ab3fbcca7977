import { assertEquals, assertMatch } from "../../support/assert.ts";
import { ImapClient, imapServer } from "../../support/imap_server.ts";

Deno.test("IDLE tells at its start what waited, and ends with DONE only", async () => {
  const server = imapServer();
  const writer = await ImapClient.loggedIn(server, "INBOX");
  await writer.append("INBOX", "1");
  const { conn } = await ImapClient.loggedIn(server, "INBOX");
  await writer.append("INBOX", "2");
  conn.written.length = 0;
  conn.feed("i IDLE\r\n");
  assertMatch(await conn.until("EXISTS"), /^\+ idling\r\n\* 2 EXISTS\r\n/);
  conn.feed("Done\r\nj IDLE\r\nnothing\r\n");
  assertMatch(await conn.until("j BAD"), /i OK Idle completed\r\n\+ idling\r\nj BAD/);
  assertEquals(conn.closed, false);
});
