import { memoryBody } from "../../mod/base/body.ts";
import { utf8 } from "../../mod/base/bytes.ts";
import { flagsAllowed, keepAllowed } from "../../mod/imap/access.ts";
import { ALL_RIGHTS, parseRights } from "../../mod/store/rights.ts";
import { ANSWERED, DELETED, DRAFT, FLAGGED, KEYWORD_SHIFT, SEEN } from "../../mod/store/store.ts";
import { assert, assertEquals } from "../support/assert.ts";
import { ALICE, ImapClient } from "../support/imap_server.ts";
import { hers, type SharedBench, sharedBench } from "./shared_bench.ts";

const MAIL = "Subject: plan\r\n\r\nbody\r\n";
const I = hers("INBOX");

async function deliver({ store }: SharedBench, mailbox = "INBOX"): Promise<void> {
  await store.deliver(
    [{ account: ALICE, mailbox, flags: { system: 0, keywords: [] } }],
    memoryBody(utf8(MAIL)),
  );
}

Deno.test("flagsAllowed() and keepAllowed(): \\Seen by s, \\Deleted by t, all else by w", () => {
  const others = ANSWERED | FLAGGED | DRAFT;
  const flags = { system: SEEN | DELETED | others, keywords: ["k"] };
  for (
    const [letters, system, keywords] of [
      ["", 0, []],
      ["lripekxa", 0, []],
      ["s", SEEN, []],
      ["t", DELETED, []],
      ["w", others, ["k"]],
      ["stw", SEEN | DELETED | others, ["k"]],
    ] as const
  ) {
    assertEquals(keepAllowed(flags, flagsAllowed(parseRights(letters) ?? 0)), { system, keywords }, letters);
  }
  const highest = 1 << (KEYWORD_SHIFT + 25);
  assertEquals((flagsAllowed(ALL_RIGHTS) & highest) !== 0, true);
});

Deno.test("rights that are taken away count with the next command, and while idling", async () => {
  const bench = await sharedBench();
  const { bob, give } = bench;
  await deliver(bench);
  await give("INBOX", "lrte");
  await bob.ok(`SELECT ${I}`);
  await give("INBOX", "lrt");
  assert((await bob.run("EXPUNGE")).at(-1)?.startsWith("NO [NOPERM]"));
  await give("INBOX", "l");
  assertEquals(await bob.run("FETCH 1 FLAGS"), [
    "* OK [CLOSED] Selected mailbox may not be read any more",
    "NO [NOPERM] You do not have the right to do this",
  ]);
  assert((await bob.run("FETCH 1 FLAGS")).at(-1)?.startsWith("BAD"));
  await give("INBOX", "lr");
  await bob.ok(`SELECT ${I}`);
  await give("INBOX", "l");
  assertEquals((await bob.ok("NOOP"))[0], "* OK [CLOSED] Selected mailbox may not be read any more");
  await give("INBOX", "lrte");
  await bob.ok(`SELECT ${I}`);
  await give("INBOX", "l");
  const append = `REPLACE 1 Drafts {${MAIL.length}+}\r\n${MAIL}`;
  assert((await bob.run(append)).at(-1)?.startsWith("NO [NOPERM]"));
  assert((await bob.run(`APPEND INBOX {${MAIL.length}+}\r\n${MAIL}`)).at(-1)?.startsWith("OK"));
  await give("INBOX", "lr");
  await bob.ok(`SELECT ${I}`);
  bob.conn.written.length = 0;
  bob.conn.feed(utf8("i IDLE\r\n"));
  await bob.conn.until("+ idling\r\n");
  await deliver(bench);
  await bob.conn.until("* 2 EXISTS\r\n");
  await give("INBOX", "l");
  await deliver(bench);
  const end = await bob.conn.until("* BYE Mailbox may not be read any more\r\n");
  assert(!end.includes("3 EXISTS"));
  await bench.end();
});

