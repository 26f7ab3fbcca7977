/** Each command against each right it needs (RFC 4314 4), in a mailbox of another account. */
import { assert, assertEquals } from "../support/assert.ts";
import { hers, type SharedBench, sharedBench } from "./shared_bench.ts";

const EVERY = "lrwstipekxa";
const MAIL = "Subject: x\r\n\r\nbody\r\n";

interface Row {
  readonly command: string;
  /** Rights that must all be there. */
  readonly needs: string;
  /** In what Bob has selected before: Alice's "Team" ("theirs") or his own INBOX; nothing without it. */
  readonly selected?: "theirs" | "own";
  /** What is not there is told otherwise than by NONEXISTENT. */
  readonly hidden?: string;
}

const T = hers("Team");
const APPEND = `{${MAIL.length}+}\r\n${MAIL}`;
const ROWS: readonly Row[] = [
  { command: `SELECT ${T}`, needs: "r" },
  { command: `EXAMINE ${T}`, needs: "r" },
  { command: `STATUS ${T} (MESSAGES)`, needs: "r" },
  { command: `SUBSCRIBE ${T}`, needs: "l" },
  { command: `CREATE ${T}.New`, needs: "k", hidden: "NOPERM" },
  { command: `DELETE ${T}`, needs: "x" },
  { command: `RENAME ${T} ${T}s`, needs: "x", hidden: "NONEXISTENT" },
  { command: `APPEND ${T} ${APPEND}`, needs: "i" },
  { command: `COPY 1 ${T}`, needs: "i", selected: "own" },
  { command: `MOVE 1 ${T}`, needs: "i", selected: "own" },
  { command: `REPLACE 1 ${T} ${APPEND}`, needs: "i", selected: "own" },
  { command: `GETQUOTAROOT ${T}`, needs: "r" },
  { command: `GETMETADATA ${T} /shared/comment`, needs: "lr" },
  { command: `SETMETADATA ${T} (/shared/comment "x")`, needs: "lw" },
  { command: `SETACL ${T} eve lr`, needs: "a" },
  { command: `DELETEACL ${T} eve`, needs: "a" },
  { command: `GETACL ${T}`, needs: "a" },
  { command: `LISTRIGHTS ${T} eve`, needs: "a" },
  { command: "STORE 1 +FLAGS (\\Seen)", needs: "s", selected: "theirs" },
  { command: "STORE 1 -FLAGS (\\Deleted)", needs: "t", selected: "theirs" },
  { command: "UID STORE 1 -FLAGS (\\Flagged new)", needs: "w", selected: "theirs" },
  { command: "STORE 1 +FLAGS.SILENT (new)", needs: "w", selected: "theirs" },
  { command: "EXPUNGE", needs: "e", selected: "theirs" },
  { command: "UID EXPUNGE 1", needs: "e", selected: "theirs" },
  { command: "MOVE 1 Trash", needs: "te", selected: "theirs" },
  { command: `REPLACE 1 Drafts ${APPEND}`, needs: "te", selected: "theirs" },
  { command: "COPY 1 Trash", needs: "", selected: "theirs" },
  { command: "FETCH 1 BODY[]", needs: "", selected: "theirs" },
  { command: "SEARCH ALL", needs: "", selected: "theirs" },
  { command: "SORT (DATE) UTF-8 ALL", needs: "", selected: "theirs" },
  { command: "THREAD REFS UTF-8 ALL", needs: "", selected: "theirs" },
  { command: "ESEARCH IN (selected) ALL", needs: "", selected: "theirs" },
  { command: "NOOP", needs: "", selected: "theirs" },
  { command: "CHECK", needs: "", selected: "theirs" },
  { command: "CLOSE", needs: "", selected: "theirs" },
  { command: "UNSELECT", needs: "", selected: "theirs" },
];

