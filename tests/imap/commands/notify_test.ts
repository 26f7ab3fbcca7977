import { Indexes } from "../../../mod/index/indexes.ts";
import { DELETED, FLAGGED, SEEN } from "../../../mod/store/store.ts";
import { assert, assertEquals, assertMatch } from "../../support/assert.ts";
import { settle } from "../../support/fake_clock.ts";
import { ALICE, ImapClient, type ImapServer, imapServer } from "../../support/imap_server.ts";
import { IndexBench } from "../../support/index_ports.ts";
import { MemStore } from "../../support/mem_store.ts";

const NEW = "(MessageNew MessageExpunge)";
const FLAGS = "(MessageNew MessageExpunge FlagChange)";

interface Bench {
  readonly store: MemStore;
  readonly server: ImapServer;
  /** Listens. */
  readonly one: ImapClient;
  /** Does things. */
  readonly two: ImapClient;
}

async function bench(mailbox?: string): Promise<Bench> {
  const store = new MemStore("/");
  const server = imapServer({ store });
  const one = await ImapClient.loggedIn(server, mailbox);
  return { store, server, one, two: await ImapClient.loggedIn(server) };
}

/** What a client is told by itself since the last time. */
async function heard(client: ImapClient): Promise<string[]> {
  await settle();
  const lines = client.conn.output.split("\r\n").slice(0, -1);
  client.conn.written.length = 0;
  return lines.map((l) => l.replace(/UIDVALIDITY \d+/, "UIDVALIDITY V"));
}

/** Runs a command whose answer is not of interest. */
async function quietly(client: ImapClient, command: string): Promise<void> {
  await client.ok(command);
  client.conn.written.length = 0;
}

Deno.test("NOTIFY: the RFC's own conversation (RFC 5465 3.1, with errata 2318)", async () => {
  const { one, two } = await bench();
  for (const name of ["Lists/Lemonade", "Lists/Im2000", "misc"]) await two.ok(`CREATE ${name}`);
  await two.append("Lists/Lemonade", "Subject: x\r\n\r\n");
  assertMatch((await one.ok("CAPABILITY"))[0] ?? "", / NOTIFY( |$)/);
  const told = await one.ok(
    `NOTIFY SET STATUS (selected (MessageNew (uid body.peek[header.fields (from to subject)]) MessageExpunge)) (subtree Lists ${NEW})`,
  );
  assertEquals(told.map((l) => l.replace(/UIDVALIDITY \d+/, "UIDVALIDITY V")), [
    "* STATUS Lists/Im2000 (MESSAGES 0 UIDNEXT 1 UIDVALIDITY V)",
    "* STATUS Lists/Lemonade (MESSAGES 1 UIDNEXT 2 UIDVALIDITY V)",
    "OK Notify completed",
  ]);
  await quietly(one, "SELECT INBOX");
  await two.append("Lists/Lemonade", "Subject: y\r\n\r\n");
  assertEquals(await heard(one), ["* STATUS Lists/Lemonade (MESSAGES 2 UIDNEXT 3 UIDVALIDITY V)"]);
  await two.append(
    "INBOX",
    "From: alice@example.org\r\nTo: bob@example.org\r\nDate: x\r\nSubject: Re: good\r\n\r\n",
  );
  assertEquals(await heard(one), [
    "* 1 EXISTS",
    "* 1 RECENT",
    "* 1 FETCH (UID 1 BODY[HEADER.FIELDS (from to subject)] {67}",
    "From: alice@example.org",
    "To: bob@example.org",
    "Subject: Re: good",
    "",
    ")",
  ]);
  await two.append("misc", "Subject: z\r\n\r\n");
  assertEquals(await heard(one), []);
  await quietly(one, "STATUS misc (UIDVALIDITY UIDNEXT MESSAGES)");
  assertEquals(
    await one.ok(
      `NOTIFY SET (selected (MessageNew (uid) MessageExpunge)) (subtree Lists ${NEW}) (mailboxes misc ${NEW})`,
    ),
    ["OK Notify completed"],
  );
  one.conn.written.length = 0;
  await two.append("misc", "Subject: z\r\n\r\n");
  assertEquals(await heard(one), ["* STATUS misc (MESSAGES 2 UIDNEXT 3 UIDVALIDITY V)"]);
});

