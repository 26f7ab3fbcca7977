import type { Config } from "../../config/config.ts";
import { absolutePath } from "../../config/paths.ts";
import { SpecialUseFile } from "../../maildir/special_use_file.ts";
import { SubscriptionFile } from "../../maildir/subscription_file.ts";
import type { Ports } from "../../maildir/ports.ts";
import { INBOX } from "../../store/mailbox_name.ts";
import { MaildirSource } from "../../transfer/maildir_source.ts";
import { MboxSource } from "../../transfer/mbox_source.ts";
import type { ImapSource } from "../../transfer/imap_source.ts";
import { Tally } from "../../transfer/tally.ts";
import { takeIn, type Target } from "../../transfer/take_in.ts";
import type { Source } from "../../transfer/types.ts";
import { readConfig } from "../find_config.ts";
import { CommandFault } from "../terminal.ts";
import { accountTarget, accountThere, folderOption, Progress, tell, withMaildirs } from "../transfer.ts";
import { type Call, CONFIG_OPTION, JSON_OPTION, type Verb } from "../verb.ts";

export const verb: Verb = {
  usage: [
    "import maildir SRC ACCOUNT [--folder F] [--json]    a Maildir of Dovecot, Courier or Roost",
    "import mbox SRC ACCOUNT [--folder F] [--json]       an mbox file, or a folder of such files",
    "import imap imaps://USER@HOST[:PORT] ACCOUNT --password-stdin [--folder F] [--any-certificate] [--json]",
  ],
  about:
    `Takes mail from elsewhere into an account, beside what is there; the server may run. Folders, flags, keywords, dates and subscriptions come
along, and UIDs too where a folder is new here, so that mail programs need not fetch everything again. What was cut off can be run
again: nothing is taken in twice. At the end it says what could not be taken over and why, and exits with 1 if there was any.`,
  options: {
    folder: {
      value: "F",
      doc: "only this folder of the source; for a single mbox file the folder it goes to, INBOX by default",
    },
    "password-stdin": { doc: "with imap: the other server's password is the first line of standard input" },
    "any-certificate": { doc: "with imap: take whatever certificate the other server shows" },
    ...JSON_OPTION,
    ...CONFIG_OPTION,
  },
  async run(call) {
    const [kind = "", from, whom] = call.operands;
    if (kind !== "maildir" && kind !== "mbox" && kind !== "imap") {
      throw new CommandFault("import needs one of maildir, mbox, imap", 2);
    }
    if (from === undefined) throw new CommandFault("import from where? give the path", 2);
    const config = await readConfig(call);
    const account = await accountThere(call, config, whom);
    const path = absolutePath(call.terminal.cwd, from);
    const tally = new Tally();
    return await withMaildirs(call.tools, config, config.data, async (ports) => {
      if (kind === "imap") {
        const { withImap } = await import("../import_imap.ts");
        return await withImap(call, config, from, tally, async (source) => {
          await importAll(
            call,
            imap(call, config, source, tally),
            await accountTarget(ports, config, account),
            tally,
          );
          return tell(call, tally, "imported", { account: account.id });
        });
      }
      const source = kind === "maildir"
        ? await maildir(call, config, ports, path, tally)
        : await mbox(call, config, path, tally);
      const target = await accountTarget(ports, config, account);
      await importAll(call, source, target, tally);
      return tell(call, tally, "imported", { account: account.id });
    });
  },
};

/** A source with what to show of its progress. */
interface Shown {
  readonly source: Source;
  wanted(name: string): boolean;
  /** Where a folder goes. */
  renamed(name: string): string;
  share(done: number): number;
}

async function maildir(call: Call, config: Config, ports: Ports, path: string, tally: Tally): Promise<Shown> {
  const only = folderOption(call, config);
  const source = await MaildirSource.open(call.tools.fs, path, ports.separator, tally);
  if (!source) {
    throw new CommandFault(`${path} is no Maildir: neither it nor a folder in it has cur/ or new/`);
  }
  if (only !== null && !source.names.includes(only)) {
    throw new CommandFault(`${path} has no folder ${only}; there are: ${source.names.join(", ")}`);
  }
  const wanted = (name: string) => only === null || name === only;
  const total = Math.max(1, await source.count(wanted));
  return { source, wanted, renamed: (name) => name, share: (done) => done / total };
}

async function mbox(call: Call, config: Config, path: string, tally: Tally): Promise<Shown> {
  const only = folderOption(call, config);
  const source = await MboxSource.open(call.tools.fs, path, config.imap.separator, tally);
  if (!source) throw new CommandFault(`${path}: there is no mbox file (one that begins with "From ")`);
  const single = source.names.length === 1 && source.names[0] === INBOX;
  if (only !== null && !single && !source.names.includes(only)) {
    throw new CommandFault(`${path} has no folder ${only}; there are: ${source.names.join(", ")}`);
  }
  return {
    source,
    wanted: (name) => only === null || single || name === only,
    renamed: (name) => single ? only ?? name : name,
    share: () => source.done / Math.max(1, source.size),
  };
}

function imap(call: Call, config: Config, source: ImapSource, tally: Tally): Shown {
  const only = folderOption(call, config);
  if (only !== null && !source.names.includes(only)) {
    throw new CommandFault(`there is no folder ${only}; there are: ${source.names.join(", ")}`);
  }
  const before = () => tally.done / Math.max(1, source.count);
  return { source, wanted: (name) => only === null || name === only, renamed: (name) => name, share: before };
}

async function importAll(call: Call, shown: Shown, target: Target, tally: Tally): Promise<void> {
  const { source } = shown;
  const progress = new Progress(call, "import");
  const step = () => progress.show(shown.share(tally.done), `${tally.messages} messages`);
  try {
    for await (const folder of source.folders()) {
      if (!shown.wanted(folder.name)) continue;
      if (!await takeIn(target, { ...folder, name: shown.renamed(folder.name) }, tally, step)) return;
    }
  } finally {
    progress.end();
  }
  const { ports, root } = target;
  const names = source.subscriptions?.filter((n) => shown.wanted(n)) ?? [];
  if (names.length > 0) await new SubscriptionFile(ports, root).change(names, true);
  const uses = [...source.specialUses].filter(([name]) => shown.wanted(name));
  if (uses.length > 0) {
    await new SpecialUseFile(ports, root).change((all) => {
      for (const [name, use] of uses) if (![...all.values()].includes(use)) all.set(name, use);
    });
  }
}
