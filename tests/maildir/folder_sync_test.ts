/** What other programs do to a Maildir while we run. */
import { utf8 } from "../../mod/base/bytes.ts";
import { FLAGGED, type MailboxChange, SEEN } from "../../mod/store/store.ts";
import { syncDue, syncFolder } from "../../mod/maildir/folder_sync.ts";
import { FolderState } from "../../mod/maildir/folder_state.ts";
import { assert, assertEquals } from "../support/assert.ts";
import { FakeClock } from "../support/fake_clock.ts";
import { MemFs } from "../support/mem_fs.ts";
import { ALICE, allOf, append, fileText, machine, opened, portsOn, ROOT, storeOn } from "./support.ts";

const GUID = "e8caf30d44e6026b3933000083ecc375";

function folder(files: Record<string, string>) {
  const clock = new FakeClock();
  const fs = new MemFs({ clock, dirs: ["/m/new", "/m/cur", "/m/tmp"], files });
  const ports = portsOn(fs, clock);
  return { clock, fs, ports, state: new FolderState(ports, "/m", "/m") };
}

function told(state: FolderState): string[] {
  const log: string[] = [];
  state.listen((c: MailboxChange) => {
    if (c.kind === "added" || c.kind === "flags") {
      log.push(`${c.kind} ${c.messages.map((m) => `${m.uid}=${m.flags}`)}`);
    } else log.push(c.kind === "expunged" ? `expunged ${c.uids}` : c.kind);
  });
  return log;
}

Deno.test("a Maildir as Dovecot left it keeps its UIDs; new files get theirs by time", async () => {
  const { fs, state } = folder({
    "/m/dovecot-uidlist": `3 V99 N20 G${GUID}\n3 :1.a\n7 S1 :2.b,S=1\n9 :gone\n`,
    "/m/cur/2.b,S=1:2,S": "x",
    "/m/cur/1.a:2,": "x",
    "/m/new/30.M2.c": "x",
    "/m/new/30.M1.d": "x",
    "/m/cur/5.e:2,F": "x",
  });
  await syncFolder(state);
  assertEquals(state.messages.map((m) => [m.uid, m.file, m.flags]), [
    [3, "1.a:2,", 0],
    [7, "2.b,S=1:2,S", SEEN],
    [20, "5.e:2,F", FLAGGED],
    [21, "30.M1.d", 0],
    [22, "30.M2.c", 0],
  ]);
  assertEquals([state.uidFile.uidValidity, state.claimed], [99, 20]);
  const list = await fileText(fs.afterCrash("synced-only"), "/m/dovecot-uidlist");
  assert(list.endsWith("9 :gone\n20 :5.e\n21 :30.M1.d\n22 :30.M2.c\n"), list);
});

for (const open of [false, true]) {
  Deno.test(`files that another process is putting there are shown together, in order, ${open ? "to who looks" : "at the first look"}`, async () => {
    const { clock, fs, ports, state } = folder({
      "/m/dovecot-uidlist": `3 V99 N2 G${GUID}\n1 :1.a\n`,
      "/m/cur/1.a:2,": "x",
    });
    if (open) await syncFolder(state);
    const log = told(state);
    // It has the lock, its records are written, and the third of its files got its name before the second.
    const unlock = await ports.locks.take("/m/dovecot-uidlist.lock");
    const list = await fs.append("/m/dovecot-uidlist");
    await list.write(utf8("2 :2.b\n3 :3.c\n"));
    await list.close();
    await fs.createWith("/m/cur/3.c:2,", []);
    const syncing = syncFolder(state);
    await clock.advance(1000);
    await fs.createWith("/m/cur/2.b:2,", []);
    await unlock();
    await clock.advance(1000);
    await syncing;
    assertEquals(state.messages.map((m) => m.uid), [1, 2, 3]);
    assertEquals(log, open ? ["added 2=0,3=0"] : []);
  });
}

Deno.test("odd things in new/ and cur/ do no harm", async () => {
  const { fs, state } = folder({
    "/m/cur/plain": "no info",
    "/m/cur/1.x:1,experimental": "x",
    "/m/cur/zero,S=0,W=0:2,": "",
    "/m/cur/dir/inner": "x",
    "/m/cur/.nfs0001": "x",
    "/m/new/2.y:2,S": "flags do not count in new/",
  });
  fs.symlink("/etc/shadow", "/m/cur/3.link:2,");
  await syncFolder(state);
  assertEquals(state.messages.map((m) => m.base).sort(), ["1.x", "2.y", "plain", "zero,S=0,W=0"]);
  assertEquals(state.messages.every((m) => m.flags === 0), true);
});

