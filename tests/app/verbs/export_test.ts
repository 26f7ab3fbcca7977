import { assert, assertEquals } from "../../support/assert.ts";
import { Machine } from "../../support/command.ts";
import { utf8 } from "../../../mod/base/bytes.ts";

const MAIL = "/home/data/mail/example.test/you";

async function machine(): Promise<Machine> {
  const m = new Machine();
  await m.run(["user", "add", "you@example.test", "--password-stdin"], "secret-word\n");
  await m.run(["user", "add", "new@example.test", "--password-stdin"], "secret-word\n");
  for (
    const [path, text] of Object.entries({
      "cur/1.a,S=3,W=3:2,Sa": "one",
      ".Work/cur/2.b,S=3,W=3:2,": "two",
      "dovecot-uidlist": "3 V9 N20 G0123456789abcdef0123456789abcdef\n5 :1.a,S=3,W=3\n",
      "dovecot-keywords": "0 $Forwarded\n",
      "subscriptions": "V\t2\n\nWork\n",
    })
  ) {
    const whole = `${MAIL}/${path}`;
    await m.fs.makeDir(whole.slice(0, whole.lastIndexOf("/")));
    await m.fs.createWith(whole, [utf8(text)]);
  }
  return m;
}

Deno.test("export maildir makes a Maildir with Dovecot's files; again, nothing is doubled", async () => {
  const m = await machine();
  for (const [fresh, there] of [[2, 0], [0, 2]]) {
    const ran = await m.run(["export", "maildir", "you", "/out/box", "--json"]);
    const report = JSON.parse(ran.out);
    assertEquals([ran.code, report.messages, report.already], [0, fresh, there]);
  }
  for (const file of ["dovecot-uidlist", "dovecot-keywords", "subscriptions", "cur/1.a,S=3,W=3:2,Sa"]) {
    assertEquals(await m.text(`/out/box/${file}`), await m.text(`${MAIL}/${file}`), file);
  }
  assert(
    !m.fs.tree("/out/box").some((p) => p.includes(".roost-") || p.endsWith(".lock")),
    "locks stay behind",
  );
});

Deno.test("export mbox makes a file for each folder, or for the one that is named", async () => {
  const m = await machine();
  const ran = await m.run(["export", "mbox", "you", "/out", "--folder", "work"]);
  assertEquals([ran.code, ran.err.includes("has no folder work")], [1, true]);
  assertEquals((await m.run(["export", "mbox", "you", "/out", "--folder", "Work"])).code, 0);
  assertEquals(m.fs.tree("/out").filter((p) => p.endsWith(".mbox")), ["/out/Work.mbox"]);
  assertEquals((await m.run(["export", "mbox", "you", "/out"])).code, 0);
  assertEquals(m.fs.tree("/out").filter((p) => p.endsWith(".mbox")), ["/out/INBOX.mbox", "/out/Work.mbox"]);
});

Deno.test("export says what is wrong with a call", async () => {
  const m = await machine();
  for (
    const [args, code, why] of [
      [["export"], 2, "needs one of maildir, mbox"],
      [["export", "mbox", "you"], 2, "export to where"],
      [["export", "mbox", "nobody", "/out"], 1, "there is no account"],
      [["export", "mbox", "new", "/out"], 1, "has no mail yet"],
      [["export", "maildir", "you", "data/mail/x"], 1, "is the server's own"],
    ] as const
  ) {
    const ran = await m.run([...args]);
    assertEquals(ran.code, code, args.join(" "));
    assert(ran.err.includes(why), ran.err);
  }
});
