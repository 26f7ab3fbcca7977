import { readManifest } from "../../backup/manifest.ts";
import { restoreFiles } from "../../backup/files.ts";
import { bareId, restoredFolder, type Wanted } from "../../backup/restored.ts";
import { snapshotsAt } from "../../backup/snapshots.ts";
import type { Config } from "../../config/config.ts";
import { absolutePath, dataPaths } from "../../config/paths.ts";
import { SubscriptionFile } from "../../maildir/subscription_file.ts";
import type { Ports } from "../../maildir/ports.ts";
import { accountPath } from "../../maildir/layout.ts";
import { MaildirSource } from "../../transfer/maildir_source.ts";
import { Tally } from "../../transfer/tally.ts";
import { takeIn } from "../../transfer/take_in.ts";
import { accountNamed } from "../account_verbs.ts";
import { control } from "../control.ts";
import { readConfig } from "../find_config.ts";
import { CommandFault } from "../terminal.ts";
import { folderOption, makeRoot, Progress, tell, withMaildirs } from "../transfer.ts";
import { type Call, CONFIG_OPTION, JSON_OPTION, type Verb } from "../verb.ts";

export const verb: Verb = {
  usage: [
    "restore SRC [--before DATE] [--without-queue] [--into-existing-data]    everything",
    "restore SRC --account A [--folder F] [--before DATE]                    an account, or one folder of it",
    "restore SRC --account A --message ID [--folder F] [--before DATE]       messages with this Message-ID",
  ],
  about:
    `Brings back what a snapshot has. SRC is a snapshot, or a folder of them: then the newest, or the newest before DATE. What is there already stays
as it is, and nothing is overwritten: an account gets the messages it lacks, under new UIDs unless the folder is new. An account can be restored while the
server runs. Everything can be only where no server runs, and into empty data, unless --into-existing-data says to add to what is there. Mail that waited
in the queue then is sent again, even if it has gone out since; --without-queue leaves it out. The
configuration of then is in the snapshot, config/roost.yaml: on a new machine copy it to its place first.`,
  options: {
    account: { value: "A", doc: "only this account's mail" },
    folder: { value: "F", doc: "only this folder of it" },
    message: { value: "ID", doc: "only messages with this Message-ID; older snapshots are searched, too" },
    before: {
      value: "DATE",
      doc: "the newest snapshot before it, such as 2026-11-22 or 2026-11-22T10:00:00Z",
    },
    "without-queue": { doc: "leave out mail that waited to be sent" },
    "into-existing-data": { doc: "add what is missing to data that is there" },
    ...JSON_OPTION,
    ...CONFIG_OPTION,
  },
  async run(call) {
    const { tools, terminal, options } = call;
    const [from] = call.operands;
    if (from === undefined) {
      throw new CommandFault("restore from where? give the path of a snapshot, or of a folder of them", 2);
    }
    for (const option of ["folder", "message"]) {
      if (options.has(option) && !options.has("account")) {
        throw new CommandFault(`--${option} needs --account`, 2);
      }
    }
    const before = dateOption(options.get("before"));
    const config = await readConfig(call);
    const path = absolutePath(terminal.cwd, from);
    const snapshots = await snapshotsAt(tools.fs, path, before);
    if (snapshots.length === 0) {
      throw new CommandFault(
        `${path} has no finished snapshot${before === null ? "" : ` from before ${options.get("before")}`}`,
      );
    }
    const account = options.get("account");
    const tally = new Tally();
    const used = account === undefined
      ? await restoreAll(call, config, snapshots[0] ?? "", tally)
      : await restoreAccount(call, config, snapshots, accountNamed(config, account), tally);
    if (!options.has("json")) terminal.out(`from ${used}`);
    return tell(call, tally, "restored", { from: used });
  },
};

/** A moment, in milliseconds since 1970: a day means its beginning. Throws CommandFault. */
function dateOption(text: string | undefined): number | null {
  if (text === undefined) return null;
  const day = /^\d{4}-\d\d-\d\d$/.test(text);
  const time = /^\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d)?(?:Z|[+-]\d\d:\d\d))?$/.test(text)
    ? Date.parse(text)
    : NaN;
  if (Number.isNaN(time)) {
    throw new CommandFault(`--before "${text}" is no date such as 2026-11-22 or 2026-11-22T10:00:00Z`, 2);
  }
  return day ? time - 1 : time;
}

