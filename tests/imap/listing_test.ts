import { assert, assertEquals } from "../support/assert.ts";
import { ImapClient } from "../support/imap_server.ts";
import { hers, sharedBench } from "./shared_bench.ts";

/** LIST lines without their beginning and the separator. */
function names(lines: readonly string[]): string[] {
  return lines.slice(0, -1).map((l) => l.replace(/^\* LIST /, "").replace(/ "[./]"/, ""));
}

Deno.test("listAll(): others' mailboxes are shown where they may be seen, below levels that are not there", async () => {
  for (const separator of [".", "/"]) {
    const bench = await sharedBench({ separator });
    const { bob, give, hers: mail } = bench;
    const T = (name: string) => hers(name.replaceAll(".", separator), separator);
    assertEquals(names(await bob.ok('LIST "" sha*')), []);
    for (const name of ["Team", "Team.Plans", "Team.Plans.2026"]) {
      assert((await mail.create(name.replaceAll(".", separator))).ok);
    }
    await give("INBOX", "lr");
    await give(`Team${separator}Plans${separator}2026`, "l");
    await give("Sent", "r");
    assertEquals(names(await bob.ok('LIST "" shared*')), [
      "(\\NonExistent \\Noselect \\HasChildren) shared".replace("\\NonExistent ", ""),
      `(\\Noselect \\HasChildren) ${T("").slice(0, -1)}`,
      `(\\HasNoChildren) ${T("INBOX")}`,
      `(\\Noselect \\HasChildren) ${T("Team")}`,
      `(\\Noselect \\HasChildren) ${T("Team.Plans")}`,
      `(\\HasNoChildren) ${T("Team.Plans.2026")}`,
    ]);
    const top = names(await bob.ok('LIST "" %'));
    assertEquals(top.length, 7);
    assertEquals(top.at(-1), "(\\Noselect \\HasChildren) shared");
    assertEquals(
      (await bob.ok("NAMESPACE"))[0],
      `* NAMESPACE (("" "${separator}")) (("shared${separator}" "${separator}")) NIL`,
    );
    await bob.ok(`SUBSCRIBE ${T("INBOX")}`);
    assertEquals(names(await bob.ok('LIST (SUBSCRIBED) "" shared*')), [
      `(\\HasNoChildren \\Subscribed) ${T("INBOX")}`,
    ]);
    assertEquals((await bob.ok('LSUB "" shared*'))[0], `* LSUB () "${separator}" ${T("INBOX")}`);
    const told = await bob.ok(`LIST "" ${T("*")} RETURN (MYRIGHTS STATUS (MESSAGES))`);
    assertEquals(told.filter((l) => !l.startsWith("* LIST")).slice(0, -1), [
      `* MYRIGHTS ${T("INBOX")} lr`,
      `* STATUS ${T("INBOX")} (MESSAGES 0)`,
      `* MYRIGHTS ${T("Team.Plans.2026")} l`,
    ]);
    assertEquals((await bob.ok('LIST "" Sent RETURN (MYRIGHTS)'))[1], "* MYRIGHTS Sent lrwstipekxacd");
    await give("INBOX", "r");
    assertEquals(names(await bob.ok('LIST (SUBSCRIBED) "" shared*')), [
      `(\\NonExistent \\Noselect \\HasNoChildren \\Subscribed) ${T("INBOX")}`,
    ]);
    await bob.ok(`UNSUBSCRIBE ${T("INBOX")}`);
    await bench.end();
  }
});

Deno.test("a folder called shared stays one's own; Alice does not see her own among others'", async () => {
  const bench = await sharedBench();
  const { bob, give } = bench;
  await bob.ok("CREATE mine.a@b");
  assert((await bob.run("RENAME mine shared")).at(-1)?.startsWith("NO [CANNOT]"));
  await bob.ok("RENAME mine mine2");
  await bob.ok("CREATE shared.notes");
  await bob.ok("CREATE shared");
  await give("INBOX", "lr");
  await give("INBOX", "lr", "user=alice@example.test");
  assertEquals(names(await bob.ok('LIST "" sh*')), [
    "(\\HasChildren) shared",
    "(\\Noselect \\HasChildren) shared.alice@example^test",
    `(\\HasNoChildren) ${hers("INBOX")}`,
    "(\\HasNoChildren) shared.notes",
  ]);
  const alice = await ImapClient.loggedIn(bench.server);
  for (
    const command of [
      `SELECT ${hers("INBOX")}`,
      `MYRIGHTS ${hers("INBOX")}`,
      `STATUS ${hers("INBOX")} (UNSEEN)`,
    ]
  ) {
    assert((await alice.run(command)).at(-1)?.startsWith("NO [NONEXISTENT]"), command);
  }
  assertEquals(names(await alice.ok('LIST "" sh*')), []);
  bench.people.delete("alice@example.test");
  assertEquals(names(await bob.ok('LIST "" shared.*@*')), []);
  assertEquals((await bob.run(`SELECT ${hers("INBOX")}`)).at(-1)?.slice(0, 16), "NO [NONEXISTENT]");
  await bench.end();
});