Deno.test("NOTIFY: SELECTED tells at once, SELECTED-DELAYED keeps expunges back (RFC 5465 6.1)", async () => {
  for (const how of ["selected", "selected-delayed"]) {
    const { one, two } = await bench("INBOX");
    for (const n of [1, 2, 3]) await two.append("INBOX", `${n}`);
    await quietly(two, "SELECT INBOX");
    await quietly(one, `NOTIFY SET (${how} (MessageExpunge MessageNew (UID FLAGS) FlagChange))`);
    await two.ok("STORE 2 +FLAGS (\\Deleted)");
    assertEquals(await heard(one), ["* 2 FETCH (UID 2 FLAGS (\\Deleted))"], how);
    await two.ok("EXPUNGE");
    await two.append("INBOX", "4", "(\\Flagged)");
    const told = await heard(one);
    if (how === "selected") {
      assertEquals(told, [
        "* 2 EXPUNGE",
        "* 3 EXISTS",
        "* 1 RECENT",
        "* 3 FETCH (UID 4 FLAGS (\\Flagged \\Recent))",
      ]);
      continue;
    }
    assertEquals(told, ["* 4 EXISTS", "* 1 RECENT", "* 4 FETCH (UID 4 FLAGS (\\Flagged \\Recent))"]);
    // FETCH must not tell of removals either.
    assertEquals((await one.ok("FETCH 3 UID")).slice(0, 1), ["* 3 FETCH (UID 3)"]);
    assertEquals(await one.ok("NOOP"), ["* 2 EXPUNGE", "OK Completed"]);
    assertEquals((await one.ok("FETCH 2 UID")).slice(0, 1), ["* 2 FETCH (UID 3)"]);
  }
});

Deno.test("NOTIFY: what is not asked for of the selected mailbox is not told, and numbers stay true", async () => {
  for (const set of ["NONE", "SET (personal (MailboxName))", "SET (selected NONE)"]) {
    const { one, two } = await bench();
    for (const n of [1, 2, 3]) await two.append("INBOX", `${n}`);
    await quietly(one, "SELECT INBOX");
    await quietly(two, "SELECT INBOX");
    await quietly(one, `NOTIFY ${set}`);
    await two.ok("STORE 1 +FLAGS (\\Deleted \\Seen)");
    await two.ok("EXPUNGE");
    await two.append("INBOX", "4");
    assertEquals(await one.ok("NOOP"), ["OK Completed"], set);
    assertEquals((await one.ok("FETCH 2 UID"))[0], "* 2 FETCH (UID 2)");
    assertEquals((await one.ok("STORE 2 +FLAGS (\\Deleted)"))[0], "* 2 FETCH (FLAGS (\\Deleted \\Recent))");
    // Its own removals it must hear of, and then of those before them.
    assertEquals(await one.ok("EXPUNGE"), ["* 1 EXPUNGE", "* 1 EXPUNGE", "OK Expunge completed"]);
    assertEquals((await one.ok("FETCH 1 UID"))[0], "* 1 FETCH (UID 3)");
    one.conn.written.length = 0;
    await one.ok("NOTIFY SET (selected (MessageNew (UID) MessageExpunge))");
    assertEquals((await heard(one)).slice(0, 2), ["* 2 EXISTS", "* 1 RECENT"]);
    await two.append("INBOX", "5");
    assertEquals(await heard(one), ["* 3 EXISTS", "* 2 RECENT", "* 3 FETCH (UID 5)"]);
    await two.ok("STORE 1 +FLAGS (\\Seen)");
    assertEquals(await heard(one), [], "flags were not asked for");
  }
});

