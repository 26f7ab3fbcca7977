import { utf8 } from "../../mod/base/bytes.ts";
import { readManifest } from "../../mod/backup/manifest.ts";
import { makeSnapshot, type SnapshotPlan } from "../../mod/backup/snapshot.ts";
import { listSnapshots } from "../../mod/backup/snapshots.ts";
import { Verification, verifySnapshot } from "../../mod/backup/verify.ts";
import { assert, assertEquals } from "../support/assert.ts";
import { everyCrash } from "../support/every_crash.ts";
import { FakeClock } from "../support/fake_clock.ts";
import { MemFs } from "../support/mem_fs.ts";

const BOX = "/d/mail/e.test/you";
const FILES = {
  "/etc/roost.yaml": "hostname: x\n",
  "/d/accounts.yaml": "accounts",
  "/d/control.token": "secret",
  "/d/keys/dkim/e.test/a.pem": "key",
  "/d/index/e.test/you.sqlite": "cache",
  "/d/log/trace.sqlite": "trace",
  "/d/queue/1-a.mail": "mail 1",
  "/d/queue/1-a.state": "state 1",
  "/d/queue/2-b.tmp": "half",
  [`${BOX}/cur/1.a:2,S`]: "one",
  [`${BOX}/new/2.b`]: "two",
  [`${BOX}/tmp/3.c`]: "half",
  [`${BOX}/dovecot-uidlist`]: "3 V9 N3\n",
  [`${BOX}/dovecot-uidlist.lock`]: "lock",
  [`${BOX}/maildirsize`]: "count",
  [`${BOX}/.Sent/cur/4.d:2,`]: "four",
};

function plan(): SnapshotPlan {
  return {
    data: "/d",
    mail: "/d/mail",
    config: "/etc/roost.yaml",
    hostname: "mail.test",
    to: "/b",
    progress() {},
  };
}

function disk(): { fs: MemFs; clock: FakeClock } {
  const clock = new FakeClock();
  return { fs: new MemFs({ clock, files: FILES }), clock };
}

async function paths(fs: MemFs, name: string): Promise<string[]> {
  const manifest = await readManifest(fs, `/b/${name}`);
  assert(manifest.ok, JSON.stringify(manifest));
  return [...manifest.value.files.keys()];
}

const WHOLE = [
  "config/roost.yaml",
  "data/accounts.yaml",
  "data/keys/dkim/e.test/a.pem",
  "data/mail/e.test/you/.Sent/cur/4.d:2,",
  "data/mail/e.test/you/cur/1.a:2,S",
  "data/mail/e.test/you/dovecot-uidlist",
  "data/mail/e.test/you/new/2.b",
  "data/queue/1-a.mail",
  "data/queue/1-a.state",
];

Deno.test("a snapshot has mail that lies elsewhere in its place", async () => {
  const clock = new FakeClock();
  const moved = Object.entries(FILES).map(([path, text]) => [path.replace("/d/mail", "/usb/post"), text]);
  const fs = new MemFs({ clock, files: Object.fromEntries(moved) });
  fs.symlink("/usb/post", "/d/mail");
  const { name, skipped } = await makeSnapshot({ fs, clock }, { ...plan(), mail: "/usb/post" });
  assertEquals([await paths(fs, name), skipped], [WHOLE, []]);
});

Deno.test("a snapshot has all that matters, and its manifest is right", async () => {
  const ports = disk();
  const report = await makeSnapshot(ports, plan());
  assertEquals(await paths(ports.fs, report.name), WHOLE);
  assertEquals([report.files, report.linked, report.skipped], [WHOLE.length, 0, []]);
  const seen = new Verification();
  await verifySnapshot(ports.fs, `/b/${report.name}`, seen);
  assertEquals([seen.files, seen.findings], [WHOLE.length, []]);
  assertEquals(
    new TextDecoder().decode(await ports.fs.readFile("/b/latest", 99) ?? utf8("")),
    `${report.name}\n`,
  );
});

