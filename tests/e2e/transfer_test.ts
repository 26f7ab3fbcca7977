/** Import and export by the real process, killed in the middle and run again. */
import { assert, assertEquals } from "../support/assert.ts";
import { roostCommand, runRoost } from "../support/roost_process.ts";

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
