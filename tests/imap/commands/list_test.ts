import { assertEquals, assertMatch } from "../../support/assert.ts";
import { ImapClient, imapServer } from "../../support/imap_server.ts";

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
