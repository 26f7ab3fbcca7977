/** Dovecot and Roost on one Maildir, in turns and at once: UIDs, UIDVALIDITY, flags, keywords, dates, sizes and subscriptions are the same for both. */
import { memoryBody } from "../../mod/base/body.ts";
import { utf8 } from "../../mod/base/bytes.ts";
import { MaildirStore } from "../../mod/maildir/store.ts";
import { changeAcl } from "../../mod/store/acl.ts";
import { keywordNames, NO_FLAGS } from "../../mod/store/flags.ts";
import type { WritableFile } from "../../mod/base/fs.ts";
import { encodeModifiedUtf7 } from "../../mod/store/modified_utf7.ts";
import { formatRights, parseRights, tellRights } from "../../mod/store/rights.ts";
import {
  type AccountMail,
  ANSWERED,
  DELETED,
  DRAFT,
  FLAGGED,
  type Mailbox,
  type NamedFlags,
  SEEN,
} from "../../mod/store/store.ts";
import { systemClock } from "../../mod/sys/clock.ts";
import { DenoFs } from "../../mod/sys/fs.ts";
import { systemRandom } from "../../mod/sys/random.ts";
import { assert, assertEquals } from "../support/assert.ts";
import { Dovecot, give } from "../support/dovecot.ts";
import { MemoryLog } from "../support/memory_log.ts";

const ALICE = "alice@example.test";
const SYSTEM: readonly (readonly [number, string])[] = [
  [ANSWERED, "\\Answered"],
  [FLAGGED, "\\Flagged"],
  [DELETED, "\\Deleted"],
  [SEEN, "\\Seen"],
  [DRAFT, "\\Draft"],
];

/** What Roost makes goes to the user Dovecot runs as. */
class OwnedFs extends DenoFs {
  override async create(path: string, mode?: number): Promise<WritableFile> {
    const file = await super.create(path, mode);
    give(path);
    return file;
  }

  override async createWith(path: string, chunks: readonly Uint8Array[], mode?: number, time?: number) {
    await super.createWith(path, chunks, mode, time);
    give(path);
  }

  override async makeDir(path: string, mode?: number): Promise<void> {
    const parent = path.slice(0, path.lastIndexOf("/"));
    if (await this.stat(parent) === null) await this.makeDir(parent, mode);
    await super.makeDir(path, mode);
    give(path);
  }
}

/** A mail root that both use; removed at the end. */
class Box {
  readonly dir: string;
  readonly dovecot: Dovecot;

  constructor() {
    this.dir = Deno.makeTempDirSync({ prefix: "roost-dovecot-" });
    Deno.mkdirSync(`${this.dir}/mail`);
    give(this.dir);
    give(`${this.dir}/mail`);
    this.dovecot = new Dovecot(this.dir, `${this.dir}/mail/example.test/alice`);
  }

  /** Dovecot with access control, for somebody who sees Alice's folders below "public". */
  guarded(user: string): Dovecot {
    Deno.mkdirSync(`${this.dir}/own`);
    give(`${this.dir}/own`);
    const settings = `mail_plugins = acl
protocol imap {
  mail_plugins = acl imap_acl
}
plugin {
  acl = vfile
  acl_anyone = allow
}
namespace {
  type = public
  prefix = public.
  location = maildir:${this.dir}/mail/example.test/alice
  subscriptions = no
}`;
    return new Dovecot(this.dir, `${this.dir}/own`, settings, user);
  }

  store(): MaildirStore {
    const log = new MemoryLog();
    return new MaildirStore({
      fs: new OwnedFs(log),
      root: `${this.dir}/mail`,
      clock: systemClock,
      random: systemRandom,
      log,
      hostname: "roost-test",
      pid: Deno.pid,
    });
  }

  remove(): void {
    Deno.removeSync(this.dir, { recursive: true });
  }
}

/** What a server says of a folder. */
interface View {
  readonly uidValidity: number;
  readonly uidNext: number;
  /** "UID date size flags", sorted. */
  readonly messages: readonly string[];
}

