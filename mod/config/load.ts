/** Reads the configuration file: all its faults at once, each with line, column and what is allowed, or a `Config`. */
import { fromUtf8 } from "../base/bytes.ts";
import { folderOf } from "../base/durable.ts";
import { type Fs, isFsError } from "../base/fs.ts";
import { parseNetwork } from "../base/ip.ts";
import { CONFIG_FILE, TRACE_SIZE_LEAST } from "../base/limits.ts";
import { err, ok, type Result } from "../base/result.ts";
import type { DomainRules } from "../account/local_directory.ts";
import type { Address } from "../mail/address.ts";
import { checkYaml } from "../yaml/schema.ts";
import {
  formatProblems,
  parseYamlSource,
  type YamlPath,
  type YamlProblem,
  type YamlSource,
} from "../yaml/source.ts";
import type { Config, ConfiguredDevice, TlsConfig } from "./config.ts";
import { checkDevices } from "./devices.ts";
import { absolutePath } from "./paths.ts";
import { LISTENERS, SCHEMA } from "./schema.ts";
import { formatHostPort } from "./values.ts";
import { sourcesOf, waysOf } from "./ways.ts";

/** A configuration, and what is odd but no error: lines "FILE:LINE:COLUMN: what". */
export interface LoadedConfig {
  readonly config: Config;
  readonly warnings: readonly string[];
}

/** Reads and checks the file at an absolute path. Errors are lines "FILE:LINE:COLUMN: what". Never throws on what files do. */
export async function loadConfig(fs: Fs, file: string): Promise<Result<LoadedConfig, readonly string[]>> {
  try {
    const bytes = await fs.readFile(file, CONFIG_FILE);
    if (bytes === null) {
      return err([
        `${file}: there is no such file; make one with "roost quickstart", or name another with --config`,
      ]);
    }
    const parsed = parseConfig(file, fromUtf8(bytes));
    return parsed.ok ? await placed(fs, parsed.value) : parsed;
  } catch (e) {
    if (isFsError(e, "denied")) return err([`${file}: may not be read by this user`]);
    if (isFsError(e)) {
      return err([`${file}: cannot be read (${e.code}); it may be at most ${CONFIG_FILE} octets long`]);
    }
    throw e;
  }
}

/**
 * Follows the links by which DATA or DATA/mail lie elsewhere, on another disk say. Once: what a link leads to that is changed under a running
 * server is taken with the next start.
 */
async function placed(fs: Fs, loaded: LoadedConfig): Promise<Result<LoadedConfig, readonly string[]>> {
  const data = await targetOf(fs, loaded.config.data);
  if (!data.ok) return data;
  const config = { ...loaded.config, data: data.value };
  const at = `${config.data}/mail`;
  const mail = await targetOf(fs, at);
  if (!mail.ok) return mail;
  return ok({ ...loaded, config: mail.value === at ? config : { ...config, mail: mail.value } });
}

/** What a link to a folder leads to; the path itself where it is none, or where that may not be looked at. */
async function targetOf(fs: Fs, path: string): Promise<Result<string, readonly string[]>> {
  try {
    if ((await fs.stat(path))?.kind !== "symlink") return ok(path);
    const target = await fs.realPath(path);
    if (target !== null && (await fs.stat(target))?.kind === "dir") return ok(target);
    return err([`${path}: is a link to a folder that is not there; is its disk mounted?`]);
  } catch (e) {
    if (isFsError(e)) return ok(path);
    throw e;
  }
}

/** Checks the text of a configuration file that lies (or will lie) at the absolute path `file`. */
export function parseConfig(file: string, text: string): Result<LoadedConfig, readonly string[]> {
  const source = parseYamlSource(text);
  const checked = checkYaml(source, SCHEMA);
  if (!checked.ok) return err(formatProblems(file, checked.error));
  const problems: YamlProblem[] = [];
  const warnings: YamlProblem[] = [];
  const note =
    (list: YamlProblem[]) => (path: YamlPath, message: string, part: "key" | "value" = "value") => {
      list.push({ position: source.position(path, part), message });
    };
  const config = configOf(file, checked.value, note(problems));
  checkListeners(source, config, note(problems), note(warnings));
  checkDevices(config, note(problems), note(warnings));
  if (config.domains.size === 0) note(warnings)([], 'domains: none yet; add one with "roost domain add"');
  if (problems.length > 0) return err(formatProblems(file, problems));
  return ok({ config, warnings: formatProblems(file, warnings) });
}