/** The reply to a row's command where Bob has these rights; with its code, without its text. */
async function reply(row: Row, letters: string | null): Promise<string> {
  const bench = await sharedBench();
  const { bob, hers } = bench;
  if (letters !== null) {
    assert((await hers.create("Team")).ok);
    await give(bench, letters);
  }
  const draft = async (mail: SharedBench["hers"], mailbox: string) => {
    const made = await mail.draft(MAIL.length);
    await made.write(new TextEncoder().encode(MAIL));
    const flags = { system: 0, keywords: [] };
    await mail.commit(mailbox, [{ draft: made, flags, internalDate: null }]);
  };
  if (letters !== null) await draft(hers, "Team");
  if (row.selected === "own") {
    await bob.append("INBOX", MAIL);
    await bob.ok("SELECT INBOX");
  } else if (row.selected === "theirs") await bob.ok(`SELECT ${T}`);
  const last = (await bob.run(row.command)).at(-1) ?? "";
  await bench.end();
  return /^OK|^NO \[[A-Z]+|^.*/.exec(last)?.[0] ?? "";
}

async function give(bench: SharedBench, letters: string): Promise<void> {
  await bench.give("Team", letters);
}

Deno.test("each command wants its rights and no other", async () => {
  for (const row of ROWS) {
    const name = row.command.slice(0, 40);
    // What is selected must be read.
    const base = row.selected === "theirs" ? "r" : "";
    // A new name is below one that may have children.
    if (!row.command.startsWith("RENAME")) assertEquals(await reply(row, base + row.needs), "OK", name);
    for (const right of row.needs) {
      const without = EVERY.replace(right, "");
      const hidden = right === "l" ? "NONEXISTENT" : "NOPERM";
      assertEquals(await reply(row, without), `NO [${hidden}`, `${name} without ${right}`);
      assertEquals(
        await reply(row, base + "l"),
        right === "l" && row.needs === "l" ? "OK" : "NO [NOPERM",
        name,
      );
    }
    if (row.selected === "theirs") continue;
    const absent = await reply(row, null);
    assertEquals(absent, `NO [${row.hidden ?? "NONEXISTENT"}`, `${name}, not there`);
    assertEquals(await reply(row, ""), absent, `${name}, hidden`);
  }
});

Deno.test("what is never refused: LIST tells what has l, MYRIGHTS what has any of lrikxa, ESEARCH what has l and r (RFC 4314 4)", async () => {
  const bench = await sharedBench();
  const { bob, hers: mail } = bench;
  assert((await mail.create("Team")).ok);
  await give(bench, "i");
  await bob.append(T, MAIL);
  for (const right of EVERY) {
    await give(bench, right);
    const listed = (await bob.ok(`LIST "" ${T}`)).length > 1;
    assertEquals(listed, right === "l", `LIST with ${right}`);
    const told = (await bob.run(`MYRIGHTS ${T}`)).at(-1)?.startsWith("OK");
    assertEquals(told, "lrikxa".includes(right), `MYRIGHTS with ${right}`);
    await bob.ok(`UNSUBSCRIBE ${T}`);
    const found = (await bob.ok(`ESEARCH IN (mailboxes ${T}) RETURN (COUNT) ALL`)).length > 1;
    assertEquals(found, false, `ESEARCH with ${right} and nothing else`);
  }
  await give(bench, "lr");
  assertEquals((await bob.ok(`ESEARCH IN (mailboxes ${T}) RETURN (COUNT) ALL`)).length, 2);
  // A subscription stays when l is gone, and tells nothing.
  await bob.ok(`SUBSCRIBE ${T}`);
  assertEquals((await bob.ok('LSUB "" *')).some((l) => l.includes(T)), true);
  await give(bench, "r");
  assertEquals(
    (await bob.ok(`LIST (SUBSCRIBED) "" ${T}`))[0],
    `* LIST (\\NonExistent \\Noselect \\HasNoChildren \\Subscribed) "." ${T}`,
  );
  await bench.end();
});

Deno.test("RENAME wants x here, and k above where it goes; nothing leaves its account", async () => {
  const bench = await sharedBench();
  const { bob, hers: mail, give } = bench;
  for (const name of ["Team", "Team.Plans", "Other"]) assert((await mail.create(name)).ok);
  const code = async (command: string) => /\[(.*?)\]|^OK/.exec((await bob.run(command)).at(-1) ?? "")?.[0];
  await give("Team", "lk");
  await give("Team.Plans", "l");
  assertEquals(await code(`RENAME ${T}.Plans ${T}.Ideas`), "[NOPERM]");
  await give("Team.Plans", "lx");
  assertEquals(await code(`RENAME ${T}.Plans ${hers("Ideas")}`), "[NOPERM]");
  assertEquals(await code(`RENAME ${T}.Plans ${hers("Other")}.Ideas`), "[NOPERM]");
  assertEquals(await code(`RENAME ${T}.Plans Mine`), "[CANNOT]");
  assertEquals(await code(`RENAME Sent ${T}.Mine`), "[CANNOT]");
  assertEquals(await code(`RENAME ${T}.Plans ${T}.Ideas`), "OK");
  assertEquals((await bob.ok('LIST "" shared.%.%.%')).slice(0, -1), [
    `* LIST (\\HasNoChildren) "." ${T}.Ideas`,
  ]);
  await give("INBOX", EVERY);
  assertEquals(await code(`RENAME ${hers("INBOX")} ${T}.Inbox`), "[CANNOT]");
  assertEquals(await code(`DELETE ${hers("INBOX")}`), "[CANNOT]");
  await bench.end();
});

Deno.test("a mailbox that Bob makes has the rights of the one above, and may be removed again", async () => {
  const bench = await sharedBench();
  const { bob, hers: mail, give } = bench;
  assert((await mail.create("Team")).ok);
  await give("Team", "lrkxi");
  assert((await bob.ok(`CREATE ${T}.a.b`)).at(-1)?.startsWith("OK [MAILBOXID ("));
  await bob.append(`${T}.a.b`, MAIL);
  assertEquals((await bob.ok(`STATUS ${T}.a.b (MESSAGES)`))[0], `* STATUS ${T}.a.b (MESSAGES 1)`);
  assertEquals((await bob.ok(`MYRIGHTS ${T}.a.b`))[0], `* MYRIGHTS ${T}.a.b lrikxc`);
  assertEquals((await bob.run(`CREATE ${T}.Sent (USE (\\Sent))`)).at(-1)?.slice(0, 12), "NO [USEATTR]");
  await bob.ok(`DELETE ${T}.a.b`);
  assertEquals((await bob.run(`CREATE ${hers("Top")}`)).at(-1)?.slice(0, 11), "NO [NOPERM]");
  assertEquals((await bob.run(`CREATE ${hers("")}`)).at(-1)?.slice(0, 11), "NO [NOPERM]");
  await bench.end();
});

Deno.test("STORE, APPEND, COPY and MOVE set what flags may be set, FETCH sets \\Seen only where it may", async () => {
  const bench = await sharedBench();
  const { bob, hers: mail, give } = bench;
  assert((await mail.create("Team")).ok);
  await give("Team", "lrwi");
  await bob.append(T, MAIL, "(\\Seen \\Flagged \\Deleted word)");
  const selected = await bob.ok(`SELECT ${T}`);
  assert(selected.at(-1)?.startsWith("OK [READ-WRITE]"));
  const permanent = "* OK [PERMANENTFLAGS (\\Answered \\Flagged \\Draft word \\*)] Flags permitted";
  assert(selected.includes(permanent), selected.join("\n"));
  const flags = async () => (await bob.ok("FETCH 1 FLAGS"))[0]?.replace(/ ?\\Recent/, "");
  assertEquals(await flags(), "* 1 FETCH (FLAGS (\\Flagged word))");
  assertEquals((await bob.ok("FETCH 1 BODY[TEXT]")).some((l) => l.includes("FLAGS")), false);
  await bob.ok("STORE 1 FLAGS (\\Seen \\Draft)");
  assertEquals(await flags(), "* 1 FETCH (FLAGS (\\Draft))");
  await give("Team", "lrst");
  assertEquals((await bob.ok("NOOP")).slice(0, 2), [
    "* FLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft word)",
    "* OK [PERMANENTFLAGS (\\Deleted \\Seen)] Flags permitted",
  ]);
  await bob.ok("STORE 1 FLAGS (\\Answered new)");
  assertEquals(await flags(), "* 1 FETCH (FLAGS (\\Draft))");
  await bob.ok("FETCH 1 BODY[TEXT]");
  assertEquals(
    await flags(),
    "* 1 FETCH (FLAGS (\\Draft \\Seen))".replace("\\Draft \\Seen", "\\Seen \\Draft"),
  );
  // What Bob copies out is his.
  await bob.ok("COPY 1 Sent");
  await give("Team", "lrit");
  await bob.ok("SELECT Sent");
  await bob.ok("STORE 1 +FLAGS (\\Deleted mine)");
  await bob.ok(`COPY 1 ${T}`);
  await bob.ok(`MOVE 1 ${T}`);
  await bob.ok(`EXAMINE ${T}`);
  assertEquals((await bob.ok("UID FETCH 2:* FLAGS")).slice(0, 2).map((l) => l.replace(/ ?\\Recent/, "")), [
    "* 2 FETCH (UID 2 FLAGS (\\Deleted))",
    "* 3 FETCH (UID 3 FLAGS (\\Deleted))",
  ]);
  await bench.end();
});

Deno.test("who may put messages in but not read them is told no UIDs of there (RFC 4315 3)", async () => {
  for (const [letters, told] of [["i", false], ["ri", true]] as const) {
    const bench = await sharedBench();
    const { bob, hers: mail, give } = bench;
    assert((await mail.create("Team")).ok);
    await give("Team", letters);
    for (let i = 0; i < 3; i++) await bob.append("INBOX", MAIL);
    await bob.ok("SELECT INBOX");
    for (
      const command of [`APPEND ${T} ${APPEND}`, `COPY 1 ${T}`, `MOVE 1 ${T}`, `REPLACE 1 ${T} ${APPEND}`]
    ) {
      const lines = await bob.ok(command);
      assertEquals(lines.some((l) => /(?:APPEND|COPY)UID/.test(l)), told, `${letters}: ${lines.join("\n")}`);
    }
    await bob.ok("MOVE 1 Trash");
    await give("Team", "r");
    assertEquals((await bob.ok(`STATUS ${T} (MESSAGES)`))[0], `* STATUS ${T} (MESSAGES 4)`);
    await bench.end();
  }
});

Deno.test("who may only read has it READ-ONLY; CLOSE removes nothing without e", async () => {
  const bench = await sharedBench();
  const { bob, give } = bench;
  await give("INBOX", "lrt");
  await bench.store.deliver(
    [{ account: "alice@example.test", mailbox: "INBOX", flags: { system: 0, keywords: [] } }],
    (await import("../../mod/base/body.ts")).memoryBody(new TextEncoder().encode(MAIL)),
  );
  const I = hers("INBOX");
  await bob.ok(`SELECT ${I}`);
  await bob.ok("STORE 1 +FLAGS (\\Deleted)");
  await bob.ok("CLOSE");
  await give("INBOX", "lr");
  const selected = await bob.ok(`SELECT ${I}`);
  assert(selected.at(-1)?.startsWith("OK [READ-ONLY]"), selected.join("\n"));
  assert(selected.includes("* OK [PERMANENTFLAGS ()] Read-only mailbox"), selected.join("\n"));
  assertEquals(selected.includes("* 1 EXISTS"), true);
  await bob.ok("CLOSE");
  await give("INBOX", "lre");
  await bob.ok(`SELECT ${I}`);
  await bob.ok("CLOSE");
  assertEquals((await bob.ok(`STATUS ${I} (MESSAGES)`))[0], `* STATUS ${I} (MESSAGES 0)`);
  await bench.end();
});
