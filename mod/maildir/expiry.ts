/** Removes what lies in some folders for too long, such as Trash: a little at a time, and nothing where anything is in doubt. */
import type { AccountId } from "../account/directory.ts";
import type { Clock } from "../base/clock.ts";
import { replaceFile } from "../base/durable.ts";
import { type Fs, isFsError } from "../base/fs.ts";
import { ARRIVAL_MARKS, ARRIVALS_FILE, EXPIRY_BATCH, EXPIRY_PAUSE } from "../base/limits.ts";
import type { Log } from "../base/log.ts";
import { canonicalName, INBOX } from "../store/mailbox_name.ts";
import type { AccountMail, Store } from "../store/store.ts";
import { type ArrivalMarks, formatMarks, marked, parseMarks, type Seen, thereAt } from "./arrival_marks.ts";
import { accountPath, folderDir, isDir } from "./layout.ts";

export interface ExpiryPorts {
  readonly fs: Fs;
  readonly clock: Clock;
  readonly log: Log;
  readonly store: Pick<Store, "account" | "separator">;
  /** The mail root: an absolute path. */
  readonly root: string;
  readonly accounts: () => Iterable<AccountId>;
}

/** In the account's root, before the folder's own name: it stays where it is when the folder is renamed. */
const MARKS_FILE = "roost-arrivals";
/** What is seen where no folder is. */
const NO_FOLDER = { uidValidity: 0, next: 1 };

/** What age is counted from, in milliseconds. */
export interface ExpiryTimes {
  /** Since 1970. */
  readonly time: number;
  /** That the server has run: what came since is known by that. */
  readonly ran: number;
}

interface FolderTerms extends ExpiryTimes {
  /** The file with its marks: absolute. */
  readonly file: string;
  readonly age: number;
  readonly stop: AbortSignal;
  /** Whether the rule still holds. */
  readonly holds: () => boolean;
}

/** Mailbox names, and how many milliseconds mail stays there. */
export type ExpiryRules = ReadonlyMap<string, number>;

/**
 * Goes through all accounts once; gives how many messages went. Never throws. `rules` are as they are at the moment: a round may take hours, and one
 * that somebody takes back, or makes milder, ends at once.
 */
export async function expireMail(
  ports: ExpiryPorts,
  rules: () => ExpiryRules,
  times: ExpiryTimes,
  stop: AbortSignal,
): Promise<number> {
  let messages = 0;
  for (const account of [...ports.accounts()]) {
    for (const [name, age] of rules()) {
      if (stop.aborted) return messages;
      const holds = () => (rules().get(name) ?? Infinity) <= age;
      if (!holds()) continue;
      messages += await expireFolder(ports, account, name, { ...times, age, stop, holds });
      // After those without such a folder, too: there may be many thousands.
      await ports.clock.sleep(EXPIRY_PAUSE, stop);
    }
  }
  return messages;
}

async function expireFolder(
  ports: ExpiryPorts,
  account: AccountId,
  name: string,
  terms: Omit<FolderTerms, "file">,
): Promise<number> {
  const { fs, store, log, root } = ports;
  let gone = 0;
  try {
    const mailbox = canonicalName(name, store.separator);
    const dir = mailbox.ok ? folderDir(mailbox.value, store.separator) : null;
    const home = accountPath(account);
    if (!mailbox.ok || dir === null || home === null) return 0;
    const top = `${root}/${home}`;
    // Nobody's folders are made for this.
    if (!isDir(fs, top)) return 0;
    const file = `${top}/${MARKS_FILE}${dir}`;
    if (!isDir(fs, dir === "" ? top : `${top}/${dir}`)) {
      // One that gets its name later may be full of old mail.
      await noted(fs, file, { ...NO_FOLDER, ran: terms.ran }, terms.age).catch((e) => {
        if (!isFsError(e, "full", "read-only")) throw e; // next time
      });
      return 0;
    }
    const mail = await store.account(account);
    const unlock = mailbox.value === INBOX ? await mail.lockForPop() : () => {};
    if (unlock === null) return 0; // a POP3 session counts on its messages: next time
    try {
      await removeOld(ports, mail, mailbox.value, { ...terms, file }, (n) => gone += n);
    } finally {
      unlock();
    }
  } catch (e) {
    log.warn("old mail not removed", { account, mailbox: name, why: isFsError(e) ? e.message : String(e) });
  }
  if (gone > 0) log.info("old mail removed", { account, mailbox: name, messages: gone });
  return gone;
}

async function removeOld(
  { fs, clock }: ExpiryPorts,
  mail: AccountMail,
  name: string,
  { time, ran, file, age, stop, holds }: FolderTerms,
  removed: (messages: number) => void,
): Promise<void> {
  const opened = await mail.open(name);
  if (!opened.ok) return;
  const mailbox = opened.value;
  try {
    await mailbox.refresh();
    const seen = { uidValidity: mailbox.uidValidity, next: mailbox.uidNext, ran };
    const marks = await noted(fs, file, seen, age);
    const below = thereAt(marks, Math.max(0, ran - age));
    const old = (await mailbox.arrivedBefore(time - age)).filter((uid) => uid < below);
    for (let at = 0; at < old.length && !stop.aborted && holds(); at += EXPIRY_BATCH) {
      removed((await mailbox.expunge(old.slice(at, at + EXPIRY_BATCH))).length);
      await clock.sleep(EXPIRY_PAUSE, stop);
    }
  } finally {
    mailbox.close();
  }
}

/**
 * The marks of a folder, with what is seen now: on the medium before anything is done by them. A full disk must not keep mail from going: by
 * what was noted before less goes, not more.
 */
async function noted(
  fs: Fs,
  file: string,
  seen: Seen,
  age: number,
): Promise<ArrivalMarks> {
  const old = parseMarks(await fs.readFile(file, ARRIVALS_FILE));
  const marks = marked(old, seen, age / ARRIVAL_MARKS, seen.ran - age);
  if (marks === old) return marks;
  try {
    await replaceFile(fs, file, formatMarks(marks));
    return marks;
  } catch (e) {
    if (old !== null && old.uidValidity === seen.uidValidity && isFsError(e, "full")) return old;
    throw e;
  }
}
