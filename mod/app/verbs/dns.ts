import type { Config } from "../../config/config.ts";
import { hostName } from "../../config/values.ts";
import { adviceLines, dnsAdvice, dnsFacts } from "../dns_facts.ts";
import { type DnsRecord, dnsRecords, nullRecords } from "../dns_records.ts";
import { readConfig } from "../find_config.ts";
import { CommandFault } from "../terminal.ts";
import { type Call, CONFIG_OPTION, JSON_OPTION, table, type Verb } from "../verb.ts";
import { formatZone } from "../zone_file.ts";

export const verb: Verb = {
  usage: ["dns [DOMAIN] [--zone [--ns HOST] | --json] [--config FILE]"],
  about:
    `The DNS records to publish, for one domain or all of ours: as a table, or with --zone as a whole zone file of one domain for a name server
such as nsd. For a domain that is not ours, the records which say that it neither sends nor takes mail. "roost check" tells which are missing.`,
  options: {
    zone: { doc: "as a zone file" },
    ns: { value: "HOST", doc: "name of the name server in the zone file; default this server's" },
    ...JSON_OPTION,
    ...CONFIG_OPTION,
  },
  async run(call) {
    const config = await readConfig(call);
    const domains = chosen(call, config);
    const records: DnsRecord[] = [];
    for (const domain of domains) {
      // The server's own records come with each domain.
      for (const r of await recordsOf(call, config, domain)) {
        if (!records.some((o) => same(o, r))) records.push(r);
      }
    }
    const { terminal, tools } = call;
    const ours = domains.some((d) => config.domains.has(d));
    const advice = ours ? adviceLines(await dnsAdvice(tools.fs, config, tools.outside.addresses())) : [];
    if (call.options.has("json")) terminal.out(JSON.stringify(records, null, 2));
    else if (call.options.has("zone")) {
      const [domain = "", another] = domains;
      if (another !== undefined) throw new CommandFault("a zone file is of one domain: name it", 2);
      const nameServer = hostName(call.options.get("ns") ?? config.hostname);
      if (nameServer === undefined) {
        throw new CommandFault(`--ns "${call.options.get("ns")}" is no name such as ns.${domain}`, 2);
      }
      const serial = Math.floor(tools.clock.now() / 1000);
      terminal.out(formatZone({ domain, nameServer, serial, records, notes: advice }).trimEnd());
    } else {
      terminal.out(table([["NAME", "TYPE", "VALUE"], ...records.map((r) => [r.name, r.type, r.value])]));
      if (advice.length > 0) terminal.err(`\n${advice.join("\n")}`);
    }
    return 0;
  },
};

function chosen(call: Call, config: Config): readonly string[] {
  const [named] = call.operands;
  const domain = named === undefined ? undefined : hostName(named);
  if (named !== undefined && domain === undefined) {
    throw new CommandFault(`"${named}" is no domain such as example.org`, 2);
  }
  const domains = domain === undefined ? [...config.domains.keys()] : [domain];
  if (domains.length === 0) throw new CommandFault('no domains yet; "roost domain add DOMAIN" adds one');
  return domains;
}

async function recordsOf(call: Call, config: Config, domain: string): Promise<readonly DnsRecord[]> {
  return config.domains.has(domain)
    ? dnsRecords(await dnsFacts(call.tools, config, domain))
    : nullRecords(domain);
}

function same(a: DnsRecord, b: DnsRecord): boolean {
  return a.name === b.name && a.type === b.type && a.value === b.value;
}
