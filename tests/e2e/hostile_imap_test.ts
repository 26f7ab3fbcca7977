/** Bad input to IMAP over real sockets: each is answered with a clear NO, BAD or BYE, memory stays bounded, others are served meanwhile. */
import { assert, assertEquals, assertMatch } from "../support/assert.ts";
import { connectTo, nothingLeft, residentMb, servedQuickly, toTheEnd, until } from "../support/hostile.ts";
import type { RawClient } from "../support/raw_client.ts";
import { RoostProcess } from "../support/roost_process.ts";

/** MB. The configured ceiling is 256; garbage waits for its collection. */
const MEMORY = 400;
const LARGE = 50_000_000;

async function loggedIn(roost: RoostProcess, select = true): Promise<RawClient> {
  const client = await connectTo(roost, "imap");
  await client.line();
  await client.say(`a LOGIN bob@example.test secret-bob\r\n${select ? "b SELECT INBOX\r\n" : ""}`);
  assertMatch((await client.tagged(select ? "b" : "a")).at(-1) ?? "", /OK/);
  return client;
}

/** The reply to one command. */
async function replyTo(client: RawClient, command: string): Promise<string> {
  await client.say(`z ${command}\r\n`);
  return (await client.tagged("z")).at(-1) ?? "";
}

/** Literals that are announced and never come, of sizes nobody can hold. */
async function announcements(roost: RoostProcess): Promise<void> {
  const sizes = ["4294967295", "4294967296", "99999999999999999999", "1000000000000"];
  const commands = [
    "LOGIN",
    "APPEND INBOX",
    "SEARCH SUBJECT",
    "SELECT",
    'APPEND INBOX () "01-Jan-2020 00:00:00 +0000"',
  ];
  for (const size of sizes) {
    for (const command of commands) {
      for (const [plus, login] of [["", false], ["+", false], ["", true], ["+", true]] as const) {
        const client = login ? await loggedIn(roost) : await connectTo(roost, "imap");
        if (!login) await client.line();
        await client.say(`z ${command} {${size}${plus}}\r\n`);
        const answer = await client.line();
        assertMatch(answer, /^(z (NO|BAD)|\* (BYE|BAD)) /, `${command} {${size}${plus}}`);
        client.close();
      }
    }
  }
}

async function hugeSets(roost: RoostProcess): Promise<void> {
  const client = await loggedIn(roost);
  const many = Array.from({ length: 8000 }, (_, i) => 1 + i * 2).join(",");
  const cases: readonly [string, RegExp][] = [
    ["FETCH 1:4294967295 FLAGS", /^z BAD/],
    ["FETCH 4294967296 FLAGS", /^z BAD/],
    ["FETCH 0 FLAGS", /^z BAD/],
    ["UID FETCH 1:4294967295 (FLAGS)", /^z OK/],
    ["UID FETCH 4294967295:1 (FLAGS)", /^z OK/],
    ["UID FETCH 4294967295:* (FLAGS)", /^z OK/],
    [`UID FETCH ${many} (FLAGS)`, /^z OK/],
    [`UID FETCH ${`${many},`.repeat(3)}1 (FLAGS)`, /^z BAD/],
    ["UID SEARCH UID 1:4294967295 NOT UID 4294967295", /^z OK/],
    [`UID STORE ${many} +FLAGS.SILENT (\\Seen)`, /^z OK/],
    ["UID EXPUNGE 1:4294967295", /^z OK/],
    ["ENABLE QRESYNC", /^z OK/],
    ["SELECT INBOX (QRESYNC (1 1 1:4294967295))", /^z OK/],
    ["UID FETCH 1:4294967295 (FLAGS) (CHANGEDSINCE 1 VANISHED)", /^z OK/],
    ["FETCH 1 (BODY.PEEK[]<4294967295.4294967295>)", /^z OK/],
    ["FETCH 1 (BODY.PEEK[]<99999999999999999999.1>)", /^z BAD/],
  ];
  for (const [command, want] of cases) {
    assertMatch(await replyTo(client, command), want, command.slice(0, 80));
  }
  client.close();
}

