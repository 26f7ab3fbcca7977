import { ALICE, BOB, ImapClient, imapServer } from "../../support/imap_server.ts";
import { assert, assertEquals } from "../../support/assert.ts";
import { hers, sharedBench } from "../shared_bench.ts";

const ALL = "lrwstipekxacd";

Deno.test("SETACL, GETACL, DELETEACL, LISTRIGHTS and MYRIGHTS of one's own mailbox", async () => {
  const bench = await sharedBench();
  const alice = await ImapClient.loggedIn(bench.server);
  const acl = async () => (await alice.ok("GETACL Sent"))[0];
  const mine = `* ACL Sent ${ALICE} ${ALL}`;
  assertEquals(await acl(), mine);
  await alice.ok("SETACL Sent bob lr");
  await alice.ok(`SETACL Sent ${BOB} +st`);
  await alice.ok("SETACL Sent anyone l");
  await alice.ok("SETACL Sent -bob r");
  await alice.ok("SETACL Sent bob -s");
  assertEquals(await acl(), `${mine} ${BOB} lrtd anyone l -${BOB} r`);
  assertEquals((await bench.bob.ok(`MYRIGHTS ${hers("Sent")}`))[0], `* MYRIGHTS ${hers("Sent")} ltd`);
  await alice.ok("DELETEACL Sent -bob");
  await alice.ok("DELETEACL Sent bob");
  await alice.ok("DELETEACL Sent eve");
  assertEquals(await acl(), `${mine} anyone l`);
  await alice.ok('SETACL Sent anyone ""');
  assertEquals(await acl(), `${mine} anyone ""`);
  await alice.ok("SETACL Sent eve -l");
  assertEquals(await acl(), `${mine} anyone ""`);
  assertEquals(
    (await alice.ok("LISTRIGHTS Sent bob"))[0],
    '* LISTRIGHTS Sent bob "" l r w s t i p e k x a c d',
  );
  assertEquals((await alice.ok(`LISTRIGHTS Sent ${ALICE}`))[0], `* LISTRIGHTS Sent ${ALICE} ${ALL}`);
  assertEquals((await alice.ok("MYRIGHTS Sent"))[0], `* MYRIGHTS Sent ${ALL}`);
  await bench.end();
});

Deno.test("the owner keeps all rights; nobody, unknown rights and mailboxes that are not there are refused", async () => {
  const bench = await sharedBench();
  const alice = await ImapClient.loggedIn(bench.server);
  const code = async (command: string) =>
    /^(BAD|NO \[[A-Z]+\]|OK)/.exec((await alice.run(command)).at(-1) ?? "")?.[0];
  for (
    const [command, expected] of [
      [`SETACL INBOX ${ALICE} lr`, "NO [CANNOT]"],
      [`SETACL INBOX owner ""`, "NO [CANNOT]"],
      ["SETACL INBOX -alice l", "NO [CANNOT]"],
      ["SETACL INBOX alice -a", "NO [CANNOT]"],
      ["SETACL INBOX alice lrwstipekxa", "OK"],
      ["SETACL INBOX alice +i", "OK"],
      ["DELETEACL INBOX owner", "NO [CANNOT]"],
      ['SETACL INBOX "no body" l', "NO [CANNOT]"],
      ['LISTRIGHTS INBOX "no body"', "NO [CANNOT]"],
      ["SETACL INBOX bob lq", "BAD"],
      ["SETACL None bob l", "NO [NONEXISTENT]"],
      ["DELETEACL None bob", "NO [NONEXISTENT]"],
      ["GETACL None", "NO [NONEXISTENT]"],
      ["LISTRIGHTS None bob", "NO [NONEXISTENT]"],
      ["MYRIGHTS None", "NO [NONEXISTENT]"],
      [`MYRIGHTS ${hers("Sent")}`, "NO [NONEXISTENT]"],
      ["GETACL shared.bob@example^test.INBOX", "NO [NONEXISTENT]"],
      ["MYRIGHTS shared.eve@example^test.INBOX", "NO [NONEXISTENT]"],
    ] as const
  ) {
    assertEquals(await code(command), expected, command);
  }
  assertEquals(bench.fs.statSync("/mail/example.test/alice/dovecot-acl"), null);
  await bench.end();
});

