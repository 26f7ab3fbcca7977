/** NOTIFY of mailboxes of others (RFC 5465 5.9): what may be seen and read, as long as that is so. */
import { assert, assertEquals } from "../support/assert.ts";
import { settle } from "../support/fake_clock.ts";
import { ALICE, BOB, ImapClient } from "../support/imap_server.ts";
import { hers, type SharedBench, sharedBench } from "./shared_bench.ts";

const MAIL = "Subject: x\r\n\r\nbody\r\n";
const EVENTS = "(MessageNew MessageExpunge FlagChange MailboxName SubscriptionChange MailboxMetadataChange)";

interface Bench extends SharedBench {
  readonly alice: ImapClient;
  /** What Bob is told by itself since the last time, when this has had its time. */
  heard(ms?: number): Promise<string[]>;
}

/** Bob listens to all that others share; Alice has "Team" and "Team/Plans". */
async function bench(set = `(subtree shared ${EVENTS})`, letters = "lr"): Promise<Bench> {
  const shared = await sharedBench({ separator: "/" });
  const { bob, server, clock, hers: mail, give } = shared;
  for (const name of ["Team", "Team/Plans"]) assert((await mail.create(name)).ok);
  if (letters !== "") await give("Team", letters);
  const alice = await ImapClient.loggedIn(server);
  await bob.ok(`NOTIFY SET ${set}`);
  bob.conn.written.length = 0;
  return {
    ...shared,
    alice,
    heard: async (ms = 500) => {
      for (let i = 0; i < 4; i++) {
        await settle();
        await Promise.all([clock.advance(ms / 4), server.clock.advance(ms / 4)]);
      }
      await settle();
      const lines = bob.conn.output.split("\r\n").slice(0, -1);
      bob.conn.written.length = 0;
      return lines.map((l) => l.replace(/UIDVALIDITY \d+/, "UIDVALIDITY V"));
    },
  };
}

const TEAM = hers("Team", "/");

Deno.test("messages and flags of a shared mailbox are told, of one that may not be read nothing", async () => {
  const { alice, heard, end } = await bench();
  await alice.append("Team", MAIL);
  assertEquals(await heard(), [`* STATUS ${TEAM} (MESSAGES 1 UIDNEXT 2 UIDVALIDITY V UNSEEN 1)`]);
  await alice.ok("SELECT Team");
  await alice.ok("STORE 1 +FLAGS (\\Seen)");
  assertEquals(await heard(), [`* STATUS ${TEAM} (UIDVALIDITY V UNSEEN 0)`]);
  await alice.append("Team/Plans", MAIL);
  await alice.append("INBOX", MAIL);
  await alice.ok('SETMETADATA Team/Plans (/shared/comment "x")');
  assertEquals(await heard(), []);
  await alice.ok('SETMETADATA Team (/shared/comment "x")');
  assertEquals(await heard(), [`* METADATA ${TEAM} /shared/comment`]);
  await end();
});

Deno.test("rights that are taken away end it at once, and given again begin it anew (RFC 5465 5.9)", async () => {
  const { alice, heard, end, give } = await bench();
  await alice.append("Team", MAIL);
  await heard();
  // The mailbox changes, and before that is told it may not be read any more.
  await alice.append("Team", MAIL);
  await give("Team", "l");
  assertEquals(await heard(), []);
  await alice.append("Team", MAIL);
  assertEquals(await heard(), []);
  await give("Team", "");
  assertEquals(await heard(), [
    `* LIST (\\NoAccess) "/" ${TEAM}`,
    `* LIST (\\NonExistent \\HasNoChildren) "/" shared/${ALICE}`,
  ]);
  await alice.ok("SETACL Team bob lr");
  assertEquals((await heard())[0], `* LIST (\\HasNoChildren) "/" ${TEAM}`);
  await alice.append("Team", MAIL);
  assertEquals(await heard(), [`* STATUS ${TEAM} (MESSAGES 4 UIDNEXT 5 UIDVALIDITY V UNSEEN 4)`]);
  await end();
});

