import { hostName } from "../../config/values.ts";
import { dkimKeys } from "../dkim_keys.ts";
import { dnsRecords, formatZone, nullRecords, ownAddresses, reverseName } from "../dns_records.ts";
import { readConfig } from "../find_config.ts";
import { ownStsText } from "../own_sts.ts";
import { CommandFault } from "../terminal.ts";
import { CONFIG_OPTION, JSON_OPTION, table, type Verb } from "../verb.ts";

export const verb: Verb = {
  usage: ["dns [DOMAIN] [--zone | --json] [--config FILE]"],
  about:
    `The DNS records to publish, for one domain or all of ours: as a table, or with --zone as lines of a zone file. For a domain that is
not ours, the records which say that it neither sends nor takes mail.`,
  options: { zone: { doc: "as lines of a zone file" }, ...JSON_OPTION, ...CONFIG_OPTION },
  async run(call) {
    const config = await readConfig(call);
    const named = call.operands[0];
    const domain = named === undefined ? undefined : hostName(named);
    if (named !== undefined && domain === undefined) {
      throw new CommandFault(`"${named}" is no domain such as example.org`, 2);
    }
    const domains = domain === undefined ? [...config.domains.keys()] : [domain];
    if (domains.length === 0) throw new CommandFault('no domains yet; "roost domain add DOMAIN" adds one');
    const records = [];
    for (const name of domains) {
      if (!config.domains.has(name)) records.push(...nullRecords(name));
      else {
        const keys = await dkimKeys(call.tools.fs, config, name);
        const { hostname, listen } = config;
        records.push(
          ...dnsRecords({ domain: name, hostname, listen, keys, stsPolicy: ownStsText(config, name) }),
        );
      }
    }
    const { terminal } = call;
    if (call.options.has("json")) terminal.out(JSON.stringify(records, null, 2));
    else if (call.options.has("zone")) terminal.out(formatZone(records));
    else {
      terminal.out(table([["NAME", "TYPE", "VALUE"], ...records.map((r) => [r.name, r.type, r.value])]));
      if (domains.some((d) => config.domains.has(d))) {
        terminal.err(advice(config.hostname, ownAddresses(config.listen)));
      }
    }
    return 0;
  },
};

/** What has to be done elsewhere than in the zone. */
function advice(hostname: string, addresses: readonly string[]): string {
  if (addresses.length === 0) {
    return `\nAlso: A and AAAA records of ${hostname} with this server's addresses, and, at whoever gave you the addresses,\nPTR records from them back to ${hostname}. Many servers refuse mail without.`;
  }
  const lines = addresses.map((a) => `  ${reverseName(a)}  PTR  ${hostname}.`);
  return `\nAlso, at whoever gave you the addresses (many servers refuse mail without):\n${lines.join("\n")}`;
}
