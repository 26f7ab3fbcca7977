import { loadAccounts } from "../../account/accounts_file.ts";
import type { AccountId } from "../../account/directory.ts";
import type { Config } from "../../config/config.ts";
import { dataPaths } from "../../config/paths.ts";
import { formatIdentifier, isOwner } from "../../imap/acl_identifier.ts";
import { MaildirSharing } from "../../maildir/sharing.ts";
import { listFolders } from "../../maildir/folder_tree.ts";
import { isDir } from "../../maildir/layout.ts";
import { type Acl, changeAcl, removeFromAcl } from "../../store/acl.ts";
import { ALL_RIGHTS, formatRights, parseRights, type Rights } from "../../store/rights.ts";
import { sharedName } from "../../store/shared_name.ts";
import type { Sharing } from "../../store/sharing.ts";
import { accountNamed, noAccount } from "../account_verbs.ts";
import { readConfig } from "../find_config.ts";
import { CommandFault } from "../terminal.ts";
import { accountThere, folderNamed, mailFolder, withMaildirs } from "../transfer.ts";
import { type Call, CONFIG_OPTION, JSON_OPTION, table, type Verb } from "../verb.ts";

/** What people ask for as a rule, in letters of RFC 4314. */
const WORDS: ReadonlyMap<string, string> = new Map([
  ["read", "lrs"],
  ["write", "lrwstie"],
  ["all", formatRights(ALL_RIGHTS)],
]);

export const verb: Verb = {
  usage: [
    "acl list ACCOUNT [--json]",
    "acl give ACCOUNT FOLDER WHO RIGHTS",
    "acl take ACCOUNT FOLDER WHO",
  ],
  about:
    `Who else may use the folders of an account; the server may run and goes by it at once. WHO is another account, or "anyone" for all who log in.
RIGHTS is "read", "write" (with deleting), "all", or letters as in IMAP (RFC 4314): l see it, r read, s mark as read, w set other flags,
t and e delete, i put messages in, k make folders below it, x remove or rename it, a give rights to others. "give" puts them in place of those
there were. Mail programs that know ACL can do the same, for their own account.`,
  options: { ...JSON_OPTION, ...CONFIG_OPTION },
  async run(call) {
    const [action = "", whom, folder, who, letters] = call.operands;
    const usage = verb.usage.find((line) => line.startsWith(`acl ${action} `));
    if (action === "" || usage === undefined) throw new CommandFault("acl needs one of list, give, take", 2);
    const operands = { list: 2, give: 5 }[action] ?? 4;
    if (call.operands.length !== operands) throw new CommandFault(`write it as "roost ${usage}"`, 2);
    const config = await readConfig(call);
    const { id } = await accountThere(call, config, whom);
    if (action === "list") return await list(call, config, id);
    const name = folderNamed(config, folder ?? "");
    const to = await identifier(call, config, id, who ?? "");
    const rights = action === "give" ? rightsNamed(letters ?? "") : null;
    return await change(call, config, { owner: id, name }, (acl) => {
      const gone = removeFromAcl(removeFromAcl(acl, id, { id: to, negative: true }), id, {
        id: to,
        negative: false,
      });
      return rights === null ? gone : changeAcl(gone, id, { id: to, negative: false, rights }, "replace");
    });
  },
};

async function change(
  call: Call,
  config: Config,
  { owner, name }: { readonly owner: AccountId; readonly name: string },
  changed: (acl: Acl) => Acl,
): Promise<number> {
  const done = await withSharing(call, config, (sharing) => sharing.change(owner, name, changed));
  if (!done.ok) {
    throw new CommandFault(
      done.error === "too-many"
        ? `${name} is shared with too many; "anyone" is all who log in`
        : `${owner} has no folder ${name}`,
    );
  }
  const others = sharedName({ owner, name }, config.imap.separator);
  call.terminal.out(
    `done; others find it as ${others ?? "nothing, for their address cannot be in a folder's name"}`,
  );
  return 0;
}

async function list(call: Call, config: Config, owner: AccountId): Promise<number> {
  const shared: { readonly folder: string; readonly who: string; readonly rights: string }[] = [];
  const root = mailFolder(config, owner);
  await withSharing(call, config, async (sharing, ports) => {
    for (const folder of isDir(ports.fs, root) ? await listFolders(ports, root) : []) {
      for (const entry of await sharing.read(owner, folder) ?? []) {
        if (isOwner(entry, owner)) continue;
        shared.push({ folder, who: formatIdentifier(entry, owner), rights: formatRights(entry.rights) });
      }
    }
  });
  if (call.options.has("json")) call.terminal.out(JSON.stringify(shared, null, 2));
  else if (shared.length === 0) call.terminal.out(`${owner} shares nothing`);
  else {
    const rows = shared.map(({ folder, who, rights }) => [folder, who, rights]);
    call.terminal.out(table([["FOLDER", "WHO", "RIGHTS"], ...rows]));
  }
  return 0;
}

async function withSharing<T>(
  call: Call,
  config: Config,
  work: (sharing: Sharing, ports: Parameters<Parameters<typeof withMaildirs>[3]>[0]) => Promise<T>,
): Promise<T> {
  const { accounts, mail } = dataPaths(config);
  const loaded = await loadAccounts(call.tools.fs, accounts);
  if (!loaded.ok) throw new CommandFault(loaded.error);
  const people = { has: (id: AccountId) => loaded.value.has(id), all: () => [...loaded.value.keys()] };
  return await withMaildirs(call.tools, config, mail, async (ports) => {
    const sharing = new MaildirSharing(ports, mail, people);
    try {
      return await work(sharing, ports);
    } finally {
      await sharing.settled();
    }
  });
}

/** Who is meant, in the terms of the file. Somebody who is not there would get nothing: that is a slip of the pen. */
async function identifier(call: Call, config: Config, owner: AccountId, text: string): Promise<string> {
  if (text === "anyone" || text === "authenticated") return text;
  const id = accountNamed(config, text);
  if (id === owner) throw new CommandFault(`${owner} owns it and has all rights`, 2);
  const loaded = await loadAccounts(call.tools.fs, dataPaths(config).accounts);
  if (call.operands[0] === "give" && loaded.ok && !loaded.value.has(id)) {
    throw new CommandFault(noAccount(id));
  }
  return `user=${id}`;
}

function rightsNamed(text: string): Rights {
  const rights = parseRights(WORDS.get(text) ?? text);
  if (rights === null || rights === 0) {
    throw new CommandFault(
      `"${text}" are no rights; say ${[...WORDS.keys()].join(", ")} or letters of lrswtiekxa`,
      2,
    );
  }
  return rights;
}
