import { assertEquals, assertMatch } from "../../support/assert.ts";
import { ImapClient, imapServer } from "../../support/imap_server.ts";

Deno.test("EXPUNGE removes what is \\Deleted, UID EXPUNGE only of its set", async () => {
  const client = await ImapClient.loggedIn(imapServer(), "INBOX");
  for (let i = 0; i < 5; i++) await client.append("INBOX", String(i));
  await client.ok("STORE 1:4 +FLAGS.SILENT \\Deleted");
  assertEquals((await client.ok("UID EXPUNGE 2,5,9")).filter((l) => l.endsWith("EXPUNGE")), ["* 2 EXPUNGE"]);
  const rest = (await client.ok("EXPUNGE")).filter((l) => l.endsWith("EXPUNGE"));
  assertEquals(rest, ["* 1 EXPUNGE", "* 1 EXPUNGE", "* 1 EXPUNGE"]);
  assertEquals(await client.ok("EXPUNGE"), ["OK Expunge completed"]);
  await client.ok("EXAMINE INBOX");
  assertMatch((await client.run("EXPUNGE")).at(-1) ?? "", /^NO \[READ-ONLY\]/);
});
