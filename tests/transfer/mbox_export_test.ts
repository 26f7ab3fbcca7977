import { FLAGGED, SEEN } from "../../mod/store/store.ts";
import { asctime, MboxExport } from "../../mod/transfer/mbox_export.ts";
import { MboxSource } from "../../mod/transfer/mbox_source.ts";
import { MaildirSource } from "../../mod/transfer/maildir_source.ts";
import { Tally } from "../../mod/transfer/tally.ts";
import { assert, assertEquals } from "../support/assert.ts";
import { everyCrash } from "../support/every_crash.ts";
import type { MemFs } from "../support/mem_fs.ts";
import { allOf, disk } from "./support.ts";

const FILES = {
  "/m/dovecot-uidlist": "3 V9 N20 Gabc\n1 :1.a\n2 :2.b\n3 :3.c\n",
  "/m/dovecot-keywords": "0 work\n",
  "/m/cur/1.a:2,FSa": "Return-Path: <me@a.test>\r\nSubject: x\r\n\r\nFrom me\r\n>From you\r\nend\r\n",
  "/m/cur/2.b:2,": "no header at all",
  "/m/cur/3.c:2,": "Subject: only\r\n",
  "/m/.A.B/cur/1.x": "Subject: sub\n\nbody\n\n\n",
};

async function exported(fs: MemFs): Promise<Tally> {
  const tally = new Tally();
  const source = await MaildirSource.open(fs, "/m", ".", tally);
  const files = await MboxExport.open(fs, "/out", ".");
  assert(source);
  for await (const folder of source.folders()) await files.write(folder, tally, () => {});
  return tally;
}

Deno.test("what is exported comes back the same", async () => {
  const fs = disk(FILES);
  const tally = await exported(fs);
  assertEquals([tally.messages, tally.folders, tally.lost], [4, 2, 0]);
  assertEquals(fs.tree("/out").filter((p) => p.endsWith(".mbox")), ["/out/A/B.mbox", "/out/INBOX.mbox"]);
  const source = await MboxSource.open(fs, "/out", ".", tally);
  assert(source);
  const told = await allOf(source);
  assertEquals(told.map((m) => [m.folder, m.text]), [
    ["A.B", "Subject: sub\r\n\r\nbody\r\n\r\n\r\n"],
    ["INBOX", FILES["/m/cur/1.a:2,FSa"]],
    // A line of its own needs an end.
    ["INBOX", "no header at all\r\n"],
    ["INBOX", "Subject: only\r\n"],
  ]);
  assertEquals([told[1]?.flags, told[1]?.keywords], [FLAGGED | SEEN, ["work"]]);
  const time = fs.statSync("/m/cur/1.a:2,FSa")?.mtime ?? 0;
  assertEquals(told[1]?.time, Math.floor(time / 1000) * 1000);
});

Deno.test("folders that are whole are left alone, changed ones written anew, others' files kept", async () => {
  const fs = disk(FILES);
  await exported(fs);
  const inode = fs.statSync("/out/INBOX.mbox")?.inode;
  assertEquals((await exported(fs)).already, 3);
  assertEquals(fs.statSync("/out/INBOX.mbox")?.inode, inode);
  await fs.makeDir("/m/new");
  await fs.createWith("/m/new/9.z", [new TextEncoder().encode("new")]);
  assertEquals((await exported(fs)).messages, 5);
  await fs.remove("/out/INBOX.mbox");
  await fs.createWith("/out/INBOX.mbox", [new TextEncoder().encode("mine")]);
  const tally = await exported(fs);
  assert(tally.report().losses[0]?.why.includes("not of this export"));
});

Deno.test("a file has its name only when it is whole, wherever the power is cut", async () => {
  const whole = disk(FILES);
  await exported(whole);
  const size = whole.statSync("/out/INBOX.mbox")?.size;
  await everyCrash(async (fs) => void await exported(fs), async (fs) => {
    const there = fs.statSync("/out/INBOX.mbox");
    if (there) assertEquals(there.size, size);
    assertEquals((await exported(fs)).lost, 0);
    assertEquals(fs.statSync("/out/INBOX.mbox")?.size, size);
  }, { make: () => disk(FILES), seeds: 1 });
});

Deno.test("asctime() is as From_ lines have it", () => {
  assertEquals(asctime(Date.UTC(2026, 0, 2, 3, 4, 5)), "Fri Jan  2 03:04:05 2026");
  assertEquals(asctime(-5), "Thu Jan  1 00:00:00 1970");
});