Deno.test("what other programs do to rights is noticed within half a minute, and nothing told that they took away", async () => {
  const { fs, alice, heard, end } = await bench();
  const path = "/mail/example.test/alice/.Team/dovecot-acl";
  await fs.remove(path);
  await alice.append("Team", MAIL);
  assertEquals(await heard(), [], "before anybody has looked");
  assertEquals((await heard(40_000))[0], `* LIST (\\NoAccess) "/" ${TEAM}`);
  await end();
});

Deno.test("names: made, renamed and removed by the owner", async () => {
  const { alice, heard, end } = await bench(undefined, "lr");
  await alice.ok("CREATE Team/New");
  assertEquals(await heard(), [
    `* LIST (\\HasNoChildren) "/" ${TEAM}/New`,
    `* LIST (\\HasChildren) "/" ${TEAM}`,
  ]);
  await alice.ok("RENAME Team Crew");
  assertEquals(await heard(), [`* LIST (\\HasChildren) "/" ${hers("Crew", "/")} ("OLDNAME" (${TEAM}))`]);
  await alice.append("Crew", MAIL);
  assertEquals(await heard(), [
    `* STATUS ${hers("Crew", "/")} (MESSAGES 1 UIDNEXT 2 UIDVALIDITY V UNSEEN 1)`,
  ]);
  await alice.ok("DELETE Crew/New");
  assertEquals((await heard())[0], `* LIST (\\NonExistent \\HasNoChildren) "/" ${hers("Crew/New", "/")}`);
  await end();
});

Deno.test("a client's own doings in others' mailboxes are not told to it", async () => {
  const { bob, heard, end, give } = await bench();
  await give("Team", "lrswikxte");
  await heard();
  await bob.ok(`CREATE ${TEAM}/Mine`);
  await bob.append(TEAM, MAIL);
  await bob.ok(`SUBSCRIBE ${TEAM}`);
  await bob.ok(`RENAME ${TEAM}/Mine ${TEAM}/Ours`);
  await bob.ok(`DELETE ${TEAM}/Ours`);
  await bob.ok(`SELECT ${TEAM}`);
  await bob.ok("STORE 1 +FLAGS (\\Deleted)");
  await bob.ok("EXPUNGE");
  await bob.ok("UNSELECT");
  bob.conn.written.length = 0;
  assertEquals((await heard()).filter((l) => !l.includes("STATUS")), []);
  await end();
});

Deno.test("STATUS tells of shared mailboxes, too; personal ones are never others'", async () => {
  const { bob, alice, heard, end } = await bench(`(personal ${EVENTS})`);
  await alice.append("Team", MAIL);
  await alice.ok("SETACL Sent bob lr");
  await alice.append("Sent", MAIL);
  assertEquals(await heard(), []);
  const told = await bob.ok(
    `NOTIFY SET STATUS (mailboxes ${TEAM} (MessageNew MessageExpunge)) (personal NONE)`,
  );
  assertEquals(told.map((l) => l.replace(/UIDVALIDITY \d+/, "UIDVALIDITY V")), [
    `* STATUS ${TEAM} (MESSAGES 1 UIDNEXT 2 UIDVALIDITY V)`,
    "OK Notify completed",
  ]);
  bob.conn.written.length = 0;
  await alice.append("Team", MAIL);
  await alice.append("Sent", MAIL);
  assertEquals(await heard(), [`* STATUS ${TEAM} (MESSAGES 2 UIDNEXT 3 UIDVALIDITY V)`]);
  await bob.ok("NOTIFY NONE");
  bob.conn.written.length = 0;
  await alice.append("Team", MAIL);
  assertEquals(await heard(), []);
  await end();
});

