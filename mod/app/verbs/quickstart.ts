import { X509Certificate } from "node:crypto";
import { generatePassword } from "../../account/app_password.ts";
import { utf8 } from "../../base/bytes.ts";
import { folderOf } from "../../base/durable.ts";
import type { Fs } from "../../base/fs.ts";
import { err, ok } from "../../base/result.ts";
import type { Config } from "../../config/config.ts";
import { loadConfig, parseConfig } from "../../config/load.ts";
import { absolutePath, dataPaths } from "../../config/paths.ts";
import { quickstartConfig } from "../../config/template.ts";
import { hostName } from "../../config/values.ts";
import { addressScope } from "../../dns/address.ts";
import { parseAddress } from "../../mail/address.ts";
import { accountNamed, change, kept, timestamp } from "../account_verbs.ts";
import { certificatePlan } from "../certificate_plan.ts";
import { CertificateKeeper, certificatePorts } from "../certificates.ts";
import { checkPorts } from "../check/ports.ts";
import { ensureDkimKeys } from "../dkim_keys.ts";
import { adviceLines, dnsAdvice, dnsFacts } from "../dns_facts.ts";
import { dnsRecords } from "../dns_records.ts";
import { type Line, lineAdvice, lookAtLine } from "../line.ts";
import { silentLog } from "../silent_log.ts";
import { CommandFault, type Outside } from "../terminal.ts";
import { bold, type Call, JSON_OPTION, table, type Verb } from "../verb.ts";

const CERTIFICATE_MAX = 64 * 1024;

export const verb: Verb = {
  usage: ["quickstart ADDRESS [--dir DIR] [--data DIR] [--hostname NAME] [--closed]"],
  about:
    `Sets up a server for the domain of ADDRESS: writes roost.yaml, DKIM keys, a certificate and the first account, prints the account's password
once, the DNS records to publish, what the line to the internet needs (large providers' mail hosts are connected to for that, and told nothing but
EHLO) and the next step. Changes nothing where a server is set up already.`,
  options: {
    dir: { value: "DIR", doc: "where roost.yaml goes; default the current folder" },
    data: {
      value: "DIR",
      doc: "where mail, queue, accounts and keys go; default the folder data beside roost.yaml",
    },
    hostname: {
      value: "NAME",
      doc:
        "this server's name in DNS; default what the machine is called where that is below DOMAIN, else mail.DOMAIN",
    },
    closed: { doc: "for a network without internet: nothing is asked or reached but what roost.yaml names" },
    ...JSON_OPTION,
  },
  run,
};

