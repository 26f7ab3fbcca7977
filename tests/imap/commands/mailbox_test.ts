import { assertEquals, assertMatch } from "../../support/assert.ts";
import { settle } from "../../support/fake_clock.ts";
import { ImapClient, imapServer } from "../../support/imap_server.ts";

Deno.test("names that cannot be are refused, whichever command", async () => {
  const client = await ImapClient.loggedIn(imapServer());
  for (
    const name of ['""', "../../etc", "a..b", ".a", "a/b", '"a*"', "x".repeat(300), '"&AAA-"', "&broken"]
  ) {
    for (const command of [`CREATE ${name}`, `RENAME Sent ${name}`]) {
      assertMatch((await client.run(command)).at(-1) ?? "", /^(NO|BAD)/, command);
    }
    for (const verb of ["SELECT", "EXAMINE", "DELETE", "SUBSCRIBE"]) {
      assertMatch((await client.run(`${verb} ${name}`)).at(-1) ?? "", /^(NO|BAD)/, verb);
    }
  }
  assertEquals((await client.ok('LIST "" *')).length, 7);
});

Deno.test("RENAME of INBOX moves its messages and leaves it empty", async () => {
  const client = await ImapClient.loggedIn(imapServer(), "INBOX");
  await client.append("INBOX", "1");
  assertEquals((await client.ok("RENAME INBOX Old"))[0], "* 1 EXPUNGE");
  assertEquals((await client.ok("STATUS Old (MESSAGES)"))[0], "* STATUS Old (MESSAGES 1)");
  await client.ok("RENAME Old New.");
  await client.ok("STATUS New (MESSAGES)");
  assertMatch((await client.run("CREATE x (USE (\\Sent \\Trash))")).at(-1) ?? "", /^NO \[USEATTR\]/);
});

Deno.test("DELETE and RENAME have the index forget folders when the session ends", async () => {
  const kept: (readonly string[])[] = [];
  const server = imapServer({
    index: {
      open: () => Promise.reject(new TypeError("Nobody opens it")),
      keepOnly: (_, names) => Promise.resolve(void kept.push(names)),
    },
  });
  const client = await ImapClient.loggedIn(server);
  for (const name of ["a", "b", "c"]) await client.ok(`CREATE ${name}`);
  await client.ok("DELETE a");
  await client.ok("RENAME b d");
  assertEquals(kept, []);
  await client.run("LOGOUT");
  await settle();
  assertEquals(kept.map((names) => names.filter((name) => name.length === 1)), [["c", "d"]]);
  const other = await ImapClient.loggedIn(server);
  await other.run("DELETE none");
  await other.run("LOGOUT");
  await settle();
  assertEquals(kept.length, 1);
});
