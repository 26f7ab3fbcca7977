import type { DomainRules } from "../../account/local_directory.ts";
import { addAlias, removeAlias } from "../../config/edit.ts";
import { formatAddress, parseAddress } from "../../mail/address.ts";
import { tellServer } from "../control.ts";
import { editConfig } from "../edit_config.ts";
import { readConfig } from "../find_config.ts";
import { CommandFault } from "../terminal.ts";
import { type Call, CONFIG_OPTION, JSON_OPTION, table, type Verb } from "../verb.ts";

export const verb: Verb = {
  usage: ["alias add ADDRESS TARGET…", "alias list [DOMAIN] [--json]", "alias remove ADDRESS [TARGET…]"],
  about:
    `Addresses that lead to accounts, to other aliases or to addresses elsewhere; kept in roost.yaml, whose comments and order stay.
"remove" without a target removes the alias.`,
  options: { ...JSON_OPTION, ...CONFIG_OPTION },
  async run(call) {
    const [action = "", ...rest] = call.operands;
    if (action === "list") return await list(call, rest[0]);
    if (action !== "add" && action !== "remove") {
      throw new CommandFault("alias needs one of add, list, remove", 2);
    }
    return await alter(call, action, rest);
  },
};

async function alter(
  call: Call,
  action: "add" | "remove",
  [name, ...targets]: readonly string[],
): Promise<number> {
  if (name === undefined) throw new CommandFault("which alias? give its address", 2);
  const config = await readConfig(call);
  const domains = [...config.domains.keys()];
  const whole = name.includes("@") || domains.length !== 1 ? name : `${name}@${domains[0]}`;
  const alias = parseAddress(whole);
  if (!alias.ok || alias.value.domain === "") throw new CommandFault(`"${name}" is no address`, 2);
  if (action === "add" && targets.length === 0) {
    throw new CommandFault("where does its mail go? give one address or more", 2);
  }
  const { local, domain } = alias.value;
  const edit = action === "add" ? addAlias : removeAlias;
  await editConfig(
    call.tools,
    config.file,
    (text) => edit(config.file, text, domain, local.toLowerCase(), targets),
  );
  const after = (await readConfig(call)).domains.get(domain)?.aliases[local.toLowerCase()] ?? [];
  const leads = after.length === 0 ? "leads nowhere now" : `goes to ${after.map(formatAddress).join(", ")}`;
  call.terminal.out(`${formatAddress(alias.value)} ${leads} (${await tellServer(call.tools, config)})`);
  return 0;
}

async function list(call: Call, only: string | undefined): Promise<number> {
  const { domains } = await readConfig(call);
  const rows: { alias: string; targets: string[] }[] = [];
  for (const [domain, rules] of domains) {
    if (only !== undefined && only !== domain) continue;
    rows.push(...aliasRows(domain, rules));
  }
  if (call.options.has("json")) call.terminal.out(JSON.stringify(rows, null, 2));
  else if (rows.length === 0) call.terminal.out('no aliases; "roost alias add ADDRESS TARGET" makes one');
  else call.terminal.out(table(rows.map((r) => [r.alias, r.targets.join(", ")])));
  return 0;
}

function aliasRows(domain: string, rules: DomainRules): { alias: string; targets: string[] }[] {
  const rows = Object.entries(rules.aliases).map(([local, to]) => ({
    alias: formatAddress({ local, domain }),
    targets: to.map(formatAddress),
  }));
  if (rules.catchAll) rows.push({ alias: `*@${domain}`, targets: [formatAddress(rules.catchAll)] });
  return rows;
}