async function run(call: Call): Promise<number> {
  const { tools, terminal, options } = call;
  const [text] = call.operands;
  const address = parseAddress(text ?? "");
  if (!address.ok || address.value.domain === "" || address.value.domain.startsWith("[")) {
    throw new CommandFault(
      text === undefined
        ? "for which address? such as you@example.org"
        : `"${text}" is no address such as you@example.org`,
      2,
    );
  }
  const { local, domain } = address.value;
  if (!parseAddress(`${local}@${domain}`).ok) {
    throw new CommandFault(
      `"${local}" would have to be written in quotes; choose a name without special signs`,
      2,
    );
  }
  const hostname = hostName(options.get("hostname") ?? guessedName(tools.outside.hostname(), domain));
  if (hostname === undefined) {
    throw new CommandFault(`--hostname "${options.get("hostname")}" is no name such as mail.${domain}`, 2);
  }
  const dir = absolutePath(terminal.cwd, options.get("dir") ?? ".");
  const file = absolutePath(dir, "roost.yaml");
  const yaml = quickstartConfig({
    hostname,
    data: options.has("data") ? absolutePath(terminal.cwd, options.get("data") ?? "") : "data",
    closed: options.has("closed"),
    owner: { local, domain },
  });
  const planned = parseConfig(file, yaml);
  if (!planned.ok) throw new CommandFault(planned.error);
  const { config } = planned.value;
  const id = accountNamed(config, `${local}@${domain}`);
  for (const path of [file, dataPaths(config).accounts]) {
    if (await tools.fs.stat(path)) {
      throw new CommandFault(`${path} is there already: a server is set up here; choose another --dir`);
    }
  }
  const line = config.network === "closed" ? null : await findLine(call, config);
  await tools.fs.makeDir(dir);
  await tools.fs.makeDir(config.data);
  await ensureDkimKeys(tools, config, domain);
  const ports = certificatePorts(tools.fs, tools.clock, tools.random);
  await new CertificateKeeper(ports, silentLog, certificatePlan(config)).load();
  const password = generatePassword(tools.random);
  const { hash, scram } = await kept(tools, config, id, password);
  await change(tools, config, (accounts) => {
    if (accounts.size > 0) return err(`${config.data} has accounts already; choose another --dir`);
    accounts.set(id, {
      id,
      password: hash,
      scram,
      appPasswords: [],
      disabled: false,
      quota: null,
      created: timestamp(tools),
    });
    return ok(undefined);
  });
  // Last, so that what has a roost.yaml is whole.
  await tools.fs.createWith(file, [utf8(yaml)]);
  await tools.fs.syncDir(dir);
  await tools.fs.syncDir(folderOf(dir));
  const loaded = await loadConfig(tools.fs, file);
  if (!loaded.ok) throw new CommandFault(loaded.error);
  const outside = { ...tools.outside, addresses: () => knownAddresses(tools.outside, line) };
  const records = dnsRecords(await dnsFacts({ fs: tools.fs, outside }, config, domain));
  // Debian brings a server of its own: ours could not have its port.
  const taken = (await checkPorts(tools.outside, config, false)).filter((f) => f.level === "fail");
  const advice = adviceLines(await dnsAdvice(tools.fs, config, outside.addresses()));
  const authority = `${dataPaths(config).tls}/ca.pem`;
  const fingerprint = await authorityFingerprint(tools.fs, authority);
  if (options.has("json")) {
    terminal.out(
      JSON.stringify({ config: file, address: id, password, records, line, fingerprint }, null, 2),
    );
    return 0;
  }
  const title = (text: string) => bold(terminal, text);
  const publish = line ? "DNS records to publish" : "Records for whoever runs the network's DNS";
  terminal.out(`${title("Made")} ${file}, and keys, certificate and the account below ${config.data}

${title("Account")}
  address:  ${id}
  password: ${password}   (shown only now)

${title(publish)}   ("roost dns --zone" gives them as a zone file)
${table(records.map((r) => [`  ${r.name}`, r.type, r.value]))}

${indented(advice)}
${line ? `\n${title("Your line")}\n${indented(lineAdvice(line, config))}\n` : ""}
${
    taken.length > 0
      ? `${title("In the way")}\n${
        indented(taken.flatMap((f) => [`${f.about} ${f.what}`, `  ${f.fix ?? ""}`]))
      }\n\n`
      : ""
  }${title("Next")}
  roost serve --config ${file}
  Ports below 1024 need the right to bind them: run it by the systemd unit, or change listen: in roost.yaml.
  Devices must trust ${authority} (SHA-256 fingerprint below), or name a public certificate under tls: in roost.yaml.
  ${fingerprint}`);
  return 0;
}

/** The machine's own name where it is one of the domain's, such as "post.example.org". */
function guessedName(machine: string, domain: string): string {
  const name = hostName(machine);
  return name?.endsWith(`.${domain}`) ? name : `mail.${domain}`;
}

async function findLine({ tools, terminal }: Call, config: Config): Promise<Line> {
  terminal.status?.("looking at the line to the internet (ten seconds or so)");
  const line = await lookAtLine({ ...tools, resolver: await tools.resolver(config) }, config.hostname);
  terminal.status?.("");
  return line;
}

/** The addresses of the machine; behind a router, the one that others see in place of public ones of the same kind. */
function knownAddresses(outside: Outside, line: Line | null): readonly string[] {
  const own = outside.addresses();
  const seen = line?.seenAs ?? null;
  if (seen === null) return own;
  const six = seen.includes(":");
  return [...own.filter((a) => a.includes(":") !== six || addressScope(a) !== "public"), seen];
}

async function authorityFingerprint(fs: Fs, path: string): Promise<string> {
  const pem = await fs.readFile(path, CERTIFICATE_MAX);
  return pem ? new X509Certificate(pem).fingerprint256 : "";
}

function indented(lines: readonly string[]): string {
  return lines.map((l) => `  ${l}`).join("\n");
}