Deno.test("NOTIFY: a client's own doings are not told to it (RFC 5465 5)", async () => {
  const { one, two } = await bench("INBOX");
  await quietly(
    one,
    `NOTIFY SET (selected (MessageNew (UID) MessageExpunge)) (personal (MessageNew MessageExpunge FlagChange MailboxName SubscriptionChange MailboxMetadataChange ServerMetadataChange))`,
  );
  assertEquals((await one.append("INBOX", "1")).slice(0, 2), ["* 1 EXISTS", "* 1 RECENT"]);
  await one.ok("CREATE a/b");
  await one.ok("RENAME a/b c");
  await one.ok("SUBSCRIBE c");
  await one.ok("UNSUBSCRIBE c");
  await one.ok('SETMETADATA INBOX (/private/comment "x")');
  await one.ok('SETMETADATA "" (/private/comment "x")');
  one.conn.written.length = 0;
  assertEquals(await heard(one), []);
  // The first word of a mailbox tells how it is; from there on it is known what the client has done itself.
  await two.append("Sent", "0");
  assertEquals((await heard(one)).length, 1);
  await one.append("Sent", "1", "(\\Seen)");
  await one.append("Sent", "2");
  await one.ok("COPY 1 Sent");
  one.conn.written.length = 0;
  assertEquals(await heard(one), []);
  await two.append("Sent", "3");
  assertEquals(await heard(one), ["* STATUS Sent (MESSAGES 5 UIDNEXT 6 UIDVALIDITY V UNSEEN 4)"]);
  await one.ok("DELETE c");
  await one.ok("COPY 1 INBOX");
  one.conn.written.length = 0;
  assertEquals(await heard(one), []);
});

Deno.test("NOTIFY: changes of flags elsewhere are told by UNSEEN (RFC 5465 5.1)", async () => {
  const { one, store } = await bench();
  const mail = await store.account(ALICE);
  const folder = mail.folder("Sent");
  assert(folder !== null);
  await folder.add([1, 2].map(() => ({
    bytes: new Uint8Array(3),
    flags: { system: 0, keywords: [] },
    internalDate: 0,
  })));
  assertEquals(
    (await one.ok(`NOTIFY SET STATUS (mailboxes Sent ${FLAGS})`))[0]?.replace(/\d{5,}/, "V"),
    "* STATUS Sent (MESSAGES 2 UIDNEXT 3 UIDVALIDITY V UNSEEN 2)",
  );
  one.conn.written.length = 0;
  await folder.setFlags([1], 0, SEEN, null);
  assertEquals(await heard(one), ["* STATUS Sent (UIDVALIDITY V UNSEEN 1)"]);
  await folder.setFlags([1], 0, FLAGGED | DELETED, null);
  assertEquals(await heard(one), [], "neither counted nor a matter of mod-sequences");
  await folder.expunge([1]);
  assertEquals(await heard(one), ["* STATUS Sent (MESSAGES 1 UIDNEXT 3 UIDVALIDITY V)"]);
  await quietly(one, `NOTIFY SET (mailboxes Sent ${NEW})`);
  await folder.setFlags([2], 0, SEEN, null);
  assertEquals(await heard(one), []);
});

