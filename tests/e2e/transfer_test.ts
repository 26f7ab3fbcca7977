/** Import and export by the real process, killed in the middle and run again. */
import { assert, assertEquals } from "../support/assert.ts";
import { RawClient } from "../support/raw_client.ts";
import { roostCommand, RoostProcess, runRoost } from "../support/roost_process.ts";

const MESSAGES = 1500;
const ACCOUNT = "alice@example.test";

interface House {
  readonly dir: string;
  readonly config: string;
  roost(...args: string[]): ReturnType<typeof runRoost>;
}

/** A folder with a configuration, an account, and a Maildir whose UIDs are odd. */
async function house(): Promise<House> {
  const dir = await Deno.makeTempDir({ prefix: "roost-transfer-" });
  const config = `${dir}/roost.yaml`;
  await Deno.writeTextFile(
    config,
    `hostname: mail.example.test\ndata: data\nlisten: { smtp: ["127.0.0.1:1"] }\ndomains: { example.test: {} }\n`,
  );
  const roost = (...args: string[]) => runRoost([...args, "--config", config], { stdin: "secret-word\n" });
  assertEquals((await roost("user", "add", ACCOUNT, "--password-stdin")).code, 0);
  await Deno.mkdir(`${dir}/old/cur`, { recursive: true });
  await Deno.mkdir(`${dir}/old/new`);
  let list = `3 V1700000000 N${MESSAGES * 2 + 10} G0123456789abcdef0123456789abcdef\n`;
  for (let i = 0; i < MESSAGES; i++) {
    const base = `${1600000000 + i}.M${i}P1.old`;
    const path = `${dir}/old/cur/${base}:2,${i % 2 ? "S" : ""}`;
    Deno.writeTextFileSync(path, `Subject: ${i}\r\n\r\n${"text\r\n".repeat(50)}`);
    Deno.utimeSync(path, 1600000000 + i, 1600000000 + i);
    list += `${i * 2 + 1} :${base}\n`;
  }
  await Deno.writeTextFile(`${dir}/old/dovecot-uidlist`, list);
  return { dir, config, roost };
}

/** Starts a verb and kills it as soon as `folder` has `count` files. */
async function killAt(house: House, args: readonly string[], folder: string, count: number): Promise<void> {
  const { command, args: all } = roostCommand(...args, "--config", house.config);
  const child = new Deno.Command(command, { args: all, stdin: "null", stdout: "null", stderr: "null" })
    .spawn();
  let ended = false;
  const status = child.status.finally(() => ended = true);
  while (!ended && countIn(folder) < count) await new Promise((done) => setTimeout(done, 2));
  if (!ended) child.kill("SIGKILL");
  await status;
}

function countIn(folder: string): number {
  try {
    return [...Deno.readDirSync(folder)].length;
  } catch (e) {
    if (e instanceof Deno.errors.NotFound) return 0;
    throw e;
  }
}

/** UID, time, flags and text of what lies in a Maildir, by its files. */
function contents(maildir: string): string[] {
  const uids = new Map<string, string>();
  for (const line of Deno.readTextFileSync(`${maildir}/dovecot-uidlist`).split("\n").slice(1)) {
    const m = /^(\d+) :([^,]+)/.exec(line);
    if (m?.[1] && m[2]) uids.set(m[2], m[1]);
  }
  return [...Deno.readDirSync(`${maildir}/cur`)].map(({ name }) => {
    const [base = "", flags = ""] = name.split(":2,");
    const path = `${maildir}/cur/${name}`;
    const subject = Deno.readTextFileSync(path).slice(0, 13).split("\r")[0];
    return `${uids.get(base.replace(/,.*/, ""))} ${Deno.statSync(path).mtime?.getTime()} ${flags} ${subject}`;
  }).sort();
}

Deno.test("an import that is killed again and again ends with each message once, under its UID", async () => {
  const h = await house();
  try {
    const args = ["import", "maildir", `${h.dir}/old`, ACCOUNT];
    const mail = `${h.dir}/data/mail/example.test/alice`;
    for (const count of [1, 400, 900]) await killAt(h, args, `${mail}/cur`, count);
    const before = countIn(`${mail}/cur`);
    assert(before >= 1 && before < MESSAGES, `${before} were there`);
    const ran = await h.roost(...args, "--json");
    const report = JSON.parse(ran.out);
    assertEquals([ran.code, report.messages + report.already, report.already], [0, MESSAGES, before]);
    assertEquals(contents(mail), contents(`${h.dir}/old`));

    const out = ["export", "maildir", ACCOUNT, `${h.dir}/out`];
    await killAt(h, out, `${h.dir}/out/cur`, 300);
    assertEquals((await h.roost(...out)).code, 0);
    assertEquals(contents(`${h.dir}/out`), contents(`${h.dir}/old`));
  } finally {
    await Deno.remove(h.dir, { recursive: true });
  }
});

