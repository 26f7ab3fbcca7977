import { assertEquals } from "../../support/assert.ts";
import { ALICE, ImapClient, imapServer } from "../../support/imap_server.ts";
import { MemStore } from "../../support/mem_store.ts";

Deno.test("GETQUOTA and GETQUOTAROOT tell what there is and may be; past it is NO [OVERQUOTA]", async () => {
  const store = new MemStore();
  (await store.account(ALICE)).limit = { octets: 3000, messages: 3 };
  const client = await ImapClient.loggedIn(imapServer({ store }));
  const code = async (command: string) => (await client.run(command)).at(-1)?.split("]")[0];
  const put = (n: number) => code(`APPEND INBOX {${n}+}\r\n${"x".repeat(n)}`);
  await client.append("INBOX", "x".repeat(1500));
  // Used is rounded up, the bound down: nothing that is told as free is refused.
  const told = '* QUOTA "" (STORAGE 2 2 MESSAGE 1 3)';
  assertEquals((await client.ok('GETQUOTA ""'))[0], told);
  assertEquals((await client.ok("GETQUOTAROOT Sent")).slice(0, 2), ['* QUOTAROOT Sent ""', told]);
  assertEquals(await put(1501), "NO [OVERQUOTA");
  await client.ok("SELECT INBOX");
  await client.ok("COPY 1 Sent");
  assertEquals(await code("COPY 1 Sent"), "NO [OVERQUOTA");
  await client.ok("MOVE 1 Trash");
  assertEquals((await client.ok('GETQUOTA ""'))[0], '* QUOTA "" (STORAGE 3 2 MESSAGE 2 3)');
  client.conn.end();
});
