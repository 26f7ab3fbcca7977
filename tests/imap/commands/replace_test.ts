import { assertEquals } from "../../support/assert.ts";
import { ALICE, ImapClient, imapServer } from "../../support/imap_server.ts";
import { MemStore } from "../../support/mem_store.ts";

Deno.test("REPLACE takes the old message away only when the new one is there", async () => {
  const store = new MemStore();
  const account = await store.account(ALICE);
  const drafts = account.folder("Drafts");
  const client = await ImapClient.loggedIn(imapServer({ store }));
  const uids = () => drafts?.messages.map((m) => m.uid);
  await client.append("Drafts", "version one");
  await client.ok("SELECT Drafts");
  account.limit = { octets: 11, messages: null };
  const full = await client.run("REPLACE 1 Drafts {11+}\r\nversion two");
  assertEquals([full.at(-1)?.split("]")[0], uids()], ["NO [OVERQUOTA", [1]]);
  account.limit = null;
  const done = await client.ok("UID REPLACE 1 Drafts (\\Seen work) {11+}\r\nversion two");
  assertEquals(done[0]?.startsWith("* OK [APPENDUID "), true);
  assertEquals([uids(), drafts?.keywords], [[2], ["work"]]);
  // Gone by another's hand: nothing is put in its place.
  await drafts?.expunge([2]);
  const gone = await client.run("REPLACE 1 Drafts {5+}\r\nthree");
  assertEquals([gone.at(-1)?.split("]")[0], uids()], ["NO [EXPUNGEISSUED", []]);
  client.conn.end();
});
