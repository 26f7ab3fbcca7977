import { isFsError } from "../../base/fs.ts";
import type { Config } from "../../config/config.ts";
import { hostName } from "../../config/values.ts";
import type { Resolver } from "../../dns/resolver.ts";
import { checkCertificates } from "../check/certificates.ts";
import { checkClock } from "../check/clock.ts";
import { checkRoom, checkSyncs } from "../check/disk.ts";
import { checkDomain } from "../check/domain.ts";
import { checkConfig, checkFiles } from "../check/files.ts";
import { bad, type Finding } from "../check/finding.ts";
import { checkPorts, checkWayOut } from "../check/ports.ts";
import { checkLists, checkServerName, checkTlsa, publishedAddresses } from "../check/server_name.ts";
import { control } from "../control.ts";
import { serverAddresses, trueTlsaRecords } from "../dns_facts.ts";
import { readConfig } from "../find_config.ts";
import { CommandFault } from "../terminal.ts";
import { type Call, CONFIG_OPTION, JSON_OPTION, type Verb } from "../verb.ts";

/** Characters of a text that are shown; a record with an RSA key of 4,096 bits has 800. */
const LONGEST = 2000;
const COLOURS = { ok: 32, warn: 33, fail: 31 } as const;

export const verb: Verb = {
  usage: ["check [--offline] [DOMAIN] [--json] [--config FILE]"],
  about:
    `Looks at all that mail hangs on: files, disk, clock, ports, certificate; what the DNS says of each of our domains (or of DOMAIN alone), and
whether mail gets out. Each line is ok, warn or fail, and says what to do. --offline asks nobody but this machine. For a domain that is not
ours it looks whether it says so. Ends with 1 when anything fails.`,
  options: {
    offline: { doc: "without what DNS and other hosts would have to be asked for" },
    ...JSON_OPTION,
    ...CONFIG_OPTION,
  },
  async run(call) {
    const [named] = call.operands;
    const domain = named === undefined ? undefined : hostName(named);
    if (named !== undefined && domain === undefined) {
      throw new CommandFault(`"${named}" is no domain such as example.org`, 2);
    }
    const config = await readConfig(call);
    const ours = domain === undefined || config.domains.has(domain);
    if (!ours && call.options.has("offline")) {
      throw new CommandFault(
        `${domain} is no domain of ours: there is nothing to look at without asking DNS`,
        2,
      );
    }
    const findings: Finding[] = [];
    const add = (some: readonly Finding[]) => {
      findings.push(...some);
      if (!call.options.has("json")) { for (const f of some) tell(call, f); }
    };
    if (ours) await checkMachine(call, config, add);
    // On a closed network without name servers only dns.hosts is known: there is nothing to compare.
    const knows = config.network === "open" || config.dns.servers.length > 0;
    if (!call.options.has("offline")) await checkWorld(call, config, domain, knows, add);
    if (call.options.has("json")) call.terminal.out(JSON.stringify(findings, null, 2));
    return findings.some((f) => f.level === "fail") ? 1 : 0;
  },
};

type Add = (findings: readonly Finding[]) => void;

async function checkMachine(call: Call, config: Config, add: Add): Promise<void> {
  const { tools } = call;
  const { fs, clock } = tools;
  const steps: readonly [string, () => Promise<readonly Finding[]>][] = [
    ["config", () => checkConfig(fs, config)],
    ["files", () => checkFiles(fs, config)],
    ["disk", () => checkRoom(fs, config)],
    ["disk", () => checkSyncs(tools, config)],
    ["clock", () => checkClock(fs, clock, config)],
    ["certificate", () => checkCertificates(fs, clock, config)],
    ["ports", async () => {
      const status = await control(tools, config, "GET", "/api/status");
      return await checkPorts(tools.outside, config, status.kind === "ok");
    }],
  ];
  for (const [about, step] of steps) {
    try {
      add(await step());
    } catch (e) {
      const why = e instanceof Error ? e.message : String(e);
      add([bad(about, why, remedy(e))]);
    }
  }
}

function remedy(fault: unknown): string {
  if (isFsError(fault, "denied")) return "run this as the user that the server runs as";
  if (isFsError(fault, "full")) return "make room";
  if (isFsError(fault, "read-only")) {
    return "mount it writable; where it became read-only by itself the disk or card is worn out";
  }
  return "see whether the disk is well (dmesg)";
}

async function checkWorld(
  call: Call,
  config: Config,
  only: string | undefined,
  knows: boolean,
  add: Add,
): Promise<void> {
  const { tools } = call;
  const resolver: Resolver = await tools.resolver(config);
  const ours = only === undefined || config.domains.has(only);
  if (ours) add(await checkWayOut({ ...tools, resolver }, config));
  if (!knows) return;
  const found = await publishedAddresses(config.hostname, resolver);
  const named = [...config.sending.sources, ...serverAddresses(config, tools.outside.addresses())];
  const addresses = named.length > 0 ? named : found.kind === "addresses" ? found.addresses : [];
  if (ours) {
    // Where the address is known, its record is among the domain's.
    if (found.kind !== "none" || named.length === 0) add(await checkServerName(config, found, resolver));
    add(await checkTlsa(config.hostname, await trueTlsaRecords(tools.fs, config), resolver));
    add(await checkLists(config.reception.blocklists, addresses, resolver));
  }
  const told = new Set<string>();
  const key = (f: Finding) => `${f.about}: ${f.what}`;
  for (const domain of only === undefined ? config.domains.keys() : [only]) {
    const found = await checkDomain(tools, config, domain, { resolver, addresses });
    // The server's own records come with each domain.
    add(found.filter((f) => !told.has(key(f))));
    for (const f of found) told.add(key(f));
  }
}

function tell({ terminal }: Call, { level, about, what, fix }: Finding): void {
  const label = level.padEnd(4);
  const shown = terminal.isTerminal ? `\x1b[${COLOURS[level]}m${label}\x1b[0m` : label;
  terminal.out(`${shown}  ${plain(about)}: ${plain(what)}${fix === null ? "" : `\n      ${plain(fix)}`}`);
}

/** Part of it comes from whoever answers: nothing of that steers the terminal, or fills it. */
function plain(text: string): string {
  // deno-lint-ignore no-control-regex -- controls are what must not be there
  const clean = text.replace(/[\0-\x1f\x7f-\x9f\u2028\u2029]/g, "?");
  return clean.length > LONGEST ? `${clean.slice(0, LONGEST)}…` : clean;
}
