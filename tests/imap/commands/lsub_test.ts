import { assertEquals, assertMatch } from "../../support/assert.ts";
import { ImapClient, imapServer } from "../../support/imap_server.ts";

Deno.test("LSUB tells levels above what is subscribed as \\Noselect", async () => {
  const client = await ImapClient.loggedIn(imapServer());
  await client.ok("CREATE a.b.c");
  await client.ok("CREATE a.b.d");
  await client.ok("SUBSCRIBE a.b.c");
  await client.ok("SUBSCRIBE a.b.d");
  assertEquals((await client.ok('LSUB "" a*')).slice(0, -1), ['* LSUB () "." a.b.c', '* LSUB () "." a.b.d']);
  assertEquals((await client.ok('LSUB "" a%')).slice(0, -1), ['* LSUB (\\Noselect) "." a']);
  assertEquals((await client.ok("LSUB a. %")).slice(0, -1), ['* LSUB (\\Noselect) "." a.b']);
  await client.ok("CREATE a");
  await client.ok("SUBSCRIBE a");
  assertEquals((await client.ok('LSUB "" a%')).slice(0, -1), ['* LSUB () "." a']);
  assertMatch((await client.run('LSUB ""')).at(-1) ?? "", /^BAD/);
});