async function nesting(roost: RoostProcess): Promise<void> {
  const deep = 10_000;
  for (
    const command of [
      `SEARCH ${"(".repeat(deep)}ALL${")".repeat(deep)}`,
      `SEARCH ${"NOT ".repeat(deep)}ALL`,
      `SEARCH ${"OR ".repeat(deep)}ALL${" ALL".repeat(deep)}`,
      `FETCH 1 ${"(".repeat(deep)}UID${")".repeat(deep)}`,
      `FETCH 1 BODY.PEEK[${"1.".repeat(deep)}1]`,
      `LIST ${"(".repeat(deep)} "" *`,
      `ID ${"(".repeat(deep)}`,
      `LIST "" ${"(".repeat(deep)}`,
      `LIST "" "${"%*".repeat(deep)}x"`,
      `STORE 1 FLAGS ${"(".repeat(deep)}\\Seen`,
    ]
  ) {
    const client = await loggedIn(roost);
    assertMatch(await replyTo(client, command), /^z (OK|NO|BAD) /, command.slice(0, 20));
    assertMatch(await replyTo(client, "NOOP"), /^z OK/);
    client.close();
  }
}

const NAMES = [
  "..",
  "../../../etc",
  "/etc/passwd",
  "a/b",
  "a..b",
  ".a",
  "INBOX..x",
  "&",
  "&AC4ALg-",
  "&AC8-",
  "&AAA-",
  "&2AA-",
  "&JjoAIQ",
  "&Jjo-&Jjo-",
  "&Jjo&",
  "\xff\xfe",
  "x".repeat(2000),
  `${"x.".repeat(500)}x`,
  "a\tb",
];

/** Names that mean to lead out of the account, or are none. */
async function names(roost: RoostProcess): Promise<void> {
  const files = () => [...Deno.readDirSync(roost.maildir("bob@example.test"))].map((e) => e.name).sort();
  const client = await loggedIn(roost, false);
  const before = files();
  for (const name of NAMES) {
    for (const verb of ["SELECT", "CREATE", "DELETE", "SUBSCRIBE", "RENAME INBOX", "RENAME Junk"]) {
      const octets = new TextEncoder().encode(name);
      const answer = await replyTo(client, `${verb} {${octets.length}+}\r\n${name}`);
      assertMatch(answer, /^z (NO|BAD) /, `${verb} ${name.slice(0, 60)}`);
      if (answer.startsWith("z BAD")) await replyTo(client, "NOOP");
    }
  }
  assertMatch(await replyTo(client, "CREATE {3+}\r\na\0b"), /^z (NO|BAD) /);
  assertEquals(files(), before);
  client.close();
}

/** Structures that were made to cost: each is told, or cut, soon. */
async function mimeBombs(roost: RoostProcess): Promise<void> {
  const open = (i: number) => `Content-Type: multipart/mixed; boundary=b${i}\r\n\r\n--b${i}\r\n`;
  const bombs = [
    Array.from({ length: 5000 }, (_, i) => open(i)).join(""),
    `Content-Type: multipart/mixed; boundary=b\r\n\r\n${"--b\r\n\r\n".repeat(100_000)}--b--\r\n`,
    "Content-Type: message/rfc822\r\n\r\n".repeat(20_000),
    `Content-Type: text/plain; ${"a=b; ".repeat(100_000)}\r\n\r\nx\r\n`,
    `To: ${"a@b, ".repeat(200_000)}\r\nFrom: ${"(".repeat(200_000)}\r\nSubject: ${
      "=?utf-8?q?x?= ".repeat(50_000)
    }\r\n\r\n`,
    `Content-Type: multipart/mixed; boundary="${"-".repeat(70)}"\r\n\r\n${"-".repeat(2_000_000)}\r\n`,
  ];
  const client = await loggedIn(roost);
  for (const [i, bomb] of bombs.entries()) {
    assertMatch(await replyTo(client, `APPEND INBOX {${bomb.length}+}\r\n${bomb}`), /^z OK/);
    assertMatch(await replyTo(client, "NOOP"), /^z OK/);
    const begin = performance.now();
    const asked = replyTo(
      client,
      "FETCH * (ENVELOPE BODYSTRUCTURE BODY.PEEK[1.1.1.1.1.1] BODY.PEEK[HEADER.FIELDS (To)])",
    );
    await servedQuickly(roost, `bomb ${i}`);
    assertMatch(await asked, /^z OK/);
    assertMatch(await replyTo(client, 'SEARCH HEADER To x BODY "needle" SUBJECT x'), /^z OK/);
    assert(performance.now() - begin < 10_000, `bomb ${i}`);
  }
  assertMatch(await replyTo(client, "STORE 1:* +FLAGS.SILENT (\\Deleted)"), /^z OK/);
  assertMatch(await replyTo(client, "EXPUNGE"), /^z OK/);
  client.close();
}

