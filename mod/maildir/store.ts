import type { AccountId } from "../account/directory.ts";
import type { Body } from "../base/body.ts";
import type { BulkReader } from "../base/bulk_reader.ts";
import type { Clock } from "../base/clock.ts";
import { DirSync } from "../base/durable.ts";
import { type Fs, FsError, isFsError } from "../base/fs.ts";
import { CACHED_FOLDERS, CACHED_FOR, CACHED_MESSAGES, KNOWN_FOLDERS, QUICK_READ } from "../base/limits.ts";
import type { Log } from "../base/log.ts";
import type { Random } from "../base/random.ts";
import { INBOX } from "../store/mailbox_name.ts";
import type { People, Sharing } from "../store/sharing.ts";
import type { DeliveryOutcome, DeliveryTarget, QuotaLimit, Store } from "../store/store.ts";
import { type AccountHost, MaildirAccount } from "./account.ts";
import { Aheads } from "./aheads.ts";
import { QuickReader } from "./content.ts";
import { deliverTo, type Place } from "./delivery.ts";
import { Locks } from "./dot_lock.ts";
import { NameMaker } from "./file_name.ts";
import type { Folder } from "./folder.ts";
import { accountPath } from "./layout.ts";
import type { Ports } from "./ports.ts";
import { tidyAccount } from "./tidying.ts";
import { UidValidities } from "./uid_validity.ts";
import { Watching } from "./watching.ts";

export interface MaildirOptions {
  readonly fs: Fs;
  /** The folder that holds DOMAIN/USER for every account: an absolute path that is there. */
  readonly root: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** Of this machine, for file names and locks: processes on a shared file system must differ in it. */
  readonly hostname: string;
  readonly pid: number;
  /** Between levels of mailbox names as clients see them: "." or "/". */
  readonly separator?: string;
  /** Shared with the rest of the process, so that all who wait for a folder share its sync. */
  readonly dirSync?: DirSync;
  /** What an account may keep, as it is at the moment; null for no bound. */
  readonly quota?: (account: AccountId) => QuotaLimit | null;
  /** Makes what reads many files beside the event loop; asked for once, when there is first much to read. */
  readonly bulk?: () => Promise<BulkReader>;
}

/** The store port over Maildir++ folders, in the very files Dovecot keeps. */
export class MaildirStore implements Store, AccountHost {
  readonly separator: string;
  readonly quick: QuickReader;
  readonly following = { folders: 0, watched: 0 };
  readonly #ports: Ports;
  readonly #root: string;
  readonly #quota: (account: AccountId) => QuotaLimit | null;
  readonly #accounts = new Map<AccountId, Promise<MaildirAccount>>();
  /** Ready ones, to be had without waiting. */
  readonly #ready = new Map<AccountId, MaildirAccount>();
  /** Folders without users or messages, oldest first: what else is held nowhere may go. */
  readonly #known = new Set<Folder>();
  /** Folders without users whose messages are kept, oldest first. */
  readonly #idle = new Map<Folder, number>();
  readonly #background = new Set<Promise<unknown>>();
  readonly #watching: Watching;
  #cancelForget: (() => void) | null = null;

