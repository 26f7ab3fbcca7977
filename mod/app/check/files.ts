/** The files of the server: are they there, and closed to others? */
import { loadAccounts } from "../../account/accounts_file.ts";
import { type Fs, isFsError } from "../../base/fs.ts";
import type { Config } from "../../config/config.ts";
import { dataPaths } from "../../config/paths.ts";
import { dkimFolder, dkimKeys } from "../dkim_keys.ts";
import { notBuilt } from "../not_built.ts";
import { bad, type Finding, fine, odd } from "./finding.ts";

/** Folders are looked through so deep: keys/dkim/DOMAIN/FILE. */
const DEPTH = 3;

/** What the config asks for that is not there yet, and who may read it. */
export async function checkConfig(fs: Fs, config: Config): Promise<readonly Finding[]> {
  const findings: Finding[] = notBuilt(config).map((what) =>
    odd("config", what, "take the key out, or wait for a later version")
  );
  const secret = [...config.routes.values()].some((way) => way.to.some((r) => r.password !== null));
  const mode = (await fs.stat(config.file))?.mode ?? 0;
  if (secret && (mode & 0o077) !== 0) {
    findings.push(
      bad(
        "config",
        `${config.file} holds a password that others may read`,
        `chmod 600 ${config.file}; better: password_file`,
      ),
    );
  }
  return findings.length > 0 ? findings : [fine("config", config.file)];
}

/** Modes of what must be closed, accounts that can be read, keys for each domain. Throws FsError when DATA cannot be read. */
export async function checkFiles(fs: Fs, config: Config): Promise<readonly Finding[]> {
  const paths = dataPaths(config);
  if (!await fs.stat(config.data)) {
    return [
      bad(
        "files",
        `${config.data} is not there`,
        'start the server once, or make one with "roost quickstart"',
      ),
    ];
  }
  const open = [
    ...await openFiles(fs, config.data, 0),
    ...await openFiles(fs, paths.keys, DEPTH),
    ...await openFiles(fs, paths.tls, 0),
  ];
  const findings: Finding[] = open.map((path) =>
    bad("files", `${path} may be read by others`, `chmod go= ${path}`)
  );
  if (open.length === 0) {
    findings.push(fine("files", `keys and accounts below ${config.data} are closed to others`));
  }
  return [...findings, ...await checkAccounts(fs, config), ...await checkKeys(fs, config)];
}

/** Files below a folder that others may read and must not; certificates are for everybody. */
async function openFiles(fs: Fs, folder: string, depth: number): Promise<readonly string[]> {
  const found: string[] = [];
  try {
    for (const { name, kind } of await fs.list(folder)) {
      const path = `${folder}/${name}`;
      const isCertificate = /\.(pem|crt)$/.test(name) && folder.endsWith("/tls");
      if (kind === "dir" && depth > 0) found.push(...await openFiles(fs, path, depth - 1));
      if (kind !== "file" || isCertificate) continue;
      if (((await fs.stat(path))?.mode ?? 0) & 0o077) found.push(path);
    }
  } catch (e) {
    if (!isFsError(e, "not-found")) throw e;
  }
  return found;
}

async function checkAccounts(fs: Fs, config: Config): Promise<readonly Finding[]> {
  const loaded = await loadAccounts(fs, dataPaths(config).accounts);
  if (!loaded.ok) {
    return loaded.error.map((e) =>
      bad("accounts", e, "mend the file; the server keeps the accounts it has until then")
    );
  }
  const all = [...loaded.value.values()];
  const astray = all.filter((a) => !config.domains.has(a.id.slice(a.id.lastIndexOf("@") + 1)));
  const findings = astray.map((a) =>
    odd(
      "accounts",
      `${a.id} is in no domain of ours: no mail comes to it`,
      `roost domain add ${a.id.slice(a.id.lastIndexOf("@") + 1)}`,
    )
  );
  if (all.length === 0) return [odd("accounts", "there are none", "roost user add you@example.org")];
  return findings.length > 0
    ? findings
    : [fine("accounts", `${all.length}, ${all.filter((a) => a.disabled).length} disabled`)];
}

async function checkKeys(fs: Fs, config: Config): Promise<readonly Finding[]> {
  const findings: Finding[] = [];
  for (const domain of config.domains.keys()) {
    try {
      const keys = await dkimKeys(fs, config, domain);
      if (keys.length > 0) continue;
      findings.push(
        bad(
          "dkim keys",
          `${domain} has none: its mail is not signed`,
          `roost dkim rotate ${domain}`,
        ),
      );
    } catch (e) {
      if (!(e instanceof TypeError)) throw e;
      findings.push(
        bad(
          "dkim keys",
          `${dkimFolder(config, domain)} holds a file that is no key: ${e.message}`,
          "take it away",
        ),
      );
    }
  }
  return findings.length > 0 ? findings : [fine("dkim keys", `of ${config.domains.size} domains`)];
}
