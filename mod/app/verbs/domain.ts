import { loadAccounts } from "../../account/accounts_file.ts";
import { addDomain, removeDomain } from "../../config/edit.ts";
import { dataPaths } from "../../config/paths.ts";
import { hostName } from "../../config/values.ts";
import { tellServer } from "../control.ts";
import { ensureDkimKeys } from "../dkim_keys.ts";
import { editConfig } from "../edit_config.ts";
import { readConfig } from "../find_config.ts";
import { CommandFault } from "../terminal.ts";
import { type Call, CONFIG_OPTION, JSON_OPTION, table, type Verb } from "../verb.ts";

export const verb: Verb = {
  usage: ["domain add DOMAIN", "domain list [--json]", "domain remove DOMAIN"],
  about:
    `The domains whose mail is ours; kept in roost.yaml, whose comments and order stay. "add" makes DKIM keys too; "roost dns DOMAIN" then
prints the records to publish. "remove" refuses while accounts are left in the domain.`,
  options: { ...JSON_OPTION, ...CONFIG_OPTION },
  async run(call) {
    const [action = "", name] = call.operands;
    if (action === "list") return await list(call);
    if (action !== "add" && action !== "remove") {
      throw new CommandFault("domain needs one of add, list, remove", 2);
    }
    const domain = hostName(name);
    if (domain === undefined) throw new CommandFault(`"${name ?? ""}" is no domain such as example.org`, 2);
    return action === "add" ? await add(call, domain) : await remove(call, domain);
  },
};

async function add(call: Call, domain: string): Promise<number> {
  const config = await readConfig(call);
  await editConfig(call.tools, config.file, (text) => addDomain(config.file, text, domain));
  await ensureDkimKeys(call.tools, config, domain);
  call.terminal.out(
    `${domain} added (${await tellServer(
      call.tools,
      config,
    )})\nnext: roost dns ${domain}; roost user add you@${domain}`,
  );
  return 0;
}

async function remove(call: Call, domain: string): Promise<number> {
  const config = await readConfig(call);
  const accounts = await loadAccounts(call.tools.fs, dataPaths(config).accounts);
  if (!accounts.ok) throw new CommandFault(accounts.error);
  const left = [...accounts.value.keys()].filter((id) => id.endsWith(`@${domain}`));
  if (left.length > 0) {
    throw new CommandFault(`${domain} still has accounts: ${left.join(", ")}; remove them first`);
  }
  await editConfig(call.tools, config.file, (text) => removeDomain(config.file, text, domain));
  call.terminal.out(`${domain} removed (${await tellServer(call.tools, config)})`);
  return 0;
}

async function list(call: Call): Promise<number> {
  const config = await readConfig(call);
  const accounts = await loadAccounts(call.tools.fs, dataPaths(config).accounts);
  if (!accounts.ok) throw new CommandFault(accounts.error);
  const rows = [...config.domains].map(([domain, rules]) => ({
    domain,
    accounts: [...accounts.value.keys()].filter((id) => id.endsWith(`@${domain}`)).length,
    aliases: Object.keys(rules.aliases).length,
  }));
  if (call.options.has("json")) call.terminal.out(JSON.stringify(rows, null, 2));
  else if (rows.length === 0) call.terminal.out('no domains yet; "roost domain add DOMAIN" adds one');
  else {call.terminal.out(
      table([
        ["DOMAIN", "ACCOUNTS", "ALIASES"],
        ...rows.map((r) => [r.domain, `${r.accounts}`, `${r.aliases}`]),
      ]),
    );}
  return 0;
}