Deno.test("NOTIFY: names, subscriptions and annotations (RFC 5465 5.4 to 5.7)", async () => {
  const { one, two } = await bench();
  await quietly(
    one,
    "NOTIFY SET (personal (MailboxName SubscriptionChange MailboxMetadataChange ServerMetadataChange))",
  );
  const after = async (command: string) => {
    await two.ok(command);
    return await heard(one);
  };
  assertEquals(await after("CREATE NewMailbox"), ['* LIST (\\HasNoChildren) "/" NewMailbox']);
  assertEquals(await after("CREATE NewMailbox/sub"), [
    '* LIST (\\HasNoChildren) "/" NewMailbox/sub',
    '* LIST (\\HasChildren) "/" NewMailbox',
  ]);
  assertEquals(await after("SUBSCRIBE NewMailbox/sub"), [
    '* LIST (\\HasNoChildren \\Subscribed) "/" NewMailbox/sub',
  ]);
  assertEquals(await after("RENAME NewMailbox Old"), [
    '* LIST (\\HasChildren) "/" Old ("OLDNAME" (NewMailbox))',
  ]);
  assertEquals(await after("DELETE Old/sub"), [
    '* LIST (\\NonExistent \\HasNoChildren) "/" Old/sub',
    '* LIST (\\HasNoChildren) "/" Old',
  ]);
  assertEquals(await after("UNSUBSCRIBE NewMailbox/sub"), [
    '* LIST (\\NonExistent \\HasNoChildren) "/" NewMailbox/sub',
  ]);
  assertEquals(await after("CREATE &AOk-"), ['* LIST (\\HasNoChildren) "/" &AOk-']);
  await two.append("INBOX", "1");
  assertEquals(await after("RENAME INBOX Kept"), ['* LIST (\\HasNoChildren) "/" Kept ("OLDNAME" (INBOX))']);
  assertEquals(await after('SETMETADATA INBOX (/shared/comment "x" /private/comment NIL)'), [
    "* METADATA INBOX /shared/comment /private/comment",
  ]);
  assertEquals(await after('SETMETADATA "" (/shared/comment "x")'), ['* METADATA "" /shared/comment']);
  await quietly(one, "NOTIFY SET (subtree Old (MailboxName)) (mailboxes x (ServerMetadataChange))");
  assertEquals(await after("CREATE Other"), []);
  assertEquals(await after('SETMETADATA INBOX (/shared/comment "y")'), []);
  assertEquals(await after('SETMETADATA "" (/shared/comment "y")'), ['* METADATA "" /shared/comment']);
  assertEquals(await after("RENAME Old Older"), ['* LIST (\\HasNoChildren) "/" Older ("OLDNAME" (Old))']);
  assertEquals(await after("CREATE Old/x/y"), [
    '* LIST (\\HasNoChildren) "/" Old/x/y',
    '* LIST (\\NonExistent \\HasChildren) "/" Old/x',
  ]);
});

Deno.test("NOTIFY: SUBSCRIBED follows the subscriptions; NONE takes mailboxes out (RFC 5465 6.4)", async () => {
  const { one, two } = await bench();
  await quietly(two, "CREATE quiet");
  await quietly(two, "CREATE loud");
  await quietly(one, `NOTIFY SET (subscribed ${NEW}) (mailboxes Trash NONE)`);
  await two.append("loud", "1");
  await two.append("Trash", "1");
  assertEquals(await heard(one), []);
  await two.ok("SUBSCRIBE loud");
  await two.append("loud", "2");
  assertEquals(await heard(one), ["* STATUS loud (MESSAGES 2 UIDNEXT 3 UIDVALIDITY V)"]);
  await two.ok("UNSUBSCRIBE loud");
  await two.append("loud", "3");
  assertEquals(await heard(one), []);
});

Deno.test("NOTIFY: a mailbox that is left is told of from then on, with what was missed in it", async () => {
  const { one, two } = await bench();
  for (const n of [1, 2, 3]) await two.append("INBOX", `${n}`);
  await quietly(two, "SELECT INBOX");
  await quietly(one, `NOTIFY SET (selected-delayed ${FLAGS}) (personal ${FLAGS})`);
  await quietly(one, "SELECT INBOX");
  await two.append("INBOX", "4");
  assertEquals(await heard(one), ["* 4 EXISTS", "* 1 RECENT"]);
  await two.ok("STORE 1 +FLAGS (\\Deleted)");
  await two.ok("EXPUNGE");
  assertEquals((await heard(one)).length, 1);
  // The expunge was not told: the mailbox is told as it is.
  await one.ok("UNSELECT");
  one.conn.written.length = 0;
  assertEquals(await heard(one), ["* STATUS INBOX (MESSAGES 3 UIDNEXT 5 UIDVALIDITY V UNSEEN 3)"]);
  await quietly(one, "SELECT INBOX");
  await one.ok("STORE 1 +FLAGS (\\Deleted)");
  await one.ok("CLOSE");
  one.conn.written.length = 0;
  assertEquals(await heard(one), [], "what it did itself");
  await two.append("INBOX", "5");
  assertEquals(await heard(one), ["* STATUS INBOX (MESSAGES 3 UIDNEXT 6 UIDVALIDITY V UNSEEN 3)"]);
});