Deno.test("SUBSCRIBED goes by subscriptions to others' mailboxes as well", async () => {
  const { bob, server, alice, heard, end } = await bench(
    "(subscribed (MessageNew MessageExpunge SubscriptionChange))",
  );
  await alice.append("Team", MAIL);
  assertEquals(await heard(), []);
  const other = await ImapClient.loggedIn(server, undefined, BOB);
  await other.ok(`SUBSCRIBE ${TEAM}`);
  assertEquals(await heard(), [`* LIST (\\HasNoChildren \\Subscribed) "/" ${TEAM}`]);
  await alice.append("Team", MAIL);
  assertEquals((await heard()).map((l) => l.slice(0, l.indexOf(" UID"))), [`* STATUS ${TEAM} (MESSAGES 2`]);
  await other.ok(`UNSUBSCRIBE ${TEAM}`);
  assertEquals(await heard(), [`* LIST (\\HasNoChildren) "/" ${TEAM}`]);
  await alice.append("Team", MAIL);
  assertEquals(await heard(), []);
  assertEquals((await bob.ok("NOOP")).length, 1);
  await end();
});

Deno.test("what is seen anyway has its messages followed once it is subscribed to", async () => {
  const set = "(subtree shared (MailboxName)) (subscribed (MessageNew MessageExpunge))";
  const { server, alice, heard, end } = await bench(set);
  await alice.append("Team", MAIL);
  assertEquals(await heard(), []);
  const other = await ImapClient.loggedIn(server, undefined, BOB);
  await other.ok(`SUBSCRIBE ${TEAM}`);
  await heard();
  await alice.append("Team", MAIL);
  assertEquals((await heard()).map((l) => l.slice(0, l.indexOf(" UID"))), [`* STATUS ${TEAM} (MESSAGES 2`]);
  await end();
});

Deno.test("an account whose folder cannot be read keeps nobody from hearing of the rest, and is told of when it can", async () => {
  const { fs, bob, alice, end, heard, server } = await bench("(personal (MailboxName))");
  const other = await ImapClient.loggedIn(server, undefined, BOB);
  const heal = fs.fail(
    (operation, path) => operation === "list" && path.endsWith("/alice"),
    "denied",
  );
  const told = await bob.ok(
    `NOTIFY SET STATUS (subtree shared ${EVENTS}) (mailboxes INBOX (MessageNew MessageExpunge))`,
  );
  assertEquals(told.filter((l) => l.startsWith("* STATUS")).length, 1);
  bob.conn.written.length = 0;
  await other.append("INBOX", MAIL);
  assertEquals(
    (await heard()).map((l) => l.slice(0, 25)),
    ["* STATUS INBOX (MESSAGES 1"].map((l) => l.slice(0, 25)),
  );
  heal();
  await heard(40_000);
  await alice.append("Team", MAIL);
  assertEquals((await heard()).map((l) => l.slice(0, l.indexOf(" UID"))), [`* STATUS ${TEAM} (MESSAGES 1`]);
  await end();
});

Deno.test("a selected mailbox that may not be read any more is closed, and the rest goes on", async () => {
  const set = `(selected (MessageNew (UID) MessageExpunge)) (personal (MessageNew MessageExpunge))`;
  const { bob, server, alice, give, heard, end } = await bench(set);
  await bob.ok(`SELECT ${TEAM}`);
  bob.conn.written.length = 0;
  await alice.append("Team", MAIL);
  assertEquals(await heard(), ["* 1 EXISTS", "* 1 RECENT", "* 1 FETCH (UID 1)"]);
  await give("Team", "l");
  await alice.append("Team", MAIL);
  assertEquals(await heard(), ["* OK [CLOSED] Selected mailbox may not be read any more"]);
  const other = await ImapClient.loggedIn(server, undefined, BOB);
  await other.append("INBOX", MAIL);
  assertEquals((await heard()).map((l) => l.slice(0, 26)), ["* STATUS INBOX (MESSAGES 1"]);
  assertEquals((await bob.run("FETCH 1 UID")).at(-1)?.slice(0, 3), "BAD");
  await end();
});

Deno.test("everything is given back when the client goes, or asks for nothing more", async () => {
  for (const how of ["LOGOUT", "NOTIFY NONE", "UNAUTHENTICATE", "NOTIFY SET (personal (MailboxName))"]) {
    const { bob, store, end, heard } = await bench();
    assertEquals(store.following.folders, 1, "Team");
    await bob.run(how);
    await heard(100);
    assertEquals(store.following.folders, 0, how);
    await end();
  }
});
