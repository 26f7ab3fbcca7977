/** A Maildir that others filled with whatever can lie in a folder, and names that mean to lead out of it. */
import { assert, assertEquals, assertMatch } from "../support/assert.ts";
import { connectTo, nothingLeft, servedQuickly } from "../support/hostile.ts";
import type { RawClient } from "../support/raw_client.ts";
import { RoostProcess } from "../support/roost_process.ts";

const SECRET = "nobody may read this";
const HUGE = 20_000_000;

/** Files of a Maildir by path below it; null is an empty file. All of them but the last three are messages. */
const MESSAGES: Readonly<Record<string, string>> = {
  "new/1700000001.M1P1.host": "Subject: plain\r\n\r\nhello\r\n",
  "new/1700000002.M2P1.host": "",
  "cur/1700000003.M3P1.host:2,S": "Subject: bare\n\nline ends\nof Unix\n",
  "cur/1700000004.M4P1.host:2,ZZ!?abcdefghijklmnopqrstuvwxyz": "Subject: odd flags\r\n\r\nx\r\n",
  "cur/1700000005.M5P1.host,S=99999,W=1:2,F": "Subject: wrong sizes\r\n\r\nx\r\n",
  "cur/no-time-no-host": "Subject: any name\r\n\r\nx\r\n",
  "cur/with space:2,": "Subject: space\r\n\r\nx\r\n",
  "cur/1700000006.M6P1.h\u00f6st:2,": "Subject: UTF-8 name\r\n\r\nx\r\n",
  [`cur/${"l".repeat(240)}:2,`]: "Subject: long name\r\n\r\nx\r\n",
  "cur/1700000007.M7P1.host:2,R": "no header at all",
  "cur/1700000008.M8P1.host:2,": "\0\0\0\0binary\0\xff",
  "cur/1700000009.M9P1.host:2,": "Content-Type: multipart/mixed; boundary=x\r\n\r\n".concat(
    "--x\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n".repeat(2000),
  ),
  "cur/1700000010.M10P1.host:2,T": `Subject: huge\r\n\r\n${"h".repeat(HUGE)}`,
};

function plant(root: string, outside: string): void {
  for (const part of ["", "/new", "/cur", "/tmp"]) {
    Deno.mkdirSync(root + part, { recursive: true, mode: 0o700 });
  }
  for (const [path, text] of Object.entries(MESSAGES)) Deno.writeTextFileSync(`${root}/${path}`, text);
  Deno.mkdirSync(`${root}/cur/a-folder:2,S`);
  Deno.mkdirSync(`${root}/new/.hidden`);
  Deno.writeTextFileSync(`${root}/cur/.dotfile`, "no message");
  Deno.symlinkSync(`${outside}/secret`, `${root}/cur/1700000011.M11P1.host:2,S`);
  Deno.symlinkSync(`${outside}/secret`, `${root}/new/1700000012.M12P1.host`);
  Deno.symlinkSync(`${root}/nowhere`, `${root}/cur/1700000013.M13P1.host:2,`);
  // Opening it to read would wait for a writer for ever.
  assert(new Deno.Command("mkfifo", { args: [`${root}/cur/1700000014.M14P1.host:2,`] }).outputSync().success);
  Deno.symlinkSync(outside, `${root}/.Linked`);
  for (const name of [".", "..", ".A..B", ".bad&name", ".\u00e4", ".trailing.", ".NoParts"]) {
    Deno.mkdirSync(`${root}/${name}`, { recursive: true });
  }
  Deno.writeTextFileSync(`${root}/dovecot-uidlist`, "3 Vxx N-1\n99999999999999999999 :x\n\0\0\0\nrubbish");
  Deno.writeTextFileSync(`${root}/dovecot-keywords`, "zz \xff\n0\n-1 x\n0 $A\n0 $B\n");
  Deno.writeTextFileSync(`${root}/subscriptions`, "V\t2\n\n../../x\nINBOX\nSent\n\0\n");
}

async function loggedIn(roost: RoostProcess, user = "alice"): Promise<RawClient> {
  const imap = await connectTo(roost, "imap");
  await imap.line();
  await imap.say(`a LOGIN ${user}@example.test secret-${user}\r\n`);
  assertMatch((await imap.tagged("a")).at(-1) ?? "", /^a OK/);
  return imap;
}

async function run(imap: RawClient, command: string): Promise<string[]> {
  await imap.say(`z ${command}\r\n`);
  return await imap.tagged("z");
}

/** Everything below a folder with its kind; links are not followed. */
function tree(dir: string): string[] {
  const found: string[] = [];
  for (const e of Deno.readDirSync(dir)) {
    found.push(`${dir}/${e.name}`);
    if (e.isDirectory) found.push(...tree(`${dir}/${e.name}`));
  }
  return found;
}

