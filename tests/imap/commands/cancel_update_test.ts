import { assertEquals, assertMatch } from "../../support/assert.ts";
import { ImapClient, imapServer } from "../../support/imap_server.ts";

Deno.test("CANCELUPDATE ends updates by tag", async () => {
  const client = await ImapClient.loggedIn(imapServer(), "INBOX");
  await client.append("INBOX", "Subject: x\r\n\r\n");
  await client.ok("NOOP");
  const tag = /TAG "(\w+)"/.exec((await client.ok("SEARCH RETURN (UPDATE ALL) UNSEEN"))[0] ?? "")?.[1];
  assertEquals(
    (await client.ok("STORE 1 +FLAGS.SILENT \\Seen"))[0],
    `* ESEARCH (TAG "${tag}") REMOVEFROM (0 1)`,
  );
  await client.ok(`CANCELUPDATE "${tag}"`);
  assertMatch((await client.ok("STORE 1 -FLAGS.SILENT \\Seen"))[0] ?? "", /^OK/);
  assertMatch((await client.run(`CANCELUPDATE "${tag}"`))[0] ?? "", /^NO/);
});