Deno.test("two accounts in one mailbox tell each other what they do", async () => {
  const bench = await sharedBench();
  const { bob, give, server } = bench;
  await deliver(bench);
  await deliver(bench);
  await give("INBOX", "lrste");
  const alice = await ImapClient.loggedIn(server, "INBOX");
  const selected = await bob.ok(`SELECT ${I}`);
  assert(selected.includes("* 2 EXISTS"));
  await alice.ok("STORE 1 +FLAGS (\\Flagged)");
  assertEquals((await bob.ok("NOOP"))[0], "* 1 FETCH (FLAGS (\\Flagged))");
  await bob.ok("STORE 2 +FLAGS (\\Deleted)");
  await bob.ok("EXPUNGE");
  assertEquals((await alice.ok("NOOP"))[0], "* 2 EXPUNGE");
  assertEquals((await bob.ok('LIST "" INBOX')).length, 2);
  await alice.ok("CREATE Team");
  await alice.ok("SETACL Team bob lr");
  await bob.ok(`SELECT ${hers("Team")}`);
  await alice.ok("RENAME Team Crew");
  assert((await bob.ok("NOOP"))[0]?.startsWith("* OK [CLOSED]"));
  await bench.end();
});

Deno.test("what others put in counts to the owner, and hits the owner's quota", async () => {
  const limit = { octets: 60, messages: null };
  const bench = await sharedBench({ quota: (id) => id === ALICE ? limit : null });
  const { bob, give } = bench;
  await give("INBOX", "lri");
  await bob.append(I, MAIL);
  const told = await bob.ok(`GETQUOTAROOT ${I}`);
  assertEquals(told.slice(0, 2), [`* QUOTAROOT ${I} "${ALICE}"`, `* QUOTA "${ALICE}" (STORAGE 1 0)`]);
  assertEquals((await bob.ok("GETQUOTAROOT INBOX"))[0], "* QUOTAROOT INBOX");
  assert((await bob.run(`GETQUOTA ${ALICE}`)).at(-1)?.startsWith("NO [NONEXISTENT]"));
  await bob.append("INBOX", MAIL.repeat(2));
  await bob.ok("SELECT INBOX");
  for (const command of [`COPY 1 ${I}`, `MOVE 1 ${I}`, `APPEND ${I} {46+}\r\n${MAIL}${MAIL}`]) {
    assert((await bob.run(command)).at(-1)?.startsWith("NO [OVERQUOTA]"), command);
  }
  assertEquals((await bob.ok("NOOP")).length, 1);
  await bench.end();
});

Deno.test("notes of others: what is shared may be read and written, what is private stays the owner's", async () => {
  const bench = await sharedBench();
  const { bob, give, server } = bench;
  const alice = await ImapClient.loggedIn(server);
  await alice.ok('SETMETADATA INBOX (/private/comment "secret" /shared/comment "open")');
  await give("INBOX", "lrw");
  assertEquals(
    (await bob.ok(`GETMETADATA ${I} (/private/comment /shared/comment)`))[0],
    `* METADATA ${I} (/private/comment NIL /shared/comment "open")`,
  );
  assert(
    (await bob.run(`SETMETADATA ${I} (/private/comment "x")`)).at(-1)?.startsWith("NO [METADATA NOPRIVATE]"),
  );
  await bob.ok(`SETMETADATA ${I} (/shared/comment "new")`);
  assertEquals(
    (await alice.ok("GETMETADATA INBOX (/private/comment /shared/comment)"))[0],
    '* METADATA INBOX (/private/comment "secret" /shared/comment "new")',
  );
  await give("INBOX", "l");
  const listed = await bob.ok(`LIST "" ${I} RETURN (METADATA (/shared/comment))`);
  assertEquals(listed.some((l) => l.startsWith("* METADATA")), false);
  await bench.end();
});