async function dovecotView(box: Box, name: string): Promise<View> {
  const mailbox = `"${encodeModifiedUtf7(name)}"`;
  const lines = await box.dovecot.imap(`SELECT ${mailbox}`, "FETCH 1:* (UID FLAGS INTERNALDATE RFC822.SIZE)")
    .catch(async () => await box.dovecot.imap(`SELECT ${mailbox}`)); // "1:*" of nothing is an error
  const number = (pattern: RegExp) =>
    Number(lines.map((l) => pattern.exec(l)?.[1]).find((n) => n !== undefined));
  const messages = lines.filter((l) => / FETCH \(/.test(l)).map((line) => {
    const uid = /UID (\d+)/.exec(line)?.[1];
    const date = /INTERNALDATE "([^"]+)"/.exec(line)?.[1] ?? "";
    const size = /RFC822.SIZE (\d+)/.exec(line)?.[1];
    const flags = (/FLAGS \(([^)]*)\)/.exec(line)?.[1] ?? "").split(" ").filter((f) => f && f !== "\\Recent");
    const seconds = Date.parse(date.trim().replace(/^(\d+)-(\w+)-(\d+)/, "$1 $2 $3")) / 1000;
    return `${uid} ${seconds} ${size} ${flags.sort().join(" ")}`;
  });
  return {
    uidValidity: number(/UIDVALIDITY (\d+)/),
    uidNext: number(/UIDNEXT (\d+)/),
    messages: messages.sort(),
  };
}

async function roostView(account: AccountMail, name: string): Promise<View> {
  const box = await opened(account, name);
  await box.prepare(box.messages, { size: true, date: true });
  const messages = box.messages.map((m) => {
    const flags = SYSTEM.filter(([bit]) => m.flags & bit).map(([, flag]) => flag);
    flags.push(...keywordNames(m.flags, box.keywords));
    return `${m.uid} ${Math.floor(m.internalDate / 1000)} ${m.size} ${flags.sort().join(" ")}`;
  });
  const view = { uidValidity: box.uidValidity, uidNext: box.uidNext, messages: messages.sort() };
  box.close();
  return view;
}

async function opened(account: AccountMail, name: string): Promise<Mailbox> {
  const box = await account.open(name);
  assert(box.ok, name);
  return box.value;
}

async function append(
  account: AccountMail,
  name: string,
  text: string,
  flags: NamedFlags = NO_FLAGS,
  date: number | null = null,
): Promise<void> {
  const draft = await account.draft(text.length);
  await draft.write(utf8(text));
  assert((await account.commit(name, [{ draft, flags, internalDate: date }])).ok);
}

async function foldersOf(account: AccountMail): Promise<string[]> {
  return (await account.list()).filter((e) => e.exists).map((e) => e.name).sort();
}

async function sameToBoth(box: Box): Promise<void> {
  const store = box.store();
  const account = await store.account(ALICE);
  const names = await foldersOf(account);
  const listed = await box.dovecot.imap('LIST "" *', 'LSUB "" *');
  const namesIn = (verb: string) =>
    listed.filter((l) => l.startsWith(`* ${verb} `) && !l.includes("\\Noselect"))
      .map((l) => l.replace(/^.*\) "\." /, "").replace(/^"(.*)"$/, "$1")).sort();
  assertEquals(namesIn("LIST"), names.map(encodeModifiedUtf7).sort(), "LIST");
  const subscribed = (await account.subscriptions()).map(encodeModifiedUtf7);
  assertEquals(namesIn("LSUB"), subscribed.sort(), "LSUB");
  for (const name of names) {
    const ours = await roostView(account, name);
    assertEquals(await dovecotView(box, name), ours, `${name}: Dovecot's view is not ours`);
  }
  await store.close();
}

const literal = (text: string) => `{${utf8(text).length}+}\r\n${text}`;

