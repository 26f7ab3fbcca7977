import type { DkimKey, DkimKeyState } from "../../auth/dkim/key_files.ts";
import { signingKeys } from "../../auth/dkim/key_files.ts";
import type { Config } from "../../config/config.ts";
import { hostName } from "../../config/values.ts";
import { dkimFolder, dkimStates, rotateDkimKeys } from "../dkim_keys.ts";
import { readConfig } from "../find_config.ts";
import { CommandFault } from "../terminal.ts";
import { type Call, CONFIG_OPTION, JSON_OPTION, table, type Verb } from "../verb.ts";

export const verb: Verb = {
  usage: ["dkim list [DOMAIN] [--json]", "dkim rotate [DOMAIN] [--now] [--json]"],
  about:
    `The keys that sign mail from our domains, two for each: RSA and Ed25519. "rotate" makes new ones; publish their records, which it prints and
"roost dns" does, too. The running server lets them sign as soon as DNS shows the records (on a network without DNS: after a week), and the old
ones stay published for seven days more, for mail under way; then their records can go, and when they are gone the files go as well. These days are counted
while the server runs. Rotating again meanwhile changes nothing.`,
  options: {
    now: { doc: "let new keys sign at once, whatever DNS shows" },
    ...JSON_OPTION,
    ...CONFIG_OPTION,
  },
  async run(call) {
    const [action = "", named] = call.operands;
    if (action !== "list" && action !== "rotate") throw new CommandFault("dkim needs one of list, rotate", 2);
    const config = await readConfig(call);
    const keys = [];
    for (const domain of domainsOf(config, named)) {
      const own = await keysOf(call, config, domain, action);
      keys.push(...own.map((key) => ({ domain, key, signs: signingKeys(own).includes(key) })));
    }
    if (call.options.has("json")) call.terminal.out(JSON.stringify(keys.map(shown), null, 2));
    else if (keys.length === 0) call.terminal.out('no keys yet; "roost dkim rotate" makes some');
    else print(call, keys);
    return 0;
  },
};

async function keysOf(
  { tools, options }: Call,
  config: Config,
  domain: string,
  action: "list" | "rotate",
): Promise<readonly DkimKey[]> {
  try {
    return action === "list"
      ? await dkimStates(tools.fs, config, domain)
      : await rotateDkimKeys(tools, config, domain, options.has("now"));
  } catch (e) {
    if (!(e instanceof TypeError)) throw e;
    throw new CommandFault(`${dkimFolder(config, domain)}: ${e.message}; take the file away`);
  }
}

function domainsOf(config: Config, named: string | undefined): readonly string[] {
  const domain = named === undefined ? undefined : hostName(named);
  if (named === undefined) {
    if (config.domains.size > 0) return [...config.domains.keys()];
    throw new CommandFault('no domains yet; "roost domain add DOMAIN" adds one');
  }
  if (domain === undefined) throw new CommandFault(`"${named}" is no domain such as example.org`, 2);
  if (!config.domains.has(domain)) throw new CommandFault(`${domain} is no domain of ours`);
  return [domain];
}

interface Entry {
  readonly domain: string;
  readonly key: DkimKey;
  readonly signs: boolean;
}

const MEANING: Readonly<Record<DkimKeyState, string>> = {
  new: "to be published; signs once DNS shows it",
  active: "",
  retired: "keep published for mail under way",
  removable: "its record can be removed from DNS",
};

function shown({ domain, key, signs }: Entry) {
  const { selector, algorithm, state, seconds } = key;
  return { domain, selector, algorithm, state, signs, seconds, ...record(domain, key) };
}

function record(domain: string, { selector, algorithm, p }: DkimKey) {
  return { name: `${selector}._domainkey.${domain}`, value: `v=DKIM1; k=${algorithm}; p=${p}` };
}

function print({ terminal }: Call, entries: readonly Entry[]): void {
  const rows = entries.map(({ domain, key, signs }) => {
    const days = key.state === "active" ? "" : ` for ${(key.seconds / 86_400).toFixed(1)} days`;
    const meaning = signs ? "signs" : MEANING[key.state];
    return [domain, key.selector, key.algorithm, `${key.state}${days}`, meaning];
  });
  terminal.out(table([["DOMAIN", "SELECTOR", "KIND", "STATE", ""], ...rows]));
  const fresh = entries.filter(({ key }) => key.state === "new");
  if (fresh.length === 0) return;
  const records = fresh.map(({ domain, key }) => record(domain, key));
  terminal.out(`\nTo publish:\n${table(records.map(({ name, value }) => [name, "TXT", value]))}`);
}