Deno.test("NOTIFY goes with IDLE, UIDONLY and QRESYNC's VANISHED; UNAUTHENTICATE ends it", async () => {
  const { store, one, two } = await bench();
  await one.ok("ENABLE UIDONLY");
  for (const n of [1, 2]) await two.append("INBOX", `${n}`);
  await quietly(one, "SELECT INBOX");
  await quietly(two, "SELECT INBOX");
  await quietly(
    one,
    `NOTIFY SET (selected (MessageNew (FLAGS UID) MessageExpunge FlagChange)) (personal ${NEW})`,
  );
  await two.ok("STORE 1 +FLAGS (\\Deleted)");
  await two.ok("EXPUNGE");
  await two.append("INBOX", "3");
  assertEquals(await heard(one), [
    "* 1 UIDFETCH (FLAGS (\\Deleted \\Recent))",
    "* VANISHED 1",
    "* 1 RECENT",
    "* 2 EXISTS",
    "* 2 RECENT",
    "* 3 UIDFETCH (FLAGS (\\Recent) UID 3)",
  ]);
  one.conn.feed("i IDLE\r\n");
  await one.conn.until("+ idling");
  one.conn.written.length = 0;
  await two.append("Sent", "1");
  assertEquals(await heard(one), ["* STATUS Sent (MESSAGES 1 UIDNEXT 2 UIDVALIDITY V)"]);
  await two.append("INBOX", "4");
  assertEquals((await heard(one))[0], "* 3 EXISTS");
  one.conn.feed("DONE\r\n");
  await one.conn.until("i OK");
  await quietly(one, "UNAUTHENTICATE");
  assertEquals((await store.account(ALICE)).watching.size, 0);
  await two.append("Sent", "2");
  assertEquals(await heard(one), []);
  await quietly(one, `LOGIN ${ALICE} secret`);
  await two.append("Sent", "3");
  assertEquals(await heard(one), []);
});

Deno.test("NOTIFY: a mailbox that others remove ends the session, unless it is not selected", async () => {
  const { one, two } = await bench();
  await two.ok("CREATE x");
  await quietly(one, `NOTIFY SET (selected ${NEW}) (personal (MessageNew MessageExpunge MailboxName))`);
  await quietly(one, "SELECT x");
  await two.ok("DELETE x");
  assertMatch((await heard(one)).at(-1) ?? "", /^\* BYE/);
});

Deno.test("NOTIFY: what cannot be done is refused, and what was before stays (RFC 5465 3.1, 5.8)", async () => {
  const { store, one, two } = await bench();
  const { watching } = await store.account(ALICE);
  await quietly(one, `NOTIFY SET (mailboxes Sent ${NEW})`);
  assertMatch(
    (await one.run("NOTIFY SET (personal (MessageNew MessageExpunge AnnotationChange))")).at(-1) ?? "",
    /^NO \[BADEVENT \(MessageNew MessageExpunge FlagChange MailboxName SubscriptionChange MailboxMetadataChange ServerMetadataChange\)\]/,
  );
  assertMatch((await one.run("NOTIFY SET (personal (MessageNew))")).at(-1) ?? "", /^BAD /);
  watching.most = 3;
  assertMatch((await one.run(`NOTIFY SET (personal ${NEW})`)).at(-1) ?? "", /^NO \[NOTIFICATIONOVERFLOW\]/);
  one.conn.written.length = 0;
  await two.append("Sent", "1");
  assertEquals((await heard(one)).length, 1);
  watching.tell({ kind: "overflow" });
  assertMatch((await heard(one)).join(), /^\* OK \[NOTIFICATIONOVERFLOW\] [^*]*$/);
  await two.append("Sent", "2");
  assertEquals(await heard(one), []);
  assertEquals(watching.size, 0);
  watching.most = 1000;
  await quietly(one, `NOTIFY SET (mailboxes Sent ${NEW})`);
  await two.append("Sent", "3");
  assertEquals((await heard(one)).length, 1);
});