Deno.test("flags, removals, arrivals and moves by others are told", async () => {
  const { clock, fs, state } = folder({ "/m/cur/1.a:2,": "x", "/m/cur/2.b:2,": "x", "/m/new/3.c": "x" });
  await syncFolder(state);
  const log = told(state);
  await clock.advance(10_000);
  assertEquals(syncDue(state), true); // the listing was of this very moment
  await syncFolder(state);
  assertEquals([log, syncDue(state)], [[], false]);
  await fs.rename("/m/cur/1.a:2,", "/m/cur/1.a:2,FS");
  await fs.remove("/m/cur/2.b:2,");
  await fs.rename("/m/new/3.c", "/m/cur/3.c:2,S");
  await fs.createWith("/m/new/4.d", []);
  await syncFolder(state);
  assertEquals(log.splice(0), ["expunged 2", `flags 1=${FLAGGED | SEEN},3=${SEEN}`, "added 4=0"]);
  await clock.advance(10_000);
  await syncFolder(state);
  assertEquals(log, []);
});

Deno.test("two names of one message: a link is taken away, another file becomes a message", async () => {
  const { clock, fs, state } = folder({ "/m/cur/1.a:2,S": "x", "/m/cur/2.b:2,": "one" });
  await fs.link("/m/cur/1.a:2,S", "/m/new/1.a");
  await syncFolder(state);
  assertEquals(state.messages.map((m) => m.file), ["1.a:2,S", "2.b:2,"]);
  await fs.createWith("/m/cur/2.b:2,F", [new Uint8Array(1)]);
  await clock.advance(10_000);
  for (let i = 0; i < 3; i++) await syncFolder(state);
  assertEquals(state.messages.length, 3);
  assertEquals(new Set(state.messages.map((m) => m.base)).size, 3);
  assertEquals(await fs.list("/m/new"), []);
});

Deno.test("another UIDVALIDITY, or no folder any more, ends the mailbox", async () => {
  for (const act of ["list", "folder"]) {
    const { clock, fs, state } = folder({ "/m/cur/1.a:2,": "x" });
    await syncFolder(state);
    const log = told(state);
    await clock.advance(10_000);
    if (act === "list") {
      await fs.remove("/m/dovecot-uidlist");
      await fs.createWith("/m/dovecot-uidlist", [new TextEncoder().encode("3 V5 N1\n")]);
    } else await fs.rename("/m/cur", "/m/away");
    await syncFolder(state);
    assertEquals([log, state.gone], [["gone"], true], act);
  }
});

Deno.test("missing parts of a folder are made again", async () => {
  const { fs, state } = folder({ "/m/cur/1.a:2,": "x" });
  await fs.removeDir("/m/new");
  await syncFolder(state);
  assertEquals(state.messages.length, 1);
});

Deno.test("the UID list is written anew without what others put into it meanwhile being forgotten", async () => {
  const dead = Array.from({ length: 1100 }, (_, i) => `${i + 1} :dead${i}\n`).join("");
  const { clock, fs, state } = folder({ "/m/dovecot-uidlist": `3 V99 N1101 G${GUID}\n${dead}` });
  // Another process puts a message there when the folder has been listed.
  const { locks } = portsOn(fs, clock, 2);
  const other = async () => {
    const unlock = await locks.take("/m/dovecot-uidlist.lock");
    await fs.createWith("/m/cur/2.b:2,S", [utf8("x")]);
    await fs.createWith("/m/list", [utf8(`3 V99 N1102 G${GUID}\n${dead}1101 :2.b\n`)]);
    await fs.rename("/m/list", "/m/dovecot-uidlist");
    await unlock();
  };
  let putting: Promise<void> | null = null;
  fs.fail((operation, path) => {
    if (operation === "list" && path === "/m/cur") putting ??= Promise.resolve().then(other);
    return false;
  }, "io");
  const syncing = syncFolder(state);
  for (let i = 0; i < 5; i++) await clock.advance(50);
  await Promise.all([syncing, putting]);
  assert((await fileText(fs, "/m/dovecot-uidlist")).endsWith("\n1101 :2.b\n"));
  // Before anything else comes: what would come now has a higher UID.
  assertEquals(state.messages.map((m) => [m.uid, m.file]), [[1101, "2.b:2,S"]]);
  await clock.advance(5000);
  await syncFolder(state);
  assertEquals(await fileText(fs, "/m/dovecot-uidlist"), `3 V99 N1102 G${GUID}\n1101 :2.b\n`);
  const third = new FolderState(portsOn(fs, clock, 3), "/m", "/m");
  await syncFolder(third);
  assertEquals(third.messages.map((m) => m.uid), [1101]);
});

Deno.test("the UID list is written anew when it is mostly about the dead", async () => {
  const lines = Array.from({ length: 3000 }, (_, i) => `${i + 1} :dead${i}\n`).join("");
  const { fs, state } = folder({
    "/m/dovecot-uidlist": `3 V99 N1 G${GUID}\n${lines}3001 :live\n`,
    "/m/cur/live:2,": "x",
  });
  await syncFolder(state);
  assertEquals(await fileText(fs, "/m/dovecot-uidlist"), `3 V99 N3002 G${GUID}\n3001 :live\n`);
  assertEquals([state.messages[0]?.uid, state.uidFile.nextUid], [3001, 3002]);
});