Deno.test("names of snapshots go up, also where the clock was years ahead before", async () => {
  const { fs, clock } = disk();
  const first = await makeSnapshot({ fs, clock }, plan());
  await fs.rename(`/b/${first.name}`, "/b/2099-12-31T235959Z");
  assertEquals((await makeSnapshot({ fs, clock }, plan())).name, "2100-01-01T000000Z");
});

Deno.test("links in DATA are left out, and told", async () => {
  const { fs, clock } = disk();
  fs.symlink("/etc/passwd", "/d/keys/link");
  assertEquals((await makeSnapshot({ fs, clock }, plan())).skipped, ["keys/link"]);
});

Deno.test("the next snapshot links what it has, also under other flags, and copies what is new", async () => {
  const { fs, clock } = disk();
  const first = await makeSnapshot({ fs, clock }, plan());
  await fs.rename(`${BOX}/cur/1.a:2,S`, `${BOX}/cur/1.a:2,FS`);
  await fs.createWith(`${BOX}/new/5.e`, [utf8("five")]);
  await fs.remove(`${BOX}/new/2.b`);
  const second = await makeSnapshot({ fs, clock }, plan());
  assert(second.name > first.name);
  assertEquals(second.linked, 2);
  const inode = (name: string, file: string) =>
    fs.statSync(`/b/${name}/data/mail/e.test/you/cur/${file}`)?.inode;
  assertEquals(inode(first.name, "1.a:2,S"), inode(second.name, "1.a:2,FS"));
  assertEquals((await paths(fs, second.name)).filter((p) => /you\/(?:cur|new)/.test(p)), [
    "data/mail/e.test/you/cur/1.a:2,FS",
    "data/mail/e.test/you/new/5.e",
  ]);
  assertEquals(await paths(fs, first.name), WHOLE);
});

Deno.test("a message that is moved, or sent, while the snapshot is made is there or not, as it must", async () => {
  const { fs, clock } = disk();
  let moved = false;
  const moving = new Proxy(fs, {
    get(target, key) {
      if (key === "list") {
        return async (path: string) => {
          const list = await target.list(path);
          // INBOX was listed, .Sent is next: its message goes to INBOX, under another name as IMAP's MOVE has it.
          if (path === `${BOX}/.Sent/new` || (path === `${BOX}/.Sent/cur` && !moved)) {
            if (!moved) {
              moved = true;
              await target.rename(`${BOX}/.Sent/cur/4.d:2,`, `${BOX}/cur/9.moved:2,`);
              await target.remove("/d/queue/1-a.mail");
              await target.remove("/d/queue/1-a.state");
            }
          }
          return list;
        };
      }
      const value = Reflect.get(target, key);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
  const { name } = await makeSnapshot({ fs: moving, clock }, plan());
  const there = await paths(fs, name);
  assert(there.includes("data/mail/e.test/you/cur/9.moved:2,"), there.join("\n"));
  assert(!there.some((p) => p.includes("4.d") || p.includes("queue")), there.join("\n"));
});

Deno.test("wherever the power is cut, what looks like a snapshot is a whole one, and the next can be made", async () => {
  const make = () => disk().fs;
  await everyCrash(async (fs, acknowledge) => {
    acknowledge((await makeSnapshot({ fs, clock: new FakeClock() }, plan())).name);
  }, async (fs, names) => {
    const there = await listSnapshots(fs, "/b");
    for (const name of names) assert(there.includes(String(name)));
    for (const name of there) {
      const seen = new Verification();
      await verifySnapshot(fs, `/b/${name}`, seen);
      assertEquals(seen.findings, []);
      assertEquals(await paths(fs, name), WHOLE);
    }
    const next = await makeSnapshot({ fs, clock: new FakeClock() }, plan());
    assertEquals(await paths(fs, next.name), WHOLE);
    assert(!(await fs.list("/b")).some((e) => e.name.startsWith(".unfinished")));
  }, { make, seeds: 1 });
});