async function inTurns(box: Box): Promise<void> {
  let store = box.store();
  let account = await store.account(ALICE);
  const date = Date.UTC(2021, 1, 3, 4, 5, 6);
  for (let i = 0; i < 5; i++) {
    const flags = i === 4 ? { system: FLAGGED, keywords: ["Sieved"] } : NO_FLAGS;
    const body = memoryBody(utf8(`Subject: ${i}\r\n\r\nbody\r\n`));
    const [outcome] = await store.deliver([{ account: ALICE, mailbox: "INBOX", flags }], body);
    assertEquals(outcome?.kind, "delivered");
  }
  await append(
    account,
    "INBOX",
    "A: b\r\n\r\n",
    { system: SEEN | ANSWERED, keywords: ["$Forwarded", "zed"] },
    date,
  );
  assert((await account.create("Büro.Größe & Co")).ok);
  assert((await account.subscribe("Büro.Größe & Co", true)).ok);
  assert((await account.subscribe("Junk", false)).ok);
  let inbox = await opened(account, "INBOX");
  assert((await inbox.copy([1, 6], "Büro.Größe & Co")).ok);
  await inbox.expunge([2]);
  await inbox.setFlags([3], 0, DELETED | DRAFT, null);
  inbox.close();
  await store.close();
  await sameToBoth(box);

  const other = `"${encodeModifiedUtf7("Büro.Größe & Co")}"`;
  await box.dovecot.imap(
    "SELECT INBOX",
    `APPEND INBOX (\\Seen NewOne) "06-May-2020 07:08:09 +0200" ${literal("Subject: dovecot\r\n\r\nöä\r\n")}`,
    `UID STORE 1 +FLAGS (Another \\Flagged)`,
    `UID STORE 6 -FLAGS (zed)`,
    `UID COPY 1,4 ${other}`,
    `UID MOVE 5 Sent`,
    "EXPUNGE",
    'CREATE "Made.by.Dovecot"',
    'SUBSCRIBE "Made.by.Dovecot"',
    `UNSUBSCRIBE ${other}`,
  );
  await sameToBoth(box);

  store = box.store();
  account = await store.account(ALICE);
  await append(account, "Made.by.Dovecot", "C: d\r\n\r\n", { system: 0, keywords: ["ours", "more"] }, date);
  await append(account, "Sent", "E: f\r\n\r\n", { system: DRAFT, keywords: [] });
  inbox = await opened(account, "INBOX");
  const bits = await inbox.keywordBits(["LastOne"]);
  await inbox.setFlags(inbox.messages.map((m) => m.uid), 0, bits, null);
  const last = inbox.messages[inbox.messages.length - 1]?.uid ?? 0;
  assert((await inbox.move([last], "Archive")).ok); // the highest UID goes: it must not come again
  inbox.close();
  assert((await account.rename("Made.by", "Renamed")).ok);
  await store.close();
  await sameToBoth(box);
  await box.dovecot.imap(`APPEND INBOX ${literal("after: 1\r\n\r\n")}`);
  await sameToBoth(box);
}

async function atOnce(box: Box): Promise<void> {
  const store = box.store();
  const account = await store.account(ALICE);
  await append(account, "INBOX", "first: 1\r\n\r\n");
  const inbox = await opened(account, "INBOX");
  inbox.claimRecent();
  const uids = new Set<number>();
  const end = inbox.listen((change) => {
    if (change.kind !== "added") return;
    for (const m of change.messages) {
      assert(!uids.has(m.uid), `UID ${m.uid} told twice`);
      uids.add(m.uid);
    }
  });
  const theirs = Array.from({ length: 40 }, (_, i) => `APPEND INBOX ${literal(`Theirs: ${i}\r\n\r\n`)}`);
  const ours = async () => {
    for (let i = 0; i < 40; i++) await append(account, "INBOX", `Ours: ${i}\r\n\r\n`);
  };
  await Promise.all([box.dovecot.imap(...theirs), ours()]);
  await inbox.refresh();
  assertEquals(inbox.messages.length, 81);
  assertEquals(uids.size, 80);
  await box.dovecot.imap(
    "SELECT INBOX",
    "STORE 1:20 +FLAGS (\\Seen foreign)",
    "UID STORE 30 +FLAGS (\\Deleted)",
  );
  await box.dovecot.imap("SELECT INBOX", "EXPUNGE");
  await inbox.refresh();
  assertEquals(inbox.messages.length, 80);
  assertEquals(inbox.messages.filter((m) => m.flags & SEEN).length, 20);
  assert(inbox.keywords.includes("foreign"));
  end();
  inbox.close();
  await store.close();
  await sameToBoth(box);
}