Deno.test("two processes on one folder give no UID twice and both see all", async () => {
  const clock = new FakeClock();
  const fs = machine(clock);
  const [one, two] = [storeOn(fs, clock).store, storeOn(fs, clock).store];
  const [a, b] = [await one.account(ALICE), await two.account(ALICE)];
  const [boxA, boxB] = [await opened(one), await opened(two)];
  const uids: number[] = [];
  for (let i = 0; i < 10; i++) {
    const both = Promise.all([append(a, "INBOX", `a${i}\r\n`), append(b, "INBOX", `b${i}\r\n`)]);
    for (let k = 0; k < 5; k++) await clock.advance(50);
    uids.push(...await both);
  }
  assertEquals(new Set(uids).size, 20);
  await clock.advance(5_000);
  await boxA.refresh();
  await boxB.refresh();
  assertEquals(await allOf(boxA), await allOf(boxB));
  assertEquals(boxA.messages.length, 20);
  await boxB.setFlags([1, 2], 0, SEEN | await boxB.keywordBits(["theirs"]), null);
  await boxB.expunge([3]);
  await clock.advance(5_000);
  await boxA.refresh();
  assertEquals(boxA.messages.filter((m) => m.flags & SEEN).map((m) => m.uid), [1, 2]);
  assertEquals([boxA.messages.length, boxA.keywords], [19, ["theirs"]]);
  boxA.close();
  boxB.close();
  await Promise.all([one.close(), two.close()]);
  assertEquals(fs.statSync(`${ROOT}/dovecot-uidlist.lock`), null);
});

for (
  const [what, first, names] of [
    ["there at the start", [], ["new/9.x", "cur/9.x:2,S"]],
    ["that a process leaves behind in new/", ["cur/9.x:2,S"], ["new/9.x"]],
    ["that a process leaves behind in cur/", ["new/9.x"], ["cur/9.x:2,S"]],
  ] as const
) {
  Deno.test(`a second name of a file, ${what}, goes: nothing comes back when the message is removed`, async () => {
    const { clock, fs, state } = folder({
      "/m/dovecot-uidlist": `3 V99 N9 G${GUID}\n2 :1.a\n3 :9.x\n8 :8.z\n`,
      "/m/cur/1.a:2,": "x",
      "/m/cur/8.z:2,": "x",
      "/m/tmp/file": "x",
    });
    for (const name of first) await fs.link("/m/tmp/file", `/m/${name}`);
    if (first.length > 0) await syncFolder(state);
    await clock.advance(10_000);
    for (const name of names) await fs.link("/m/tmp/file", `/m/${name}`);
    await fs.remove("/m/tmp/file");
    for (const dir of ["/m/tmp", "/m/new"]) await fs.syncDir(dir);
    const log = told(state);
    await syncFolder(state);
    assertEquals(state.messages.map((m) => [m.uid, m.file, m.isNew]), [
      [2, "1.a:2,", false],
      [3, "9.x:2,S", false],
      [8, "8.z:2,", false],
    ]);
    assertEquals(fs.tree("/m/new"), ["/m/new/"]);
    // The name in new/ went when that in cur/ was there for good; a removal has to make its going durable.
    await fs.syncDir("/m/new");
    assert(fs.afterCrash("synced-only").tree("/m/cur").includes("/m/cur/9.x:2,S"));
    assertEquals(state.newLeft, true);
    await fs.remove("/m/cur/9.x:2,S");
    await clock.advance(10_000);
    await syncFolder(state);
    assertEquals(log.filter((l) => !l.startsWith("flags")), ["expunged 3"]);
    assertEquals(state.gone, false);
  });
}

Deno.test("where no UIDs are left, what has one can be read, and the rest comes once the list is made anew", async () => {
  const fs = machine();
  const made = storeOn(fs);
  await append(await made.store.account(ALICE), "INBOX", "one");
  const list = `${ROOT}/dovecot-uidlist`;
  const damaged = await fs.append(list);
  await damaged.write(utf8("4294967293 :1.M1P1.gone\n"));
  await damaged.close();
  for (const name of ["2.M2P2.other", "3.M3P3.other"]) {
    const file = await fs.create(`${ROOT}/new/${name}`);
    await file.write(utf8("two"));
    await file.close();
  }
  const next = storeOn(fs);
  const box = await opened(next.store);
  assertEquals((await allOf(box)).map(([uid]) => uid), [1, 4294967294]);
  assert(next.log.lines.some((l) => l.level === "error"));
  box.close();
  await fs.remove(list);
  const last = await opened(storeOn(fs).store);
  assertEquals((await allOf(last)).map(([uid]) => uid), [1, 2, 3]);
  last.close();
});