Deno.test("NOTIFY: too much at once ends it, and the client hears so (RFC 5465 5.8)", async () => {
  const { store, one } = await bench();
  const { watching } = await store.account(ALICE);
  const groups = (n: number) => Array.from({ length: n }, (_, i) => `(mailboxes m${i} ${NEW})`).join(" ");
  await quietly(one, `NOTIFY SET ${groups(32)}`);
  assertMatch((await one.run(`NOTIFY SET ${groups(33)}`)).at(-1) ?? "", /^NO \[NOTIFICATIONOVERFLOW\]/);
  const bursts: readonly ((n: number) => void)[] = [
    (n) => watching.tell({ kind: "created", name: `m${n}` }),
    (n) => watching.tell({ kind: "annotated", mailbox: "INBOX", entries: [`/private/${n}`] }),
    (n) => {
      const now = { messages: n, unseen: 0, uidNext: n, uidValidity: 1 };
      watching.tell({ kind: "counts", name: `m${n}`, before: null, now });
    },
  ];
  for (const burst of bursts) {
    await quietly(one, "NOTIFY SET (personal (MessageNew MessageExpunge MailboxName MailboxMetadataChange))");
    for (let n = 0; n < 5001; n++) burst(n);
    const told = await heard(one);
    assertEquals(told.filter((l) => l.includes("[NOTIFICATIONOVERFLOW]")).length, 1);
    assertEquals(watching.size, 0);
    await quietly(one, "NOTIFY SET (personal (MessageNew MessageExpunge MailboxName MailboxMetadataChange))");
    for (let n = 0; n < 3000; n++) burst(n);
    await one.conn.until("2999");
    assertEquals((await heard(one)).length, burst === bursts[1] ? 1 : 3000);
  }
});

Deno.test("NOTIFY: with CONDSTORE, changes of flags elsewhere are told by HIGHESTMODSEQ (RFC 5465 5.1, 5.2)", async () => {
  await using indexes = await IndexBench.make();
  const index = new Indexes((account) => `${indexes.dir}/${account}.sqlite`, indexes.ports());
  const store = new MemStore("/");
  const server = imapServer({ store, index });
  const [one, two] = [await ImapClient.loggedIn(server), await ImapClient.loggedIn(server)];
  await two.append("Sent", "1");
  await one.ok("ENABLE CONDSTORE");
  const set = await one.ok(`NOTIFY SET STATUS (mailboxes Sent ${FLAGS})`);
  const highest = (lines: readonly string[]) => Number(/HIGHESTMODSEQ (\d+)/.exec(lines.join())?.[1]);
  let last = highest(set);
  assert(last > 0, set.join());
  one.conn.written.length = 0;
  await quietly(two, "SELECT Sent");
  for (
    const [command, items] of [
      ["STORE 1 +FLAGS (\\Flagged)", "UIDVALIDITY V"],
      ["STORE 1 +FLAGS (\\Seen)", "UIDVALIDITY V UNSEEN 0"],
      ["COPY 1 Sent", "MESSAGES 2 UIDNEXT 3 UIDVALIDITY V"],
    ] as const
  ) {
    await two.ok(command);
    const told = await heard(one);
    assert(highest(told) > last, told.join());
    last = highest(told);
    assertEquals(told, [`* STATUS Sent (${items} HIGHESTMODSEQ ${last})`]);
  }
  await two.ok("NOOP");
  assertEquals(await heard(one), []);
  one.conn.end();
  two.conn.end();
  await settle();
  await index.close();
});