Deno.test("ESEARCH looks into what may be read; personal mailboxes are the own ones", async () => {
  const bench = await sharedBench();
  const { bob, give, hers: mail } = bench;
  await deliver(bench);
  assert((await mail.create("Team")).ok);
  await deliver(bench, "Team");
  await give("INBOX", "lr");
  await give("Team", "l");
  await bob.append("INBOX", MAIL);
  const found = async (source: string) =>
    (await bob.ok(`ESEARCH IN (${source}) RETURN (COUNT) SUBJECT plan`)).slice(0, -1)
      .map((l) => /MAILBOX (\S+)/.exec(l)?.[1]);
  assertEquals(await found("subtree shared"), [I]);
  assertEquals(await found(`mailboxes (${I} ${hers("Team")} INBOX)`), ["INBOX", I]);
  assertEquals(await found("personal"), ["INBOX"]);
  assertEquals(await found("subscribed"), ["INBOX"]);
  await bob.ok(`SUBSCRIBE ${I}`);
  assertEquals(await found("subscribed"), ["INBOX", I]);
  await bob.ok(`SELECT ${I}`);
  assertEquals(await found("selected"), [I]);
  assertEquals(await found("mailboxes (INBOX)"), ["INBOX"]);
  await bench.end();
});

Deno.test("CATENATE takes from what may be read, and never from a mailbox of the same name elsewhere", async () => {
  const bench = await sharedBench();
  const { bob, give, hers: mail } = bench;
  await deliver(bench, "Sent");
  assert((await mail.create("Team")).ok);
  await deliver(bench, "Team");
  await give("Sent", "lr");
  await give("Team", "li");
  await bob.append("Sent", "Subject: his own\r\n\r\n");
  const url = (name: string) => `/${name.replaceAll("^", "%5E").replace("@", "%40")}/;UID=1/;SECTION=HEADER`;
  const catenate = async (...urls: string[]) =>
    (await bob.run(`APPEND Drafts CATENATE (${urls.map((u) => `URL "${u}"`).join(" ")})`)).at(-1) ?? "";
  assert((await catenate(url(hers("Sent")), url("Sent"), url(hers("Sent")))).startsWith("OK"));
  assert((await catenate(url(hers("Team")))).startsWith("NO [BADURL"));
  await bob.ok(`SELECT ${hers("Sent")}`);
  assert((await catenate("/;UID=1")).startsWith("OK") || (await catenate(";UID=1")).startsWith("OK"));
  await bob.ok("SELECT Drafts");
  assertEquals((await bob.ok("FETCH 1:* BODY.PEEK[]")).filter((l) => l.startsWith("Subject")), [
    "Subject: plan",
    "Subject: his own",
    "Subject: plan",
    "Subject: plan",
  ]);
  await bench.end();
});

Deno.test("own mailboxes cost no look at anybody's rights", async () => {
  const bench = await sharedBench();
  const { bob, fs } = bench;
  const looks: string[] = [];
  const { statSync } = fs;
  fs.statSync = (path: string) => {
    looks.push(path);
    return statSync.call(fs, path);
  };
  await bob.append("INBOX", MAIL);
  for (
    const command of [
      "SELECT INBOX",
      "FETCH 1 BODY[]",
      "STORE 1 +FLAGS (\\Seen)",
      "COPY 1 Sent",
      "STATUS Sent (MESSAGES)",
      "NOOP",
      "EXPUNGE",
      "CLOSE",
    ]
  ) {
    await bob.ok(command);
  }
  assertEquals(looks.filter((path) => /acl|roost-shared/.test(path)), []);
  await bob.ok('LIST "" *');
  await bob.ok('LIST "" *');
  looks.length = 0;
  await bob.ok('LIST "" *');
  assertEquals(looks.filter((path) => /acl|roost-shared/.test(path)), [
    "/mail/roost-shared",
    "/mail/roost-shared",
  ]);
  await bench.end();
});
