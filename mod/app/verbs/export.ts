import type { Config } from "../../config/config.ts";
import { absolutePath, dataPaths } from "../../config/paths.ts";
import { SpecialUseFile } from "../../maildir/special_use_file.ts";
import { SubscriptionFile } from "../../maildir/subscription_file.ts";
import { MaildirSource } from "../../transfer/maildir_source.ts";
import { MboxExport } from "../../transfer/mbox_export.ts";
import { Tally } from "../../transfer/tally.ts";
import { takeIn } from "../../transfer/take_in.ts";
import { readConfig } from "../find_config.ts";
import { CommandFault } from "../terminal.ts";
import {
  accountThere,
  folderOption,
  mailFolder,
  makeRoot,
  Progress,
  tell,
  withMaildirs,
} from "../transfer.ts";
import { type Call, CONFIG_OPTION, JSON_OPTION, type Verb } from "../verb.ts";

export const verb: Verb = {
  usage: [
    "export maildir ACCOUNT DST [--folder F] [--json]    a Maildir that Dovecot and others can take over",
    "export mbox ACCOUNT DST [--folder F] [--json]       mbox files (mboxrd), one for each folder",
  ],
  about:
    `Copies an account's mail into the folder DST; the server may run. A Maildir gets Dovecot's own files for UIDs, keywords and subscriptions.
What was cut off can be run again: a Maildir goes on where it was, mbox files with the folder that was not whole. An export of old can be
brought up to date in this way, too; messages removed here since then stay there. Exits with 1 if something could not be copied.`,
  options: {
    folder: { value: "F", doc: "only this folder" },
    ...JSON_OPTION,
    ...CONFIG_OPTION,
  },
  async run(call) {
    const [kind = "", whom, to] = call.operands;
    if (kind !== "maildir" && kind !== "mbox") throw new CommandFault("export needs one of maildir, mbox", 2);
    const config = await readConfig(call);
    const account = await accountThere(call, config, whom);
    if (to === undefined) throw new CommandFault("export to where? give the path of a folder", 2);
    const path = absolutePath(call.terminal.cwd, to);
    for (const ours of [config.data, dataPaths(config).mail]) {
      if (!`${path}/`.startsWith(`${ours}/`)) continue;
      throw new CommandFault(`${path} lies in ${ours}, which is the server's own; choose another folder`);
    }
    const root = mailFolder(config, account.id);
    const tally = new Tally();
    const source = await MaildirSource.open(call.tools.fs, root, config.imap.separator, tally);
    const only = folderOption(call, config);
    if (!source) throw new CommandFault(`${account.id} has no mail yet: there is no ${root}`);
    if (only !== null && !source.names.includes(only)) {
      throw new CommandFault(`${account.id} has no folder ${only}; there are: ${source.names.join(", ")}`);
    }
    await (kind === "maildir" ? toMaildir : toMbox)(call, config, source, path, only, tally);
    return tell(call, tally, "exported", { account: account.id, to: path });
  },
};

async function toMaildir(
  call: Call,
  config: Config,
  source: MaildirSource,
  path: string,
  only: string | null,
  tally: Tally,
): Promise<void> {
  await withMaildirs(call.tools, config, path, async (ports) => {
    await makeRoot(ports, path, path);
    const target = { ports, root: path, quota: null };
    await eachFolder(call, source, only, tally, (folder, step) => takeIn(target, folder, tally, step));
    const names = source.subscriptions?.filter((n) => only === null || n === only) ?? [];
    if (names.length > 0) await new SubscriptionFile(ports, path).change(names, true);
    const uses = [...source.specialUses].filter(([name]) => only === null || name === only);
    if (uses.length > 0) {
      await new SpecialUseFile(ports, path).change((all) =>
        uses.forEach(([name, use]) => all.set(name, use))
      );
    }
  });
}

async function toMbox(
  call: Call,
  config: Config,
  source: MaildirSource,
  path: string,
  only: string | null,
  tally: Tally,
): Promise<void> {
  const files = await MboxExport.open(call.tools.fs, path, config.imap.separator);
  await eachFolder(call, source, only, tally, (folder, step) => files.write(folder, tally, step));
}

type Folder = Parameters<typeof takeIn>[1];

async function eachFolder(
  call: Call,
  source: MaildirSource,
  only: string | null,
  tally: Tally,
  each: (folder: Folder, step: () => void) => Promise<unknown>,
): Promise<void> {
  const wanted = (name: string) => only === null || name === only;
  const total = Math.max(1, await source.count(wanted));
  const progress = new Progress(call, "export");
  const step = () => progress.show(tally.done / total, `${tally.messages} messages`);
  try {
    for await (const folder of source.folders()) if (wanted(folder.name)) await each(folder, step);
  } finally {
    progress.end();
  }
}
