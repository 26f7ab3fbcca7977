import { utf8 } from "../../../mod/base/bytes.ts";
import { assert, assertEquals } from "../../support/assert.ts";
import { Machine } from "../../support/command.ts";

const MAIL = "/home/data/mail/example.test/you";

async function machine(): Promise<Machine> {
  const m = new Machine();
  for (const name of ["you", "new"]) {
    await m.run(["user", "add", `${name}@example.test`, "--password-stdin"], "secret-word\n");
  }
  for (const path of ["cur/x", ".Work.2026/cur/x"]) {
    const whole = `${MAIL}/${path}`;
    await m.fs.makeDir(whole.slice(0, whole.lastIndexOf("/")));
    await m.fs.createWith(whole, [utf8("x")]);
  }
  return m;
}

Deno.test("acl gives, lists and takes rights, in words or letters", async () => {
  const m = await machine();
  const run = async (...args: string[]) => {
    const ran = await m.run(["acl", ...args]);
    return ran.code === 0 ? ran.out.trimEnd() : `${ran.code} ${ran.err}`;
  };
  assertEquals(await run("list", "you"), "you@example.test shares nothing");
  assertEquals(await run("list", "new"), "new@example.test shares nothing");
  const told = "done; others find it as shared.you@example^test.Work.2026";
  assertEquals(await run("give", "you", "Work/2026", "new", "read"), told);
  assertEquals(await m.text(`${MAIL}/.Work.2026/dovecot-acl`), "user=new@example.test lrs\n");
  await run("give", "you", "Work.2026", "new@example.test", "write");
  await run("give", "you", "inbox", "anyone", "lk");
  assertEquals((await run("list", "you")).split("\n").map((l) => l.split(/ +/)), [
    ["FOLDER", "WHO", "RIGHTS"],
    ["INBOX", "anyone", "lk"],
    ["Work.2026", "new@example.test", "lrwstie"],
  ]);
  assertEquals(JSON.parse(await run("list", "you", "--json"))[0], {
    folder: "INBOX",
    who: "anyone",
    rights: "lk",
  });
  await run("take", "you", "Work/2026", "new");
  await run("take", "you", "Work/2026", "gone");
  assertEquals(await m.text(`${MAIL}/.Work.2026/dovecot-acl`), "");
  assert(!m.fs.tree(MAIL).some((p) => p.endsWith(".lock")), "locks stay behind");
});

Deno.test("acl says what is wrong with a call", async () => {
  const m = await machine();
  for (
    const [args, code, why] of [
      [[], 2, "acl needs one of list, give, take"],
      [["list"], 2, "acl list ACCOUNT"],
      [["give", "you", "INBOX", "new"], 2, "FOLDER WHO RIGHTS"],
      [["take", "you", "INBOX", "new", "lr"], 2, "acl take ACCOUNT"],
      [["give", "nobody", "INBOX", "new", "lr"], 1, "there is no account nobody@example.test"],
      [["give", "you", "INBOX", "nobody", "lr"], 1, "there is no account nobody@example.test"],
      [["give", "you", "INBOX", "you", "lr"], 2, "owns it"],
      [["give", "you", "None", "new", "lr"], 1, "has no folder None"],
      [["give", "you", "a//b", "new", "lr"], 2, "is no name of a folder"],
      [["give", "you", "INBOX", "new", "lrq"], 2, "are no rights"],
      [["give", "you", "INBOX", "new", ""], 2, "are no rights"],
    ] as const
  ) {
    const ran = await m.run(["acl", ...args]);
    assertEquals([ran.code, ran.err.includes(why)], [code, true], `${args.join(" ")}: ${ran.err}`);
  }
  assertEquals(m.fs.statSync(`${MAIL}/dovecot-acl`), null);
});