for (const [name, run] of [["in turns", inTurns], ["at once", atOnce]] as const) {
  Deno.test(`Dovecot and Roost on one Maildir, ${name}`, async () => {
    const box = new Box();
    try {
      await run(box);
      assertEquals(box.dovecot.faults, []);
    } finally {
      box.remove();
    }
  });
}

/** Lists of folders, and what they give Bob. */
const LISTS: readonly string[] = [
  "user=bob@example.test lrwstipekxa",
  "user=bob@example.test lr",
  "anyone lrs\nuser=eve@example.test lrwstipekxa",
  "anyone l\nauthenticated lri",
  "authenticated lri\nanyone l",
  "anyone lrw\nuser=bob@example.test l",
  "anyone lrw\n-user=bob@example.test w",
  "-user=bob@example.test rw\nuser=bob@example.test lrw",
  "-anyone w\nuser=bob@example.test lrw",
  "-anyone lw\n-authenticated w\nuser=bob@example.test lrw",
  "# why\n\nuser=bob@example.test lr :insert post",
  '"user=bob@example.test" lrk\n"user=a b" lrwstipekxa',
  "owner lrwstipekxa\ngroup=staff lrwstipekxa\nanyone lx",
  "user=bob@example.test lr\nuser=bob@example.test a",
];

Deno.test("Dovecot and Roost give the same rights by one list, and each reads what the other wrote", async () => {
  const box = new Box();
  const bob = "bob@example.test";
  const store = box.store();
  try {
    const account = await store.account(ALICE);
    const sharing = await store.sharing({ has: () => true, all: () => [ALICE] });
    const path = (name: string) => `${box.dir}/mail/example.test/alice/.${name}/dovecot-acl`;
    for (const [i, text] of LISTS.entries()) {
      assert((await account.create(`F${i}`)).ok);
      Deno.writeTextFileSync(path(`F${i}`), `${text}\n`);
      give(path(`F${i}`));
    }
    assert((await account.create("Team")).ok);
    const changes = [["bob@example.test", "lra", false], ["eve@example.test", "ls", true], [
      "a b@x",
      "lr",
      false,
    ]] as const;
    for (const [user, letters, negative] of changes) {
      const entry = { id: `user=${user}`, negative, rights: parseRights(letters) ?? 0 };
      assert((await sharing.change(ALICE, "Team", (acl) => changeAcl(acl, ALICE, entry, "replace"))).ok);
    }
    const dovecot = box.guarded(bob);
    const lines = await dovecot.imap(
      ...LISTS.map((_, i) => `MYRIGHTS public.F${i}`),
      "GETACL public.Team",
      "SETACL public.Team carol@example.test lrwi",
      'SETACL public.Team "-anyone" w',
    );
    const told = lines.filter((l) => l.startsWith("* MYRIGHTS")).map((l) => l.split(" ")[3] ?? "");
    const ours = LISTS.map((_, i) => tellRights(sharing.rights(ALICE, `F${i}`, bob)));
    const sorted = (letters: readonly string[]) => letters.map((l) => [...l].sort().join(""));
    assertEquals(sorted(ours), sorted(told));
    const acl = lines.find((l) => l.startsWith("* ACL")) ?? "";
    for (const entry of ["bob@example.test alr", "-eve@example.test ls", '"a b@x" lr']) {
      assert(acl.includes(entry), acl);
    }
    const rights = (user: string) => formatRights(sharing.rights(ALICE, "Team", user));
    assertEquals([rights("carol@example.test"), rights(bob), rights("eve@example.test")], ["lri", "lra", ""]);
    assertEquals((await sharing.read(ALICE, "Team"))?.length, 5);
    assertEquals(dovecot.faults, []);
  } finally {
    await store.close();
    box.remove();
  }
});