Deno.test("groups get no rights, for there are none: what Dovecot has left of them is told and can be taken away", async () => {
  const bench = await sharedBench();
  const alice = await ImapClient.loggedIn(bench.server);
  const path = "/mail/example.test/alice/dovecot-acl";
  for (
    const command of [
      "SETACL INBOX $staff lr",
      "SETACL INBOX -!staff +w",
      'SETACL INBOX -$staff ""',
      "LISTRIGHTS INBOX $staff",
    ]
  ) {
    assertEquals((await alice.run(command)).at(-1)?.slice(0, 31), "NO [CANNOT] There are no groups", command);
  }
  assertEquals(bench.fs.statSync(path), null);
  const lines = "group=staff lr\n-group-override=all w\ngroup=old lrw\n";
  await bench.fs.createWith(path, [new TextEncoder().encode(lines)]);
  const told = `* ACL INBOX ${ALICE} ${ALL}`;
  assertEquals((await alice.ok("GETACL INBOX"))[0], `${told} $staff lr -!all w $old lrw`);
  await alice.ok("DELETEACL INBOX $staff");
  await alice.ok("DELETEACL INBOX -!all");
  await alice.ok("SETACL INBOX $old -w");
  assertEquals((await alice.ok("GETACL INBOX"))[0], `${told} $old lr`);
  await bench.end();
});

Deno.test("an address with a quoted local part is told as it can be said again", async () => {
  const bench = await sharedBench();
  const alice = await ImapClient.loggedIn(bench.server);
  const odd = '"\\"B ob\\"@example.test"';
  await alice.ok(`SETACL Sent ${odd} lr`);
  const [, told = ""] =
    /^\* ACL Sent \S+ \S+ ("(?:[^"\\]|\\.)*") lr$/.exec((await alice.ok("GETACL Sent"))[0] ?? "") ?? [];
  assertEquals(told, odd.toLowerCase());
  const user = "b ob@example.test";
  bench.people.add(user);
  const { sharing } = bench;
  assertEquals(sharing.rights(ALICE, "Sent", user), 3);
  await alice.ok(`SETACL Sent ${told} -r`);
  assertEquals(sharing.rights(ALICE, "Sent", user), 1);
  await alice.ok(`DELETEACL Sent ${told}`);
  assertEquals((await alice.ok("GETACL Sent"))[0], `* ACL Sent ${ALICE} ${ALL}`);
  await bench.end();
});

Deno.test("who administers another's mailbox may give rights away, and never takes the owner's", async () => {
  const bench = await sharedBench();
  const { bob, give } = bench;
  const I = hers("INBOX");
  await give("INBOX", "la");
  await bob.ok(`SETACL ${I} eve lrs`);
  assertEquals((await bob.ok(`GETACL ${I}`))[0], `* ACL ${I} ${ALICE} ${ALL} ${BOB} la eve@example.test lrs`);
  assert((await bob.run(`SETACL ${I} alice ""`)).at(-1)?.startsWith("NO [CANNOT]"));
  await bob.ok(`SETACL ${I} bob l`);
  assert((await bob.run(`SETACL ${I} bob la`)).at(-1)?.startsWith("NO [NOPERM]"));
  // A right without l: it may be used, and the mailbox stays out of sight.
  await give("INBOX", "i");
  assertEquals((await bob.ok(`MYRIGHTS ${I}`))[0], `* MYRIGHTS ${I} i`);
  await bob.append(I, "x");
  await give("INBOX", "s");
  assert((await bob.run(`MYRIGHTS ${I}`)).at(-1)?.startsWith("NO [NONEXISTENT]"));
  await bench.end();
});

Deno.test("a list that is full or cannot be understood is left as it is", async () => {
  const bench = await sharedBench();
  const alice = await ImapClient.loggedIn(bench.server);
  for (let i = 0; i < 200; i++) await alice.ok(`SETACL Sent user${i} l`);
  assert((await alice.run("SETACL Sent bob l")).at(-1)?.startsWith("NO [LIMIT]"));
  await alice.ok("SETACL Sent user7 lr");
  await bench.fs.createWith("/mail/example.test/alice/dovecot-acl", [new TextEncoder().encode("nonsense\n")]);
  for (const command of ["GETACL INBOX", "SETACL INBOX bob l"]) {
    assert((await alice.run(command)).at(-1)?.startsWith("NO [UNAVAILABLE]"), command);
  }
  assertEquals((await alice.ok("MYRIGHTS INBOX"))[0], `* MYRIGHTS INBOX ${ALL}`);
  await bench.end();
});

Deno.test("without sharing nothing of it is offered", async () => {
  const client = await ImapClient.loggedIn(imapServer());
  assert(!(await client.ok("CAPABILITY"))[0]?.includes("ACL"));
  assertEquals((await client.ok("NAMESPACE"))[0], '* NAMESPACE (("" ".")) NIL NIL');
  for (const command of ["GETACL INBOX", "SETACL INBOX bob l", "MYRIGHTS INBOX", "LISTRIGHTS INBOX bob"]) {
    assert((await client.run(command)).at(-1)?.startsWith("BAD"), command);
  }
  client.conn.end();
});