Deno.test("ENABLE METADATA: others' annotations are told during commands and IDLE (RFC 5464 4.1)", async () => {
  const { store, one, two } = await bench("INBOX");
  assertEquals((await one.ok("ENABLE METADATA"))[0], "* ENABLED METADATA");
  one.conn.written.length = 0;
  await two.ok('SETMETADATA Sent (/shared/comment "x")');
  await two.ok('SETMETADATA "" (/shared/comment "x")');
  assertEquals(await heard(one), [], "no command is under way");
  assertEquals(await one.ok("NOOP"), [
    "* METADATA Sent /shared/comment",
    '* METADATA "" /shared/comment',
    "OK Completed",
  ]);
  assertEquals(await one.ok('SETMETADATA Sent (/shared/comment "y")'), ["OK Setmetadata completed"]);
  // All else is as without it.
  await two.append("INBOX", "1");
  assertEquals(await one.ok("NOOP"), ["* 1 EXISTS", "* 1 RECENT", "OK Completed"]);
  one.conn.feed("i IDLE\r\n");
  await one.conn.until("+ idling");
  one.conn.written.length = 0;
  await two.ok("SETMETADATA Sent (/shared/comment NIL)");
  assertEquals(await heard(one), ["* METADATA Sent /shared/comment"]);
  one.conn.feed("DONE\r\n");
  await one.conn.until("i OK");
  // Too many are no reason to tell nothing of the mailbox.
  const { watching } = await store.account(ALICE);
  for (let n = 0; n < 5001; n++) {
    watching.tell({ kind: "annotated", mailbox: "x", entries: [`/private/${n}`] });
  }
  await two.append("INBOX", "2");
  assertEquals(await one.ok("NOOP"), ["* 2 EXISTS", "* 2 RECENT", "OK Completed"]);
});

Deno.test("SEARCH RETURN (UPDATE (…)): new messages that match are fetched (RFC 5465 7)", async () => {
  const { one, two } = await bench("INBOX");
  await two.append("INBOX", "1", "(\\Flagged)");
  await one.ok("NOOP");
  assertEquals(
    await one.ok("SEARCH RETURN (COUNT UPDATE (UID BODY.PEEK[HEADER.FIELDS (SUBJECT)])) FLAGGED"),
    [
      '* ESEARCH (TAG "t4") COUNT 1',
      "OK Search completed",
    ],
  );
  await two.append("INBOX", "Subject: not\r\n\r\n");
  await two.append("INBOX", "Subject: yes\r\n\r\n", "(\\Flagged)");
  assertEquals((await one.ok("NOOP")).slice(0, 8), [
    "* 3 EXISTS",
    "* 3 RECENT",
    "* 3 FETCH (UID 3 BODY[HEADER.FIELDS (SUBJECT)] {16}",
    "Subject: yes",
    "",
    ")",
    '* ESEARCH (TAG "t4") ADDTO (0 3)',
    "OK Completed",
  ]);
  // One that matches later is not new.
  await quietly(two, "SELECT INBOX");
  await two.ok("STORE 2 +FLAGS (\\Flagged)");
  assertEquals(await one.ok("NOOP"), [
    "* 2 FETCH (FLAGS (\\Flagged \\Recent))",
    '* ESEARCH (TAG "t4") ADDTO (0 2)',
    "OK Completed",
  ]);
  // With NOTIFY's items there is one response.
  await quietly(one, "NOTIFY SET (selected (MessageNew (UID FLAGS) MessageExpunge))");
  await two.append("INBOX", "Subject: both\r\n\r\n", "(\\Flagged)");
  assertEquals((await heard(one)).slice(2), [
    "* 4 FETCH (UID 4 FLAGS (\\Flagged \\Recent) BODY[HEADER.FIELDS (SUBJECT)] {17}",
    "Subject: both",
    "",
    ")",
    '* ESEARCH (TAG "t4") ADDTO (0 4)',
  ]);
});

Deno.test("NOTIFY: new messages tell their conversation as FETCH does", async () => {
  const { one, two } = await bench("INBOX");
  await quietly(one, "NOTIFY SET (selected (MessageNew (UID THREADID) MessageExpunge))");
  await two.append("INBOX", "Subject: x\r\nMessage-ID: <a@b>\r\n\r\n");
  const fetched = (await heard(one)).find((l) => l.includes("FETCH"));
  assertMatch(fetched ?? "", /^\* 1 FETCH \(UID 1 THREADID \([A-Za-z0-9_-]+\)\)$/);
  assertEquals((await one.ok("UID FETCH 1 (UID THREADID)"))[0], fetched);
});
