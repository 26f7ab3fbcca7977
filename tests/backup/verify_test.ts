import { utf8 } from "../../mod/base/bytes.ts";
import { Verification, verifyMail, verifyQueue, verifySnapshot } from "../../mod/backup/verify.ts";
import { makeSnapshot } from "../../mod/backup/snapshot.ts";
import { assert, assertEquals } from "../support/assert.ts";
import { FakeClock } from "../support/fake_clock.ts";
import { MemFs } from "../support/mem_fs.ts";

const BOX = "/m/e.test/you";
const NOW = Date.UTC(2026, 10, 22);

async function mail(files: Record<string, string>, spoil: (fs: MemFs) => void = () => {}): Promise<string[]> {
  const fs = new MemFs({
    files: Object.fromEntries(Object.entries(files).map(([p, t]) => [`${BOX}/${p}`, t])),
    dirs: [`${BOX}/cur`, `${BOX}/new`, `${BOX}/tmp`],
  });
  spoil(fs);
  const seen = new Verification();
  await verifyMail(fs, "/m", NOW, seen);
  return seen.findings.map((f) => `${f.grade} ${f.where.slice(BOX.length + 1)} ${f.what}`);
}

Deno.test("good mail has no findings", async () => {
  assertEquals(
    await mail({
      "cur/1.a,S=4,W=5:2,S": "abc\n",
      "new/2.b": "two",
      "dovecot-uidlist": "3 V1 N3\n1 :1.a,S=4,W=5\n2 :2.b\n7 :gone\n",
      ".Sent/cur/3.c,S=2:2,": "ok",
    }),
    [],
  );
});

Deno.test("each thing that is broken is named", async () => {
  const cases: readonly (readonly [Record<string, string>, string])[] = [
    [{ "cur/1.a,S=9:2,": "abc\n" }, "fail cur/1.a,S=9:2, has 4 octets, its name says 9"],
    [{ "cur/1.a,S=4,W=4:2,": "abc\n" }, "warn cur/1.a,S=4,W=4:2, has 5 octets with CRLF, its name says 4"],
    [{ "cur/1.a:2,": "" }, "fail cur/1.a:2, is empty"],
    [{ "dovecot-uidlist": "rubbish\n" }, "fail dovecot-uidlist has no header"],
    [
      { "dovecot-uidlist": "3 V1 N9\n5 :a\n4 :b\nx\n" },
      "warn dovecot-uidlist has 2 lines that make no sense",
    ],
    [
      { "cur/a:2,": "x", "dovecot-uidlist": "3 V1 N9\n4 :a\n5 :a\n" },
      "warn dovecot-uidlist names 1 messages twice",
    ],
    [{ "tmp/x": "half" }, "warn tmp/x is a left-over of a delivery that never ended"],
  ];
  for (const [files, finding] of cases) assertEquals(await mail(files), [finding]);
  assertEquals((await mail({ "cur/1.a:2,": "x", "cur/1.a:2,S": "x" })).length, 1);
  assertEquals((await mail({ "cur/dir/x": "x" }))[0], "warn cur/dir is no file");
});

Deno.test("what cannot be read is told, with what to do", async () => {
  for (const code of ["io", "denied"] as const) {
    const said = await mail(
      { "cur/1.a:2,": "abc" },
      (fs) => void fs.fail((op, p) => op === "open" && p.includes("1.a"), code),
    );
    assertEquals(said, [`fail cur/1.a:2, cannot be read (${code})`]);
  }
});

Deno.test("the queue's messages are looked at", async () => {
  const fs = new MemFs({
    files: { "/q/1-a.mail": "rubbish\n\nx", "/q/2-b.state": "{}", "/q/broken/x": "x", "/q/3-c.tmp": "half" },
  });
  const seen = new Verification();
  await verifyQueue(fs, "/q", seen);
  assertEquals(seen.findings.map((f) => `${f.grade} ${f.where}`).sort(), [
    "fail /q/1-a.mail",
    "warn /q/2-b.state",
    "warn /q/broken",
  ]);
  await verifyQueue(fs, "/none", seen);
});

Deno.test("a snapshot that lost something says what", async () => {
  const clock = new FakeClock();
  const fs = new MemFs({ clock, files: { "/c": "config", "/d/a": "a", "/d/b": "b", "/d/e": "e" } });
  const { name } = await makeSnapshot({ fs, clock }, {
    data: "/d",
    mail: "/d/mail",
    config: "/c",
    hostname: "h",
    to: "/b",
    progress() {},
  });
  const dir = `/b/${name}`;
  const spoil = async (path: string, text: string | null) => {
    await fs.remove(`${dir}/${path}`);
    if (text !== null) await fs.createWith(`${dir}/${path}`, [utf8(text)]);
  };
  await spoil("data/a", null);
  await spoil("data/b", "x");
  await spoil("data/e", "longer");
  const seen = new Verification();
  await verifySnapshot(fs, dir, seen);
  assertEquals(seen.findings.map((f) => `${f.where.slice(dir.length + 1)} ${f.what}`).sort(), [
    "data/a is missing",
    "data/b has other contents",
    "data/e has 6 octets, not 1",
  ]);
  await spoil("manifest.jsonl", "{}\n");
  const none = new Verification();
  await verifySnapshot(fs, dir, none);
  assert(none.findings.length === 1);
});
