import { DirSync } from "../../mod/base/durable.ts";
import { UidValidities } from "../../mod/maildir/uid_validity.ts";
import { NameMaker } from "../../mod/maildir/file_name.ts";
import { Locks } from "../../mod/maildir/dot_lock.ts";
import type { Ports } from "../../mod/maildir/ports.ts";
import type { BulkReader } from "../../mod/base/bulk_reader.ts";
import { memoryBody } from "../../mod/base/body.ts";
import { fromUtf8, utf8 } from "../../mod/base/bytes.ts";
import { MaildirStore } from "../../mod/maildir/store.ts";
import { NO_FLAGS } from "../../mod/store/flags.ts";
import type { AccountMail, Mailbox, NamedFlags } from "../../mod/store/store.ts";
import { assert } from "../support/assert.ts";
import { FakeClock } from "../support/fake_clock.ts";
import { MemFs } from "../support/mem_fs.ts";
import { MemoryLog } from "../support/memory_log.ts";
import { SeededRandom } from "../support/seeded_random.ts";

export const ALICE = "alice@example.test";
export const ROOT = "/mail/example.test/alice";

export interface Made {
  readonly fs: MemFs;
  readonly clock: FakeClock;
  readonly log: MemoryLog;
  readonly store: MaildirStore;
}

let pids = 100;

/** A store on `fs`, as a process of its own. With `bulk` it reads ahead. */
export function storeOn(
  fs: MemFs,
  clock: FakeClock = new FakeClock(),
  pid = pids++,
  bulk?: BulkReader,
): Made {
  const log = new MemoryLog();
  const random = new SeededRandom(pid);
  const reading = bulk ? { bulk: () => Promise.resolve(bulk) } : {};
  const store = new MaildirStore({
    fs,
    clock,
    log,
    random,
    root: "/mail",
    hostname: "host",
    pid,
    ...reading,
  });
  return { fs, clock, log, store };
}

/** An empty machine. */
export function machine(clock: FakeClock = new FakeClock()): MemFs {
  return new MemFs({ clock, dirs: ["/mail"] });
}

/** Delivers to alice; gives the file's base. */
export async function deliver(
  store: MaildirStore,
  text: string,
  flags = NO_FLAGS,
  mailbox = "INBOX",
): Promise<string> {
  const [outcome] = await store.deliver([{ account: ALICE, mailbox, flags }], memoryBody(utf8(text)));
  assert(outcome?.kind === "delivered", JSON.stringify(outcome));
  return outcome.file;
}

/** Appends; gives the UID. */
export async function append(
  account: AccountMail,
  mailbox: string,
  text: string,
  flags: NamedFlags = NO_FLAGS,
  date: number | null = null,
): Promise<number> {
  const draft = await account.draft(text.length);
  await draft.write(utf8(text));
  const done = await account.commit(mailbox, [{ draft, flags, internalDate: date }]);
  assert(done.ok);
  return done.value.uids[0] ?? 0;
}

export async function opened(store: MaildirStore, name = "INBOX"): Promise<Mailbox> {
  const box = await (await store.account(ALICE)).open(name);
  assert(box.ok, `no mailbox ${name}`);
  await box.value.refresh();
  return box.value;
}

/** The message's text; null if it is gone. */
export async function textOf(box: Mailbox, uid: number): Promise<string | null> {
  const content = await box.content(uid);
  if (!content) return null;
  try {
    return fromUtf8(await content.read(0, content.size));
  } finally {
    content.close();
  }
}

/** UID and text of all messages. */
export async function allOf(box: Mailbox): Promise<(readonly [number, string])[]> {
  const all: (readonly [number, string])[] = [];
  for (const m of box.messages) all.push([m.uid, await textOf(box, m.uid) ?? ""]);
  return all;
}

/** Contents of a file on `fs`, as text. */
export async function fileText(fs: MemFs, path: string): Promise<string> {
  return fromUtf8(await fs.readFile(path, 1 << 24) ?? utf8("(none)"));
}

/** What the parts of the room are handed, for tests of one part. */
export function portsOn(fs: MemFs, clock: FakeClock = new FakeClock(), pid = 1, separator = "."): Ports {
  const random = new SeededRandom(pid);
  const log = new MemoryLog();
  const locks = new Locks({ fs, clock, random, log, hostname: "host", pid }, "/mail");
  void fs.makeDir("/mail"); // done before any other call is
  return {
    fs,
    clock,
    random,
    log,
    dirSync: new DirSync(fs),
    names: new NameMaker(clock, random, pid, "host"),
    hostname: "host",
    pid,
    separator,
    locks,
    validities: new UidValidities({ fs, clock, locks, log }),
  };
}