Deno.test("mbox files of an export killed in the middle come in whole", async () => {
  const h = await house();
  try {
    assertEquals((await h.roost("import", "maildir", `${h.dir}/old`, ACCOUNT)).code, 0);
    const out = ["export", "mbox", ACCOUNT, `${h.dir}/mbox`];
    await killAt(h, out, `${h.dir}/mbox`, 1);
    assertEquals((await h.roost(...out)).code, 0);
    assertEquals((await h.roost("user", "add", "bob@example.test", "--password-stdin")).code, 0);
    const args = ["import", "mbox", `${h.dir}/mbox`, "bob@example.test"];
    const mail = `${h.dir}/data/mail/example.test/bob`;
    await killAt(h, args, `${mail}/cur`, 200);
    assertEquals((await h.roost(...args)).code, 0);
    const withoutUids = (lines: string[]) => lines.map((l) => l.replace(/^\S+ /, "")).sort();
    assertEquals(withoutUids(contents(mail)), withoutUids(contents(`${h.dir}/old`)));
  } finally {
    await Deno.remove(h.dir, { recursive: true });
  }
});

Deno.test("an import beside a running server: who has the folder open sees each message once, mail goes on coming in", async () => {
  const h = await house();
  await using roost = await RoostProcess.start();
  try {
    const imap = await RawClient.connect("127.0.0.1", roost.ports.imap);
    await imap.line();
    const run = async (command: string) => {
      await imap.say(`a ${command}\r\n`);
      return await imap.tagged("a");
    };
    await run(`LOGIN ${ACCOUNT} secret-alice`);
    await run("SELECT INBOX");
    const importing = runRoost(["import", "maildir", `${h.dir}/old`, ACCOUNT, "--config", roost.config]);
    const late: string[] = [];
    for (let i = 0; i < 20; i++) {
      const answer = await run(`APPEND INBOX {17+}\r\nSubject: late\r\n\r\n`);
      late.push(/APPENDUID \d+ (\d+)/.exec(answer.at(-1) ?? "")?.[1] ?? "none");
      await run("NOOP");
    }
    const ran = await importing;
    assertEquals([ran.code, ran.err], [0, ""], ran.out);
    await run("NOOP");
    const uids = (await run("UID SEARCH ALL")).find((l) => l.startsWith("* SEARCH"))?.split(" ").slice(2) ??
      [];
    assertEquals(new Set(uids).size, uids.length);
    const others = await run("STATUS INBOX (MESSAGES)");
    assert(others.some((l) => l.includes(`(MESSAGES ${MESSAGES + 20})`)), others.join("\n"));
    assertEquals(uids.length, MESSAGES + 20);
    assert(late.every((uid) => uids.includes(uid)), `${late} among ${uids.length}`);
    imap.conn.close();
  } finally {
    await Deno.remove(h.dir, { recursive: true });
  }
});

Deno.test("odd files cost themselves, and are told", async () => {
  const h = await house();
  try {
    const old = `${h.dir}/odd`;
    await Deno.mkdir(`${old}/cur`, { recursive: true });
    const good = [
      "no-time",
      "with space:2,",
      `${"l".repeat(240)}:2,S`,
      "höst:2,",
      "a,b,S=9,W=1:2,ZZ",
      "bell\u0007:2,",
    ];
    for (const name of good) Deno.writeTextFileSync(`${old}/cur/${name}`, `Subject: ${name}\n\nx\n`);
    Deno.writeTextFileSync(`${old}/cur/empty:2,`, "");
    Deno.symlinkSync("/etc/passwd", `${old}/cur/link:2,`);
    Deno.symlinkSync("/", `${old}/.Linked`);
    assert((await new Deno.Command("mkfifo", { args: [`${old}/cur/pipe:2,`] }).output()).success);
    Deno.writeTextFileSync(`${old}/dovecot-keywords`, "zz \xff\n0\n0 $A\n");
    for (const fresh of [good.length, 0]) {
      const ran = await h.roost("import", "maildir", old, ACCOUNT, "--json");
      const report = JSON.parse(ran.out);
      assertEquals([ran.code, report.messages, report.messages + report.already], [1, fresh, good.length]);
      const lost = report.losses.map((l: { what: string; why: string }) => `${l.what} ${l.why}`).sort();
      assertEquals(lost, ["cur/empty:2, is empty", "cur/link:2, is a link", "cur/pipe:2, is no file"]);
    }
  } finally {
    await Deno.remove(h.dir, { recursive: true });
  }
});