type Written = Extract<ReturnType<typeof checkYaml<OutputOf<typeof SCHEMA>>>, { ok: true }>["value"];
type OutputOf<S> = S extends { readonly "~types"?: { readonly output: infer T } | undefined } ? T : never;
type Note = (path: YamlPath, message: string, part?: "key" | "value") => void;

function configOf(file: string, raw: Written, problem: Note): Config {
  const folder = folderOf(file);
  const data = absolutePath(folder, raw.data);
  const folders = { folder, data };
  const routes = waysOf("routes", raw.routes, folders, problem);
  const routeRetry = new Map<string, readonly number[]>();
  for (const [domain, { retry }] of Object.entries(raw.routes)) {
    if (retry.length > 0) routeRetry.set(domain, retry);
  }
  const domains = new Map<string, DomainRules>();
  const mtaSts = new Map<string, "testing" | "enforce" | "none">();
  for (const [domain, rules] of Object.entries(raw.domains)) {
    domains.set(domain, rulesOf(domain, rules));
    if (rules.mta_sts !== null) mtaSts.set(domain, rules.mta_sts);
  }
  return {
    file,
    hostname: raw.hostname,
    data,
    network: raw.network,
    listen: raw.listen,
    proxyProtocol: raw.proxy_protocol,
    xclient: raw.xclient,
    trusted: raw.trusted,
    tls: tlsOf(folder, raw, problem),
    dns: { servers: raw.dns.servers, hosts: new Map(Object.entries(raw.dns.hosts)) },
    routes,
    routeRetry,
    senderRoutes: waysOf("sender_routes", raw.sender_routes, folders, problem),
    domains,
    mtaSts,
    auth: {
      cleartext: raw.auth.cleartext,
      channelBinding: raw.auth.channel_binding,
      xclientLogin: raw.auth.xclient_login,
    },
    reception: {
      refuseEarlyTalkers: raw.reception.early_talkers === "refuse",
      bannerDelay: raw.reception.banner_delay,
      refuseHelo: raw.reception.helo === "refuse",
      tarpit: raw.reception.tarpit,
      greylist: raw.reception.greylist,
      blocklists: raw.reception.blocklists,
      allowlists: raw.reception.allowlists,
    },
    verdict: {
      dmarcReject: raw.verdict.dmarc_reject,
      dmarcQuarantine: raw.verdict.dmarc_quarantine,
      spfFail: raw.verdict.spf_fail,
      noAuthor: raw.verdict.no_from,
    },
    arc: { trustedSealers: raw.arc.trusted_sealers },
    submission: {
      strip: raw.submission.strip,
      recipientsPerHour: raw.submission.recipients_per_hour,
      recipientsPerDay: raw.submission.recipients_per_day,
    },
    reports: raw.reports,
    sending: {
      sources: sourcesOf(["sending", "source_address"], raw.sending.source_address, problem),
      helo: raw.sending.helo,
      family: raw.sending.address_family,
      refuseDowngrade: raw.sending.downgrade === "refuse",
      suppress: raw.sending.suppress,
      deliveries: raw.sending.deliveries,
      deliveriesPerDestination: raw.sending.deliveries_per_destination,
    },
    devices: devicesOf(raw.devices),
    imap: { separator: raw.imap.separator, searchIndex: raw.imap.search_index },
    expunge: expungeOf(raw, problem),
    pop3: raw.pop3,
    log: raw.log,
    trace: raw.trace && { ...raw.trace, size: Math.max(raw.trace.size, TRACE_SIZE_LEAST) },
    limits: {
      messageSize: raw.limits.message_size,
      memory: raw.limits.memory,
      connections: raw.limits.connections,
      connectionsPerAddress: raw.limits.connections_per_address,
      messagesPerMinute: raw.limits.messages_per_minute,
      recipients: raw.limits.recipients,
      queueLifetime: raw.limits.queue_lifetime,
      retry: raw.limits.retry,
      queueMessages: raw.limits.queue_messages,
      diskFree: raw.limits.disk_free,
      mailboxFull: raw.limits.mailbox_full,
    },
  };
}

function rulesOf(domain: string, rules: Written["domains"][string]): DomainRules {
  const whole = (a: Address): Address => a.domain === "" ? { local: a.local, domain } : a;
  return {
    catchAll: rules.catch_all === null ? null : whole(rules.catch_all),
    subaddress: rules.subaddress,
    aliases: Object.fromEntries(Object.entries(rules.aliases).map(([name, to]) => [name, to.map(whole)])),
  };
}