async function readsAll(roost: RoostProcess): Promise<void> {
  const imap = await loggedIn(roost);
  const selected = await run(imap, "SELECT INBOX");
  assert(selected.includes(`* ${Object.keys(MESSAGES).length} EXISTS`), selected.join("\n"));
  const list = (await run(imap, 'LIST "" *')).join("\n");
  assert(!list.includes("Linked") && !list.includes(".."), list);
  for (
    const items of ["(UID FLAGS INTERNALDATE RFC822.SIZE)", "(ENVELOPE BODYSTRUCTURE)", "BODY.PEEK[]<0.1000>"]
  ) {
    const lines = await run(imap, `FETCH 1:* ${items}`);
    assertMatch(lines.at(-1) ?? "", /^z OK/);
    assert(!lines.join("\n").includes(SECRET));
  }
  for (const key of [`TEXT "${SECRET}"`, `BODY "${SECRET}"`, "SUBJECT bare", "LARGER 1"]) {
    const lines = await run(imap, `SEARCH ${key}`);
    assertMatch(lines.at(-1) ?? "", /^z OK/);
    if (key.includes(SECRET)) assertEquals(lines[0], "* SEARCH");
  }
  assertMatch((await run(imap, "COPY 1:* Trash")).at(-1) ?? "", /^z OK/);
  assertMatch((await run(imap, "STORE 1:* +FLAGS (\\Seen $Kept)")).at(-1) ?? "", /^z OK/);
  assertMatch((await run(imap, "FETCH 1:* (UID)")).at(-1) ?? "", /^z OK/);
  imap.close();
}

async function readsAllByPop3(roost: RoostProcess): Promise<void> {
  const pop3 = await connectTo(roost, "pop3");
  await pop3.line();
  await pop3.say("USER alice@example.test\r\nPASS secret-alice\r\nSTAT\r\n");
  for (let i = 0; i < 3; i++) assertMatch(await pop3.line(), /^\+OK/);
  for (let n = 1; n <= Object.keys(MESSAGES).length; n++) {
    await pop3.say(`TOP ${n} 5\r\n`);
    assertMatch(await pop3.line(), /^\+OK/);
    for (let line = ""; line !== "."; line = await pop3.line().catch((e) => String(e))) {
      assert(!line.includes(SECRET) && !line.startsWith("Error: No line: end"), line);
    }
  }
  pop3.close();
}

/** Mailbox names that would lead out of the account's folder if anybody joined them to a path. */
const NAMES = [
  "..",
  "../bob",
  "../../../evil",
  "a/../../evil",
  "/etc/evil",
  "./evil",
  "a/./b",
  "..evil",
  ".",
  "cur",
  "new",
  "tmp",
  "a//b",
  "~root",
  "~/evil",
  "&AAA-evil",
  "&AC8-etc&AC8-evil",
  "&AC4ALgAv-evil",
  "&2AA-",
  "&",
  "&bad",
  "evil%00",
  "dovecot-uidlist",
  "x".repeat(300),
  "Linked/evil",
  "Linked",
];

async function namesStayInside(roost: RoostProcess, outside: string): Promise<void> {
  const mail = `${roost.dir}/data/mail/example.test`;
  const imap = await loggedIn(roost);
  const before = tree(outside);
  for (const name of NAMES) {
    const literal = `{${new TextEncoder().encode(name).length}+}\r\n${name}`;
    const message = "Subject: evil\r\n\r\n";
    for (
      const command of [
        `CREATE ${literal}`,
        `SUBSCRIBE ${literal}`,
        `APPEND ${literal} {${message.length}+}\r\n${message}`,
        `STATUS ${literal} (MESSAGES)`,
        `RENAME Drafts ${literal}`,
        `RENAME ${literal} Drafts`,
        `COPY 1 ${literal}`,
        `LIST ${literal} *`,
        `SELECT ${literal}`,
        `DELETE ${literal}`,
      ]
    ) {
      const lines = await run(imap, command);
      assertMatch(lines.at(-1) ?? "", /^z (OK|NO|BAD)/, `${command}: ${lines.at(-1)}`);
      // Not to be sent away for too many mistakes.
      await run(imap, "NOOP");
      await run(imap, "SELECT INBOX");
    }
  }
  imap.close();
  assertEquals(tree(outside), before);
  assertEquals([...Deno.readDirSync(mail)].map((e) => e.name).sort(), ["alice", "bob"]);
  assertEquals(tree(`${mail}/bob`).filter((p) => p.includes("evil")), []);
  for (const path of tree(`${mail}/alice`)) {
    assert(!/\/(new|cur|tmp)\/(new|cur|tmp)$/.test(path), path);
  }
}

Deno.test("e2e: a Maildir of foreign, broken and huge files is served, and no name leads out of it", async () => {
  await using roost = await RoostProcess.start();
  await servedQuickly(roost, "nothing"); // bob's folder comes to be
  await roost.stop();
  const outside = `${roost.dir}/outside`;
  Deno.mkdirSync(outside);
  for (const part of ["new", "cur", "tmp"]) Deno.mkdirSync(`${outside}/${part}`);
  Deno.writeTextFileSync(`${outside}/secret`, `Subject: secret\r\n\r\n${SECRET}\r\n`);
  plant(roost.maildir("alice@example.test"), outside);
  await roost.launch();
  await readsAll(roost);
  await readsAllByPop3(roost);
  await namesStayInside(roost, outside);
  await servedQuickly(roost, "a foreign Maildir");
  await nothingLeft(roost, "a foreign Maildir");
});
