import { MemStore } from "../../support/mem_store.ts";
import { assert, assertEquals, assertMatch } from "../../support/assert.ts";
import { settle } from "../../support/fake_clock.ts";
import { ALICE, ImapClient, imapServer } from "../../support/imap_server.ts";

/** Runs LIST or LSUB; the names with their attributes. */
async function names(client: ImapClient, command: string): Promise<string[]> {
  return (await client.ok(command)).slice(0, -1).map((l) =>
    l.replace(/^\* (?:LIST|LSUB) /, "").replace(' "." ', " ")
  );
}

Deno.test("LIST takes selection options together", async () => {
  const client = await ImapClient.loggedIn(imapServer());
  await client.ok("CREATE a.b.c");
  await client.ok("SUBSCRIBE a.b.c");
  await client.ok("UNSUBSCRIBE Sent");
  const rows = [
    ['LIST (SUBSCRIBED SPECIAL-USE) "" "S*"', []],
    ['LIST (REMOTE SUBSCRIBED) "" "a*"', ["(\\HasNoChildren \\Subscribed) a.b.c"]],
    [
      'LIST (RECURSIVEMATCH SUBSCRIBED) "" "a.%"',
      ['(\\NonExistent \\Noselect \\HasChildren) a.b ("CHILDINFO" ("SUBSCRIBED"))'],
    ],
    ['LIST (RECURSIVEMATCH SUBSCRIBED) "" "*c"', ["(\\HasNoChildren \\Subscribed) a.b.c"]],
    ['LIST "" ("Sent" "inbox") RETURN (CHILDREN)', [
      "(\\HasNoChildren) INBOX",
      "(\\HasNoChildren \\Sent) Sent",
    ]],
    ['LIST "" "nothing"', []],
    ['LIST "" (%)', 7],
  ] as const;
  for (const [command, wanted] of rows) {
    const got = await names(client, command);
    if (typeof wanted === "number") assertEquals(got.length, wanted, command);
    else assertEquals(got, [...wanted], command);
  }
});

Deno.test("LIST answers bad patterns and options with BAD, and goes on", async () => {
  const client = await ImapClient.loggedIn(imapServer());
  for (const command of ['LIST ""', 'LIST (NONSENSE) "" *', 'LIST "" * RETURN (NONSENSE)']) {
    assertMatch((await client.run(command)).at(-1) ?? "", /^BAD/);
  }
});

Deno.test("LIST with STATUS looks at few mailboxes at a time, and at no more when the client has gone", async () => {
  const store = new MemStore();
  const server = imapServer({ store });
  const { conn, done } = server.connect();
  const client = new ImapClient(conn);
  await client.ok(`LOGIN ${ALICE} secret`);
  for (let i = 0; i < 200; i++) await client.ok(`CREATE F${i}`);
  const mail = await store.account(ALICE);
  const status = mail.status.bind(mail);
  let [begun, under, most] = [0, 0, 0];
  mail.status = async (name, want) => {
    begun++;
    most = Math.max(most, ++under);
    await settle(3);
    if (begun > 40) conn.destroy();
    under--;
    // Time for what was told to go out.
    await server.clock.advance(600);
    return await status(name, want);
  };
  conn.feed('x LIST "" "F*" RETURN (STATUS (MESSAGES UIDNEXT))\r\n');
  await done;
  assertEquals(most, 16);
  assert(begun < 80, `${begun} mailboxes looked at`);
});