/** A thousand sessions of one account: what comes is told to all of them. */
async function manySessions(roost: RoostProcess): Promise<void> {
  const clients: RawClient[] = [];
  for (let i = 0; i < 10; i++) {
    clients.push(...await Promise.all(Array.from({ length: 100 }, () => loggedIn(roost))));
  }
  for (const c of clients) await c.say("i IDLE\r\n");
  for (const c of clients) assertMatch(await c.line(), /^\+ /);
  const exists = await servedQuickly(roost, "1,000 sessions of one account");
  await Promise.all(clients.map(async (c) => {
    while (!(await c.line()).startsWith(`* ${exists} EXISTS`));
  }));
  const resident = await residentMb(roost);
  assert(resident < MEMORY, `${resident} MB with 1,000 sessions`);
  for (const c of clients) c.close();
}

/** A large message asked for by clients that never read, and by slow ones. */
async function slowReaders(roost: RoostProcess): Promise<void> {
  const path = `${roost.maildir("bob@example.test")}/cur/1700000000.M1P1.large:2,`;
  const line = "y".repeat(998) + "\r\n";
  await Deno.writeTextFile(path, `Subject: large\r\n\r\n${line.repeat(LARGE / 1000)}`);
  const clients = await Promise.all(Array.from({ length: 30 }, () => loggedIn(roost)));
  for (const c of clients) {
    await c.say("c UID FETCH 1:* (BODY.PEEK[] BODYSTRUCTURE)\r\nd FETCH 1:* BODY.PEEK[]\r\n");
  }
  for (let i = 0; i < 10; i++) {
    for (const c of clients.slice(0, 5)) await c.line();
    await servedQuickly(roost, "slow readers of 50 MB");
    const resident = await residentMb(roost);
    assert(resident < MEMORY, `${resident} MB with slow readers`);
  }
  for (const c of clients) c.close();
  await Deno.remove(path);
}

/** Without login, commands and their octets come to an end. */
async function strangers(roost: RoostProcess): Promise<void> {
  const client = await connectTo(roost, "imap");
  await client.line();
  await client.say("z BOGUS\r\n".repeat(100));
  const rest = await toTheEnd(client);
  assertMatch(rest, /\* BYE Too many bad commands/);
  client.close();
  await until(async () => await residentMb(roost) < MEMORY, "memory");
}

const THREATS: readonly { readonly name: string; run(roost: RoostProcess): Promise<void> }[] = [
  { name: "literals of 4 GB announced", run: announcements },
  { name: "huge sets", run: hugeSets },
  { name: "10,000 parentheses", run: nesting },
  { name: "names that lead elsewhere", run: names },
  { name: "MIME bombs", run: mimeBombs },
  { name: "1,000 sessions of one account", run: manySessions },
  { name: "slow readers of a large message", run: slowReaders },
  { name: "bad commands from strangers", run: strangers },
];

Deno.test("e2e: IMAP answers bad input clearly, with bounded memory", async (t) => {
  await using roost = await RoostProcess.start();
  assertEquals(await servedQuickly(roost, "the start"), 1);
  for (const { name, run } of THREATS) {
    await t.step(name, async () => {
      await run(roost);
      await nothingLeft(roost, name);
      const resident = await residentMb(roost);
      assert(resident < MEMORY, `${resident} MB after ${name}`);
    });
  }
  assertEquals(await roost.stop(), 0);
});
