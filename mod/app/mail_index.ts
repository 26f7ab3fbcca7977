/** The indexes of all accounts below DATA/index, loaded with SQLite when the first is opened: an idle server holds 4 MB less. */
import type { Config } from "../config/config.ts";
import { dataPaths } from "../config/paths.ts";
import type { Indexes } from "../index/indexes.ts";
import { accountPath } from "../maildir/layout.ts";
import type { MailIndex } from "../store/mail_index.ts";
import type { Platform } from "./platform.ts";

/** `close` writes what is left and closes the files. */
export function lazyIndex(platform: Platform, config: Config): MailIndex & { close(): Promise<void> } {
  let opened: Promise<Indexes> | null = null;
  const indexes = async () => {
    opened ??= openIndexes(platform, config);
    try {
      return await opened;
    } catch (e) {
      opened = null; // what could not be loaded now may be there later
      throw e;
    }
  };
  return {
    open: async (account, mailbox) => await (await indexes()).open(account, mailbox),
    keepOnly: async (account, names) => await (await indexes()).keepOnly(account, names),
    close: async () => await (await opened)?.close(),
  };
}

async function openIndexes({ fs, clock, random, log }: Platform, config: Config): Promise<Indexes> {
  const [{ Indexes }, { openSqlite }] = await Promise.all([
    import("../index/indexes.ts"),
    import("../sys/sqlite.ts"),
  ]);
  const { index } = dataPaths(config);
  const pathOf = (account: string) => {
    const path = accountPath(account);
    return path === null ? null : `${index}/${path}.sqlite`;
  };
  // A cache leaves to mail what little there is.
  const room = async () => {
    const { free } = await fs.space(config.data);
    return free === null || free >= 2 * config.limits.diskFree;
  };
  return new Indexes(pathOf, { openDatabase: openSqlite, fs, clock, random, log }, room);
}