  constructor(options: MaildirOptions) {
    const { fs, clock, random, log, hostname, pid } = options;
    this.separator = options.separator ?? ".";
    this.#root = options.root;
    this.#quota = options.quota ?? (() => null);
    const aheads = options.bulk ? new Aheads(options.bulk, log) : null;
    const locks = new Locks({ fs, clock, random, log, hostname, pid }, options.root);
    this.#ports = {
      fs,
      clock,
      random,
      log,
      hostname,
      pid,
      separator: this.separator,
      dirSync: options.dirSync ?? new DirSync(fs),
      names: new NameMaker(clock, random, pid, hostname),
      locks,
      validities: new UidValidities({ fs, clock, locks, log }),
      ...(aheads ? { aheads } : {}),
    };
    this.quick = new QuickReader(fs, QUICK_READ);
    this.#watching = new Watching(this.#ports);
  }

  account(id: AccountId): Promise<MaildirAccount> {
    let account = this.#accounts.get(id);
    if (!account) {
      account = this.#open(id);
      this.#accounts.set(id, account);
      account.then((a) => this.#ready.set(id, a), () => this.#accounts.delete(id));
    }
    return account;
  }

  /** What the accounts of `people` share with each other. */
  async sharing(people: People): Promise<Sharing> {
    const { MaildirSharing } = await import("./sharing.ts");
    return new MaildirSharing(this.#ports, this.#root, people);
  }

  async deliver(targets: readonly DeliveryTarget[], body: Body): Promise<readonly DeliveryOutcome[]> {
    try {
      const places: (Place | FsError)[] = [];
      for (const target of targets) places.push(await this.#place(target));
      return await deliverTo(this.#ports, places, body);
    } catch (e) {
      this.#ports.log.error("delivery failed", { targets: targets.length }, e);
      return targets.map(() => ({ kind: "deferred", why: "internal error" }));
    }
  }

  /** A folder's first user came or its last one left: keeps the messages of a few for the next time. */
  used(folder: Folder): void {
    this.#idle.delete(folder);
    this.#known.delete(folder);
    if (folder.users > 0) {
      this.#watching.start(folder);
      return;
    }
    this.#watching.stop(folder);
    if (folder.state.gone) return;
    this.#idle.set(folder, this.#ports.clock.monotonic());
    this.#forgetIdle();
    if (this.#idle.size > 0) {
      this.#cancelForget ??= this.#ports.clock.after(CACHED_FOR, () => this.#forgetOld());
    }
  }

  /** Many files of a folder are about to be changed. */
  stirring(folder: Folder): void {
    this.#watching.rest(folder);
  }

  /** Many of a folder's messages are being read. */
  reading(folder: Folder): void {
    this.#watching.pause(folder);
  }

  #forgetOld(): void {
    this.#cancelForget = null;
    this.#forgetIdle();
    if (this.#idle.size > 0) {
      this.#cancelForget = this.#ports.clock.after(CACHED_FOR, () => this.#forgetOld());
    }
  }

  /** Gives back the memory of what was not used for long, and of the oldest while it is too much. */
  #forgetIdle(): void {
    const old = this.#ports.clock.monotonic() - CACHED_FOR;
    let messages = 0;
    for (const folder of this.#idle.keys()) messages += folder.messages.length;
    for (const [folder, since] of this.#idle) {
      if (messages <= CACHED_MESSAGES && this.#idle.size <= CACHED_FOLDERS && since > old) break;
      if (folder.busy) continue; // next time
      messages -= folder.messages.length;
      this.#idle.delete(folder);
      folder.state.unload();
      this.made(folder);
    }
  }

  /** Holds the folder for a while, though nobody has it open. */
  made(folder: Folder): void {
    this.#known.add(folder);
    const [oldest] = this.#known;
    if (this.#known.size > KNOWN_FOLDERS && oldest) this.#known.delete(oldest);
  }

  background(what: string, work: Promise<unknown>): void {
    const done = work.catch((e) => {
      this.#ports.log.warn("work in the background failed", { what, why: String(e) });
    }).finally(() => this.#background.delete(done));
    this.#background.add(done);
  }

  /** Resolves when nothing is under way that nobody waits for. */
  async settled(): Promise<void> {
    while (this.#background.size > 0) await Promise.all(this.#background);
    for (const account of this.#ready.values()) {
      for (const folder of account.folders()) await folder.settled();
    }
  }

  /** Ends watching and lets what is under way come to its end. */
  async close(): Promise<void> {
    this.#watching.close();
    for (const account of this.#ready.values()) account.endWatching();
    this.#cancelForget?.();
    this.#ports.aheads?.close();
    await this.settled();
    await this.#ports.locks.close();
  }

  async #open(id: AccountId): Promise<MaildirAccount> {
    const path = accountPath(id);
    if (path === null) throw new FsError("denied", "use as an account", id);
    const root = `${this.#root}/${path}`;
    const account = new MaildirAccount(this.#ports, this, root, () => this.#quota(id));
    await account.ensure(this.#root);
    this.background("tidying an account", tidyAccount(this.#ports, root));
    return account;
  }

  async #place(target: DeliveryTarget): Promise<Place | FsError> {
    try {
      const account = this.#ready.get(target.account) ?? await this.account(target.account);
      const folder = account.findSeen(target.mailbox) ?? account.findSeen(INBOX);
      if (folder) {
        return { folder, root: account.root, flags: target.flags, quotaFile: account.quotaFile };
      }
      // The folder was taken away under a running server: make it again.
      await account.ensure(this.#root);
      return new FsError("not-found", "open INBOX of", target.account);
    } catch (e) {
      if (isFsError(e)) return e;
      throw e;
    }
  }
}
