import { assert, assertEquals, assertMatch } from "../../support/assert.ts";
import { Machine } from "../../support/command.ts";
import { utf8 } from "../../../mod/base/bytes.ts";

const MAIL = "/home/data/mail/example.test/you";
const FROM = "From a@b.test Sun Nov 22 10:00:00 2026\n";

async function machine(files: Record<string, string>): Promise<Machine> {
  const m = new Machine();
  assertEquals(
    (await m.run(["user", "add", "you@example.test", "--password-stdin"], "secret-word\n")).code,
    0,
  );
  for (const [path, text] of Object.entries(files)) {
    await m.fs.makeDir(path.slice(0, path.lastIndexOf("/")));
    await m.fs.createWith(path, [utf8(text)]);
  }
  return m;
}

Deno.test("import maildir takes over all, subscriptions too, and tells so; again, nothing is doubled", async () => {
  const m = await machine({
    "/old/cur/1.a:2,S": "one",
    "/old/.Work.2026/cur/2.b:2,": "two",
    "/old/subscriptions": "V\t2\n\nWork\t2026\n",
    "/old/dovecot-uidlist": "3 V9 N20\n5 :1.a\n",
    "/old/roost-special-use": "Archive\tWork.2026\n",
  });
  const ran = await m.run(["import", "maildir", "/old", "you"]);
  assertEquals([ran.code, ran.err, ran.out], [0, "", "2 messages imported in 2 folders, 6 octets"]);
  assertMatch(await m.text(`${MAIL}/dovecot-uidlist`), /^3 V9 N20 G[0-9a-f]{32}\n5 :1.a,S=3,W=3\n$/);
  assertEquals(await m.text(`${MAIL}/subscriptions`), "V\t2\n\nWork\t2026\n");
  assertEquals(await m.text(`${MAIL}/roost-special-use`), "Archive\tWork.2026\n");
  const again = await m.run(["import", "maildir", "../old", "you@example.test", "--json"]);
  const report = JSON.parse(again.out);
  assertEquals([report.messages, report.already, report.lost, report.account], [0, 2, 0, "you@example.test"]);
});

Deno.test("import mbox puts a file where it is told to, and tells what is lost with exit 1", async () => {
  const m = await machine({ "/home/box": `junk\n\n${FROM}Status: RO\nSubject: x\n\nx\n\n` });
  const ran = await m.run(["import", "mbox", "box", "you", "--folder", "Old/Mail"]);
  assertEquals(ran.code, 1);
  assertMatch(
    ran.out,
    /^1 messages imported in 1 folders.*\n1 NOT imported:\n {2}INBOX: 6 octets at the beginning/,
  );
  assertEquals(m.fs.tree(`${MAIL}/.Old.Mail/cur`).length, 1);
});

Deno.test("import shows a bar on a terminal only", async () => {
  const m = await machine({ "/old/cur/1.a:2,S": "one" });
  m.isTerminal = true;
  assertEquals((await m.run(["import", "maildir", "/old", "you"])).code, 0);
  assertMatch(m.statuses[0] ?? "", /^import \[#{30}\]100% 0 messages$|^import \[\.{30}\] {2}0% 0 messages$/);
  assertEquals(m.statuses.at(-1), "");
});

Deno.test("import says what is wrong with a call", async () => {
  const m = await machine({ "/old/cur/1.a:2,S": "one", "/home/text": "no mbox" });
  for (
    const [args, code, why] of [
      [["import"], 2, "needs one of maildir, mbox, imap"],
      [["import", "maildir"], 2, "from where"],
      [["import", "maildir", "/old"], 2, "which account"],
      [["import", "maildir", "/old", "nobody"], 1, "there is no account"],
      [["import", "maildir", "/home", "you"], 1, "is no Maildir"],
      [["import", "maildir", "/old", "you", "--folder", "Sent"], 1, "has no folder Sent; there are: INBOX"],
      [["import", "maildir", "/old", "you", "--folder", "a//b"], 2, "is no name of a folder"],
      [["import", "mbox", "/nowhere", "you"], 1, "there is no mbox file"],
    ] as const
  ) {
    const ran = await m.run([...args]);
    assertEquals(ran.code, code, args.join(" "));
    assert(ran.err.includes(why), ran.err);
  }
});
