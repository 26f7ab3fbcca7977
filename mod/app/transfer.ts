/** What the verbs that move mail share: ports of the Maildirs, the account meant, progress, and the loss report. */
import type { Account } from "../account/account.ts";
import { loadAccounts } from "../account/accounts_file.ts";
import { DirSync, folderOf } from "../base/durable.ts";
import { isFsError } from "../base/fs.ts";
import type { Config } from "../config/config.ts";
import { dataPaths } from "../config/paths.ts";
import { Locks } from "../maildir/dot_lock.ts";
import { NameMaker } from "../maildir/file_name.ts";
import { UidValidities } from "../maildir/uid_validity.ts";
import { accountPath } from "../maildir/layout.ts";
import type { Ports } from "../maildir/ports.ts";
import { QuotaFile } from "../maildir/quota_file.ts";
import { canonicalName } from "../store/mailbox_name.ts";
import { formatReport, type Tally } from "../transfer/tally.ts";
import type { Target } from "../transfer/take_in.ts";
import { accountNamed, noAccount } from "./account_verbs.ts";
import { silentLog } from "./silent_log.ts";
import { CommandFault, type Terminal, type Tools } from "./terminal.ts";
import type { Call } from "./verb.ts";

const PROGRESS = 200; // milliseconds between two looks of the progress line
const BAR = 30;

/** Does `work` with ports for Maildirs on the file system of `home`, a folder, where the locks' own file lies meanwhile. */
export async function withMaildirs<T>(
  tools: Tools,
  config: Config,
  home: string,
  work: (ports: Ports) => Promise<T>,
): Promise<T> {
  const { fs, clock, random } = tools;
  await fs.makeDir(home);
  const who = { hostname: Deno.hostname(), pid: Deno.pid };
  const locks = new Locks({ fs, clock, random, log: silentLog, ...who }, home);
  try {
    return await work({
      fs,
      clock,
      random,
      log: silentLog,
      ...who,
      dirSync: new DirSync(fs),
      names: new NameMaker(clock, random, who.pid, who.hostname),
      separator: config.imap.separator,
      locks,
      validities: new UidValidities({ fs, clock, locks, log: silentLog }),
    });
  } finally {
    await locks.close();
  }
}

/** An account that is there, by its address. Throws CommandFault. */
export async function accountThere(call: Call, config: Config, text: string | undefined): Promise<Account> {
  const id = accountNamed(config, text);
  const loaded = await loadAccounts(call.tools.fs, dataPaths(config).accounts);
  if (!loaded.ok) throw new CommandFault(loaded.error);
  const account = loaded.value.get(id);
  if (!account) throw new CommandFault(noAccount(id));
  return account;
}

/** The folder of an account's mail. */
export function mailFolder(config: Config, id: string): string {
  return `${dataPaths(config).mail}/${accountPath(id)}`;
}

/** Makes an account's mail a target; its folder is there, on the medium, when this resolves. */
export async function accountTarget(ports: Ports, config: Config, account: Account): Promise<Target> {
  const root = mailFolder(config, account.id);
  await makeRoot(ports, root, config.mail ?? config.data);
  const bound = account.quota !== null || account.quotaMessages !== undefined;
  const limit = bound ? { octets: account.quota, messages: account.quotaMessages ?? null } : null;
  return { ports, root, quota: new QuotaFile(ports, root, () => limit) };
}

/** Makes a Maildir's parts where they are missing; the folders above it are on the medium, too, up to `top`. */
export async function makeRoot({ fs }: Pick<Ports, "fs">, root: string, top: string): Promise<void> {
  for (const part of ["tmp", "new", "cur"]) await fs.makeDir(`${root}/${part}`);
  for (let dir = root; dir.length >= top.length; dir = folderOf(dir)) await fs.syncDir(dir);
  try {
    await fs.syncDir(folderOf(top));
  } catch (e) {
    if (!isFsError(e, "denied")) throw e; // so `top` was not made in it by us
  }
}

/** The folder that --folder names, with "/" or "." between levels; null where none is named. Throws CommandFault. */
export function folderOption(call: Call, config: Config): string | null {
  const text = call.options.get("folder");
  return text === undefined ? null : folderNamed(config, text);
}

/** A folder by its name with "/" or "." between levels. Throws CommandFault. */
export function folderNamed(config: Config, text: string): string {
  const { separator } = config.imap;
  const name = canonicalName(text.replace(/[./]/g, separator), separator);
  if (!name.ok) throw new CommandFault(`"${text}" is no name of a folder such as Work/2026`, 2);
  return name.value;
}

/** A line on a terminal that shows how far it is. */
export class Progress {
  readonly #terminal: Terminal;
  readonly #tools: Tools;
  readonly #what: string;
  #shown = -Infinity;
  #any = false;

  constructor({ terminal, tools }: Pick<Call, "terminal" | "tools">, what: string) {
    this.#terminal = terminal;
    this.#tools = tools;
    this.#what = what;
  }

  /** How far it is, where nobody knows how far it goes. */
  count(text: string): void {
    if (this.#due()) this.#terminal.status?.(`${this.#what} ${text}`);
  }

  /** `share` is from 0 to 1. */
  show(share: number, text: string): void {
    if (!this.#due()) return;
    const full = Math.round(Math.min(1, Math.max(0, share)) * BAR);
    const percent = `${Math.floor(Math.min(1, share) * 100)}%`.padStart(4);
    this.#terminal.status?.(`${this.#what} [${"#".repeat(full)}${".".repeat(BAR - full)}]${percent} ${text}`);
  }

  #due(): boolean {
    if (!this.#terminal.isTerminal) return false;
    const now = this.#tools.clock.monotonic();
    if (now - this.#shown < PROGRESS) return false;
    this.#shown = now;
    this.#any = true;
    return true;
  }

  end(): void {
    if (this.#any) this.#terminal.status?.("");
  }
}

/** Prints the loss report; gives the exit code: 1 where something was lost. */
export function tell(
  call: Call,
  tally: Tally,
  verb: string,
  more: Readonly<Record<string, unknown>> = {},
): number {
  const report = tally.report();
  if (call.options.has("json")) call.terminal.out(JSON.stringify({ ...more, ...report }, null, 2));
  else for (const line of formatReport(report, verb)) call.terminal.out(line);
  return report.lost > 0 ? 1 : 0;
}
