/** Data and mail that lie on other disks, by links: all works, and links that users make in their Maildir lead nowhere. */
import { assertEquals, assertMatch } from "../support/assert.ts";
import { connectTo } from "../support/hostile.ts";
import { RoostProcess } from "../support/roost_process.ts";

const ALICE = "alice@example.test";

async function subjects(roost: RoostProcess): Promise<string[]> {
  const imap = await connectTo(roost, "imap");
  await imap.line();
  await imap.say(
    `a LOGIN ${ALICE} secret-alice\r\nl LIST "" *\r\nb SELECT INBOX\r\nc FETCH 1:* BODY.PEEK[HEADER.FIELDS (SUBJECT)]\r\n`,
  );
  assertEquals((await imap.tagged("l")).filter((line) => line.includes("Planted")), []);
  await imap.tagged("b");
  const lines = await imap.tagged("c");
  imap.close();
  return lines.map((l) => /^Subject: (.*)$/.exec(l)?.[1]).filter((s) => s !== undefined).sort();
}

async function deliver(roost: RoostProcess, subject: string): Promise<void> {
  const lmtp = await connectTo(roost, "lmtp");
  await lmtp.reply();
  await lmtp.say(`LHLO x\r\nMAIL FROM:<a@b.test>\r\nRCPT TO:<${ALICE}>\r\nDATA\r\n`);
  for (let i = 0; i < 4; i++) await lmtp.reply();
  await lmtp.say(`Subject: ${subject}\r\n\r\nx\r\n.\r\n`);
  assertMatch(await lmtp.reply(), /^250/);
  lmtp.close();
}

async function verb(roost: RoostProcess, ...args: string[]): Promise<string> {
  const { code, out, err } = await roost.verb(...args);
  assertEquals([code, err], [0, ""], args.join(" "));
  return out;
}

Deno.test("data and mail may be links to other disks, and what users link in their Maildir is not followed", async () => {
  await using roost = await RoostProcess.start();
  const { dir } = roost;
  await deliver(roost, "before");
  await roost.stop();
  await Deno.mkdir(`${dir}/usb`);
  await Deno.rename(`${dir}/data`, `${dir}/big`);
  await Deno.rename(`${dir}/big/mail`, `${dir}/usb/post`);
  await Deno.symlink(`${dir}/big`, `${dir}/data`);
  await Deno.symlink("../usb/post", `${dir}/big/mail`);
  const maildir = `${dir}/usb/post/example.test/alice`;
  await Deno.symlink(`${dir}/usb/post`, `${maildir}/.Planted`);
  await Deno.symlink(`${dir}/big/accounts.yaml`, `${maildir}/cur/1600000000.M1P1.x:2,S`);

  await roost.launch();
  await deliver(roost, "after");
  assertEquals(await subjects(roost), ["after", "before"]);
  await Deno.writeTextFile(`${dir}/box`, "From a Thu Jan  1 00:00:00 2026\nSubject: imported\n\nx\n");
  await verb(roost, "import", "mbox", `${dir}/box`, ALICE);
  assertEquals(await subjects(roost), ["after", "before", "imported"]);
  await verb(roost, "backup", `${dir}/backup`);
  await verb(roost, "verify", `${dir}/backup`);
  assertMatch((await roost.verb("export", "mbox", ALICE, `${dir}/out`)).out, /1600000000.*is a link/);
  assertMatch(await Deno.readTextFile(`${dir}/out/INBOX.mbox`), /imported/);
  // Each disk has its line.
  assertMatch((await roost.verb("check", "--offline")).out, /disk: \S+\/usb\/post: .* free of /);
  assertMatch((await roost.verb("backup", `${dir}/usb/post/b`)).err, /is what is backed up/);

  // Everything back from the snapshot, to a disk that is new.
  await roost.stop();
  await Deno.remove(`${dir}/usb/post`, { recursive: true });
  assertMatch(
    (await roost.verb("restore", `${dir}/backup`)).err,
    /link to a folder that is not there; is its disk mounted/,
  );
  await Deno.mkdir(`${dir}/usb/post`);
  await verb(roost, "restore", `${dir}/backup`, "--into-existing-data");
  await roost.launch();
  assertEquals(await subjects(roost), ["after", "before", "imported"]);

  await Deno.remove(`${dir}/big/mail`);
  await Deno.symlink(`${dir}/big`, `${dir}/big/mail`);
  assertMatch((await roost.verb("reload")).err, /data can only change with a restart/);
});
