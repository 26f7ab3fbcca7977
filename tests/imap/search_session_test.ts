import { Indexes } from "../../mod/index/indexes.ts";
import type { MailboxIndex } from "../../mod/store/mail_index.ts";
import { assertEquals } from "../support/assert.ts";
import { ImapClient, imapServer } from "../support/imap_server.ts";
import { IndexBench } from "../support/index_ports.ts";

Deno.test("searchSession() fills the full-text index once text was searched, and goes on the next time", async () => {
  await using bench = await IndexBench.make();
  const indexes = new Indexes(() => `${bench.dir}/alice.sqlite`, bench.ports());
  const opened: MailboxIndex[] = [];
  const index = {
    keepOnly: indexes.keepOnly.bind(indexes),
    open: async (...args: Parameters<Indexes["open"]>) => {
      const made = await indexes.open(...args);
      opened.push(made);
      return made;
    },
  };
  const client = await ImapClient.loggedIn(imapServer({ index }), "INBOX");
  const append = (i: number) => client.append("INBOX", `Subject: n${i}\r\n\r\nbody ${i}`);
  const upTo = async () => {
    for (let i = 0; i < 20; i++) await bench.clock.advance(5);
    return opened.at(-1)?.words?.upTo;
  };
  for (let i = 0; i < 3; i++) await append(i);
  await client.ok("NOOP");
  assertEquals((await client.ok("SEARCH SUBJECT n1"))[0], "* SEARCH 2");
  assertEquals(await upTo(), 0, "nobody has asked for texts");
  assertEquals((await client.ok('SEARCH TEXT "body 2"'))[0], "* SEARCH 3");
  assertEquals(await upTo(), 3);
  assertEquals((await client.ok('SEARCH TEXT "body 2"'))[0], "* SEARCH 3");
  await client.ok("UNSELECT");
  await append(3);
  await bench.clock.advance(2000);
  await client.ok("SELECT INBOX");
  assertEquals((await client.ok("SEARCH SUBJECT n1"))[0], "* SEARCH 2");
  assertEquals(await upTo(), 4, "the index was opened");
  await client.run("LOGOUT");
  await bench.clock.advance(2000);
  await indexes.close();
});
