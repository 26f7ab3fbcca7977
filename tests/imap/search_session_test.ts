import { Indexes } from "../../mod/index/indexes.ts";
import type { MailboxIndex } from "../../mod/store/mail_index.ts";
import { assertEquals } from "../support/assert.ts";
import { ImapClient, imapServer } from "../support/imap_server.ts";
import { IndexBench } from "../support/index_ports.ts";

/** When the full-text index has how many messages, as the config says. */
const POLICIES = [
  { searchIndex: "opened", opened: 3, searched: 3, again: 4 },
  { searchIndex: "searched", opened: 0, searched: 3, again: 4 },
  { searchIndex: "never", opened: 0, searched: 0, again: 0 },
] as const;

for (const { searchIndex, ...want } of POLICIES) {
  Deno.test(`searchSession() and SELECT fill the full-text index: ${searchIndex}`, async () => {
    await play(searchIndex, want);
  });
}

async function play(
  searchIndex: "opened" | "searched" | "never",
  want: { readonly opened: number; readonly searched: number; readonly again: number },
): Promise<void> {
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
  const client = await ImapClient.loggedIn(imapServer({ index, config: { searchIndex } }), "INBOX");
  const append = (i: number) => client.append("INBOX", `Subject: n${i}\r\n\r\nbody ${i}`);
  const upTo = async () => {
    for (let i = 0; i < 20; i++) await bench.clock.advance(5);
    return opened.at(-1)?.words?.upTo;
  };
  for (let i = 0; i < 3; i++) await append(i);
  await client.ok("SELECT INBOX");
  assertEquals((await client.ok("SEARCH SUBJECT n1"))[0], "* SEARCH 2");
  assertEquals(await upTo(), want.opened);
  assertEquals((await client.ok('SEARCH TEXT "body 2"'))[0], "* SEARCH 3");
  assertEquals(await upTo(), want.searched);
  assertEquals((await client.ok('SEARCH TEXT "body 2"'))[0], "* SEARCH 3");
  await client.ok("UNSELECT");
  await append(3);
  await bench.clock.advance(2000);
  await client.ok("SELECT INBOX");
  assertEquals((await client.ok("SEARCH SUBJECT n1"))[0], "* SEARCH 2");
  assertEquals(await upTo(), want.again);
  await client.run("LOGOUT");
  await bench.clock.advance(2000);
  await indexes.close();
}