async function wantedOf(call: Call, dir: string, messageId: string | null): Promise<Wanted> {
  const manifest = await readManifest(call.tools.fs, dir);
  if (!manifest.ok) throw new CommandFault(`${dir}: ${manifest.error}`);
  return { messageId, files: manifest.value.files, dir };
}

/** One account's mail, from the newest snapshot that has what is wanted; gives which. */
async function restoreAccount(
  call: Call,
  config: Config,
  snapshots: readonly string[],
  id: string,
  tally: Tally,
): Promise<string> {
  const messageId = call.options.get("message");
  const root = `${dataPaths(config).mail}/${accountPath(id)}`;
  const only = folderOption(call, config);
  return await withMaildirs(call.tools, config, config.data, async (ports) => {
    for (const dir of snapshots) {
      const wanted = await wantedOf(call, dir, messageId === undefined ? null : bareId(messageId));
      const from = `${dir}/data/mail/${accountPath(id)}`;
      const found = await restoreMail(call, config, ports, from, root, wanted, only, tally);
      if (found && (messageId === undefined || tally.done > 0)) return dir;
      if (!found && messageId === undefined) {
        throw new CommandFault(`${dir} has no ${only === null ? "mail" : `folder ${only}`} of ${id}`);
      }
    }
    throw new CommandFault(`no snapshot has a message with this ID: ${messageId}`);
  });
}

/** Brings back mail of one account; false when the snapshot has none of what is wanted. */
async function restoreMail(
  call: Call,
  config: Config,
  ports: Ports,
  from: string,
  root: string,
  wanted: Wanted,
  only: string | null,
  tally: Tally,
): Promise<boolean> {
  const source = await MaildirSource.open(call.tools.fs, from, ports.separator, tally);
  if (!source || (only !== null && !source.names.includes(only))) return false;
  // All that is new down to it must be there after a power cut.
  await makeRoot(ports, root, config.mail ?? config.data);
  const progress = new Progress(call, "restore");
  try {
    for await (const folder of source.folders()) {
      if (only !== null && folder.name !== only) continue;
      const part = restoredFolder(ports.fs, folder, wanted, tally);
      await takeIn({ ports, root, quota: null }, part, tally, () => progress.count(`${tally.done} messages`));
    }
  } finally {
    progress.end();
  }
  const names = only === null && wanted.messageId === null ? source.subscriptions ?? [] : [];
  if (names.length > 0) await new SubscriptionFile(ports, root).change(names, true);
  // Counted anew: what came back was not weighed.
  await ports.fs.remove(`${root}/maildirsize`);
  return true;
}

async function restoreAll(call: Call, config: Config, dir: string, tally: Tally): Promise<string> {
  const { tools, options } = call;
  const paths = dataPaths(config);
  const running = await control(tools, config, "GET", "/api/status");
  if (running.kind !== "not-running") {
    throw new CommandFault("the server runs: stop it first, or restore one account with --account");
  }
  const there = await tools.fs.stat(paths.accounts) ?? await tools.fs.stat(paths.mail);
  if (there && !options.has("into-existing-data")) {
    throw new CommandFault(
      `${config.data} is not empty, and may be newer than the snapshot; to add what it lacks say --into-existing-data, or name an empty folder as "data" in ${config.file}`,
    );
  }
  const wanted = await wantedOf(call, dir, null);
  await withMaildirs(tools, config, config.data, async (ports) => {
    const others = [...wanted.files.values()].filter(({ path }) =>
      path.startsWith("data/") && !path.startsWith("data/mail/") &&
      !(path.startsWith("data/queue/") && options.has("without-queue"))
    );
    await restoreFiles(ports.fs, dir, others, config.data, tally);
    for (const account of accountsIn(wanted)) {
      const root = `${paths.mail}/${account}`;
      await restoreMail(call, config, ports, `${dir}/data/mail/${account}`, root, wanted, null, tally);
    }
  });
  return dir;
}

/** Folders DOMAIN/USER that a snapshot has mail of. */
function accountsIn({ files }: Wanted): string[] {
  const found = new Set<string>();
  for (const path of files.keys()) {
    const m = /^data\/mail\/([^/]+\/[^/]+)\//.exec(path);
    if (m?.[1]) found.add(m[1]);
  }
  return [...found].sort();
}
