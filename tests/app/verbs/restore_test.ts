import { utf8 } from "../../../mod/base/bytes.ts";
import { assert, assertEquals, assertMatch } from "../../support/assert.ts";
import { Machine } from "../../support/command.ts";

const MAIL = "/home/data/mail/example.test/you";
const MESSAGE = "Message-ID: <one@x>\r\n\r\none\r\n";

/** A machine with an account, its mail and one snapshot of it. */
async function machine(): Promise<Machine> {
  const m = new Machine();
  await m.run(["user", "add", "you@example.test", "--password-stdin"], "secret-word\n");
  for (
    const [path, text] of Object.entries({
      "mail/example.test/you/cur/1.a:2,S": MESSAGE,
      "mail/example.test/you/.Work/cur/2.b:2,F": "Subject: work\r\n\r\ntwo\r\n",
      "mail/example.test/you/dovecot-uidlist": "3 V9 N8 G0123456789abcdef0123456789abcdef\n7 :1.a\n",
      "mail/example.test/you/subscriptions": "V\t2\n\nWork\n",
      "queue/1-a.mail": "mail",
      "queue/1-a.state": "state",
    })
  ) {
    const whole = `/home/data/${path}`;
    await m.fs.makeDir(whole.slice(0, whole.lastIndexOf("/")));
    await m.fs.createWith(whole, [utf8(text)]);
  }
  assertEquals((await m.run(["backup", "/b"])).code, 0);
  return m;
}

async function wipe(m: Machine, path: string): Promise<void> {
  for (const { name, kind } of await m.fs.list(path)) {
    if (kind === "dir") await wipe(m, `${path}/${name}`);
    else await m.fs.remove(`${path}/${name}`);
  }
  await m.fs.removeDir(path);
}

Deno.test("restore brings everything back into empty data, UIDs kept", async () => {
  const m = await machine();
  const accounts = await m.text("/home/data/accounts.yaml");
  await wipe(m, "/home/data");
  const ran = await m.run(["restore", "/b", "--json"]);
  assertEquals([ran.code, ran.err], [0, ""]);
  assertEquals(JSON.parse(ran.out).messages, 2);
  assertEquals(await m.text("/home/data/accounts.yaml"), accounts);
  assertEquals(await m.text("/home/data/queue/1-a.mail"), "mail");
  assertMatch(await m.text(`${MAIL}/dovecot-uidlist`), /^3 V9 N8 G\w+\n7 :1\.a,S=28,W=28\n$/);
  assertEquals(await m.text(`${MAIL}/subscriptions`), "V\t2\n\nWork\n");
  await wipe(m, "/home/data");
  assertEquals((await m.run(["restore", "/b", "--without-queue"])).code, 0);
  assert(m.fs.statSync("/home/data/queue") === null);
});

Deno.test("restore refuses data that is there or in use, unless told to add to it", async () => {
  const m = await machine();
  const full = await m.run(["restore", "/b"]);
  assertEquals([full.code, full.err.includes("--into-existing-data")], [1, true]);
  await m.fs.remove(`${MAIL}/cur/1.a:2,S`);
  const added = await m.run(["restore", "/b", "--into-existing-data", "--json"]);
  assertEquals([added.code, JSON.parse(added.out).messages, JSON.parse(added.out).already], [0, 1, 1]);
  await m.startServer();
  const running = await m.run(["restore", "/b", "--into-existing-data"]);
  assertEquals([running.code, running.err.includes("the server runs")], [1, true]);
});

Deno.test("restore brings back an account, a folder, or one message, beside what is there", async () => {
  const m = await machine();
  await m.fs.remove(`${MAIL}/cur/1.a:2,S`);
  await m.fs.remove(`${MAIL}/.Work/cur/2.b:2,F`);
  const one = await m.run(["restore", "/b", "--account", "you", "--message", "<one@x>", "--json"]);
  assertEquals([one.code, JSON.parse(one.out).messages], [0, 1]);
  // It has given out UID 7 for that message before.
  assertMatch(await m.text(`${MAIL}/dovecot-uidlist`), /\n8 :1\.a,S=28,W=28\n$/);
  assertEquals((await m.fs.list(`${MAIL}/.Work/cur`)).length, 0);
  const folder = await m.run(["restore", "/b", "--account", "you", "--folder", "Work", "--json"]);
  assertEquals([folder.code, JSON.parse(folder.out).messages], [0, 1]);
  const all = await m.run(["restore", "/b", "--account", "you", "--json"]);
  assertEquals([all.code, JSON.parse(all.out).messages, JSON.parse(all.out).already], [0, 0, 2]);
});

Deno.test("restore chooses the snapshot by date, and finds a message in older ones", async () => {
  const m = await machine();
  const first = (await m.text("/b/latest")).trim();
  await m.fs.remove(`${MAIL}/cur/1.a:2,S`);
  await m.clock.advance(86_400_000 * 3);
  await m.run(["backup", "/b"]);
  const second = (await m.text("/b/latest")).trim();
  assert(second > first);
  const run = async (...args: string[]) =>
    (await m.run(["restore", "/b", "--account", "you", ...args])).out.split("\n")[0];
  assertEquals(await run(), `from /b/${second}`);
  const between = new Date(m.clock.now() - 86_400_000).toISOString().replace(/\.\d+Z/, "Z");
  assertEquals(await run("--before", between), `from /b/${first}`);
  assertEquals(await run("--message", "one@x"), `from /b/${first}`);
  const none = await m.run(["restore", "/b", "--account", "you", "--message", "never@x"]);
  assertEquals([none.code, none.err.includes("no snapshot has a message")], [1, true]);
});

Deno.test("restore tells what is damaged in the snapshot", async () => {
  const m = await machine();
  const dir = `/b/${(await m.text("/b/latest")).trim()}/data/mail/example.test/you`;
  await m.fs.remove(`${dir}/cur/1.a:2,S`);
  await m.fs.createWith(`${dir}/cur/1.a:2,S`, [utf8("other octets")]);
  await m.fs.remove(`${MAIL}/cur/1.a:2,S`);
  const ran = await m.run(["restore", "/b", "--account", "you"]);
  assertEquals([ran.code, ran.out.includes("is not what was backed up")], [1, true]);
  const verified = await m.run(["verify", "/b"]);
  assertEquals([verified.code, verified.out.includes("has 12 octets, not 28")], [1, true]);
});

Deno.test("restore says what is wrong with a call", async () => {
  const m = await machine();
  for (
    const [args, code, why] of [
      [["restore"], 2, "restore from where"],
      [["restore", "/b", "--folder", "Work"], 2, "--folder needs --account"],
      [["restore", "/b", "--message", "x"], 2, "--message needs --account"],
      [["restore", "/b", "--before", "yesterday"], 2, "is no date"],
      [["restore", "/b", "--before", "1999-01-01"], 1, "has no finished snapshot from before 1999-01-01"],
      [["restore", "/none"], 1, "has no finished snapshot"],
      [["restore", "/b", "--account", "other"], 1, "has no mail of other@example.test"],
      [["restore", "/b", "--account", "you", "--folder", "None"], 1, "has no folder None"],
    ] as const
  ) {
    const ran = await m.run([...args]);
    assertEquals(ran.code, code, args.join(" "));
    assert(ran.err.includes(why), ran.err);
  }
});
