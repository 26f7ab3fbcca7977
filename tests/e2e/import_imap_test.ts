/** Mail comes from another IMAP server, by the real process, killed in the middle. */
import { assert, assertEquals } from "../support/assert.ts";
import { RawClient } from "../support/raw_client.ts";
import { roostCommand, RoostProcess, runRoost } from "../support/roost_process.ts";

const MESSAGES = 600;

async function loggedIn(roost: RoostProcess, user: string) {
  const imap = await RawClient.connect("127.0.0.1", roost.ports.imap);
  await imap.line();
  const run = async (command: string) => {
    await imap.say(`a ${command}\r\n`);
    return await imap.tagged("a");
  };
  assert((await run(`LOGIN ${user}@example.test secret-${user}`)).at(-1)?.startsWith("a OK"));
  return { run, close: () => imap.conn.close() };
}

Deno.test("import imap brings folders, flags, dates and UIDs, resumed after a kill, by TLS only", async () => {
  await using roost = await RoostProcess.start();
  const dir = await Deno.makeTempDir({ prefix: "roost-imap-" });
  try {
    // The other server: alice's account of this one.
    const there = await loggedIn(roost, "alice");
    for (let i = 0; i < 3; i++) {
      await there.run(
        `APPEND INBOX (\\Flagged work) "22-Nov-2020 10:00:00 +0100" {17+}\r\nSubject: ${i}\r\n\r\nx\r\n`,
      );
    }
    await there.run("SELECT INBOX");
    await there.run("STORE 2 +FLAGS (\\Deleted)");
    await there.run("EXPUNGE");
    await there.run("CREATE Many");
    await there.run("SUBSCRIBE Many");
    const maildir = `${roost.maildir("alice@example.test")}/.Many`;
    const large = "y".repeat(78).concat("\r\n").repeat(40_000);
    for (let i = 0; i < MESSAGES; i++) {
      Deno.writeTextFileSync(
        `${maildir}/cur/${1600000000 + i}.M${i}P1.x:2,S`,
        `Subject: ${i}\r\n\r\n${i === 5 ? large : "x".repeat(5000)}\r\n`,
      );
    }

    const config = `${dir}/roost.yaml`;
    await Deno.writeTextFile(
      config,
      'hostname: mail.example.test\ndata: data\nlisten: { smtp: ["127.0.0.1:1"] }\ndomains: { example.test: {} }\n',
    );
    const roostHere = (args: string[], stdin: string) => runRoost([...args, "--config", config], { stdin });
    assertEquals(
      (await roostHere(["user", "add", "new@example.test", "--password-stdin"], "secret-word\n")).code,
      0,
    );
    const url = `imap://alice%40example.test@127.0.0.1:${roost.ports.imap}`;
    const args = ["import", "imap", url, "new@example.test", "--password-stdin", "--json"];
    const untrusted = await roostHere(args, "secret-alice\n");
    assertEquals([untrusted.code, untrusted.err.includes("--any-certificate")], [1, true], untrusted.err);
    args.push("--any-certificate");
    const wrong = await roostHere(args, "wrong\n");
    assertEquals([wrong.code, wrong.err.includes("refused")], [1, true], wrong.err);

    const { command, args: all } = roostCommand(...args, "--config", config);
    const child = new Deno.Command(command, { args: all, stdin: "piped", stdout: "null", stderr: "null" })
      .spawn();
    const writer = child.stdin.getWriter();
    await writer.write(new TextEncoder().encode("secret-alice\n"));
    await writer.close();
    const cur = `${dir}/data/mail/example.test/new/.Many/cur`;
    for (;;) {
      const n = await Array.fromAsync(Deno.readDir(cur)).then((e) => e.length, () => 0);
      if (n >= 100) break;
      await new Promise((done) => setTimeout(done, 3));
    }
    child.kill("SIGKILL");
    await child.status;

    const ran = await roostHere(args, "secret-alice\n");
    const report = JSON.parse(ran.out);
    assertEquals([ran.code, ran.err, report.lost], [0, "", 0]);
    assertEquals([report.messages + report.already, report.already > 100], [MESSAGES + 2, true]);

    const list = await Deno.readTextFile(`${dir}/data/mail/example.test/new/dovecot-uidlist`);
    assertEquals(list.split("\n").slice(1).map((l) => l.split(" ")[0]), ["1", "3", ""]);
    const status = (await there.run("STATUS INBOX (UIDVALIDITY UIDNEXT)")).join(" ");
    assert(
      status.includes(`UIDVALIDITY ${/V(\d+)/.exec(list)?.[1]}`) && status.includes("UIDNEXT 4"),
      status,
    );
    const files = [...Deno.readDirSync(`${dir}/data/mail/example.test/new/cur`)].map((e) => e.name);
    assert(files.every((f) => f.endsWith(":2,Fa")), files.join());
    assertEquals(
      Deno.statSync(`${dir}/data/mail/example.test/new/cur/${files[0]}`).mtime?.getTime(),
      Date.UTC(2020, 10, 22, 9),
    );
    const sizes = [...Deno.readDirSync(cur)].map((e) => Number(/S=(\d+)/.exec(e.name)?.[1]));
    assertEquals([sizes.length, Math.max(...sizes)], [MESSAGES, large.length + 16]);
    assert((await Deno.readTextFile(`${dir}/data/mail/example.test/new/subscriptions`)).includes("Many"));
    await there.close();
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});