function devicesOf(written: Written["devices"]): readonly ConfiguredDevice[] {
  return Object.entries(written).flatMap(([network, { as, outside, per_hour, per_day, message_size }]) => {
    const range = parseNetwork(network);
    if (!range) return []; // the schema has no other keys
    return { network, range, as, outside, perHour: per_hour, perDay: per_day, messageSize: message_size };
  });
}

/** Authorities by name. */
const DIRECTORIES: Readonly<Record<string, string>> = {
  letsencrypt: "https://acme-v02.api.letsencrypt.org/directory",
  "letsencrypt-staging": "https://acme-staging-v02.api.letsencrypt.org/directory",
};

/** By the names that the store has for folders. A rule for none that can be would be kept by nobody, and nobody would hear of it. */
function expungeOf({ expunge, imap: { separator } }: Written, problem: Note): Map<string, number> {
  const rules = new Map<string, number>();
  for (const [written, age] of Object.entries(expunge)) {
    const [top = "", ...levels] = written.normalize("NFC").split(separator);
    const name = [/^inbox$/i.test(top) ? "INBOX" : top, ...levels].join(separator);
    const about = `expunge.${written}`;
    if ([top, ...levels].some((level) => /^$|[./]/.test(level))) {
      const text = `no folder is called so; "${separator}" stands between levels, as imap.separator has it`;
      problem(["expunge", written], `${about}: ${text}`, "key");
    } else if (rules.has(name)) problem(["expunge", written], `${about}: named twice`, "key");
    rules.set(name, age);
  }
  return rules;
}

function tlsOf(folder: string, raw: Written, problem: Note): TlsConfig {
  const { acme, certificates, own_ca } = raw.tls;
  const chosen = [acme !== null && "acme", certificates.length > 0 && "certificates", own_ca && "own_ca"]
    .filter((c) => c !== false);
  if (chosen.length > 1) problem(["tls"], `tls: ${chosen.join(" and ")} exclude each other; keep one`, "key");
  if (acme && raw.network === "closed") {
    problem(
      ["tls", "acme"],
      "tls.acme: asks a server outside, which network: closed forbids; use own_ca or certificates",
      "key",
    );
  }
  if (acme) {
    const directory = DIRECTORIES[acme.directory] ?? acme.directory;
    if (!URL.canParse(directory) || new URL(directory).protocol !== "https:") {
      const known = Object.keys(DIRECTORIES).join(", ");
      problem(
        ["tls", "acme", "directory"],
        `tls.acme.directory: "${directory}" is none of ${known}, nor an https: URL`,
      );
    }
    const { email, names, external, ca } = acme;
    const key = external && external.key.replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
    if (key !== null && (!/^[A-Za-z0-9_-]{8,}$/.test(key) || key.length % 4 === 1)) {
      problem(["tls", "acme", "external", "key"], "tls.acme.external.key: is no base64url, or a short one");
    }
    return {
      kind: "acme",
      email,
      directory,
      names,
      external: external && { kid: external.kid, key: key ?? "" },
      ca: ca === null ? null : absolutePath(folder, ca),
    };
  }
  if (certificates.length === 0) return { kind: "own-ca" };
  const absolute = certificates.map((c) => ({
    cert: absolutePath(folder, c.cert),
    key: absolutePath(folder, c.key),
  }));
  return { kind: "files", certificates: absolute };
}

function checkListeners(source: YamlSource, config: Config, problem: Note, warning: Note): void {
  if (config.tls.kind === "acme" && config.listen.http.length + config.listen.https.length === 0) {
    warning(
      ["tls", "acme"],
      "tls.acme: the authority asks by HTTP (port 80) or TLS (port 443), and there is no listen.http nor listen.https",
      "key",
    );
  }
  const seen = new Map<string, string>();
  for (const kind of LISTENERS) {
    for (const [i, at] of config.listen[kind].entries()) {
      const address = formatHostPort(at);
      const first = seen.get(address);
      // Port 0 is another free port each time.
      if (first !== undefined && at.port !== 0) {
        problem(
          ["listen", kind, i],
          `listen.${kind}: ${address} is taken by listen.${first} already; give one of them another port`,
        );
      }
      seen.set(address, kind);
    }
  }
  if (seen.size === 0 && source.problems.length === 0) {
    warning(["listen"], "listen: no address at all, so nothing is served", "key");
  }
}
