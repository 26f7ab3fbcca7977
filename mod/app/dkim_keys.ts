/** The DKIM keys of our domains: DATA/keys/dkim/DOMAIN/SELECTOR.pem, PKCS #8, 0600. Two a domain, RSA and Ed25519, selectors by date. */
import { activateKey, addKey, type DkimKey, readKeys } from "../auth/dkim/key_files.ts";
import type { Clock } from "../base/clock.ts";
import { folderOf } from "../base/durable.ts";
import type { Fs } from "../base/fs.ts";
import type { Config } from "../config/config.ts";
import { dataPaths } from "../config/paths.ts";
import { makeDkimKey } from "../sys/keys.ts";

export interface KeyPorts {
  readonly fs: Fs;
  readonly clock: Clock;
}

const ALGORITHMS = ["rsa", "ed25519"] as const;

/** The folder with the keys of a domain. */
export function dkimFolder(config: Pick<Config, "data">, domain: string): string {
  return `${dataPaths(config).dkim}/${domain}`;
}

/** The domain's keys in every state, newest selector first; none when there are none. Throws FsError, and TypeError for a file that is no key. */
export async function dkimStates(
  fs: Fs,
  config: Pick<Config, "data">,
  domain: string,
): Promise<readonly DkimKey[]> {
  return await readKeys(fs, dkimFolder(config, domain));
}

/** Of these, those whose records DNS is to have. */
export async function dkimKeys(
  fs: Fs,
  config: Pick<Config, "data">,
  domain: string,
): Promise<readonly DkimKey[]> {
  return (await dkimStates(fs, config, domain)).filter((key) => key.state !== "removable");
}

/** The domain's keys, made (durably) when there are none. */
export async function ensureDkimKeys(
  ports: KeyPorts,
  config: Pick<Config, "data">,
  domain: string,
): Promise<readonly DkimKey[]> {
  const present = await dkimKeys(ports.fs, config, domain);
  return present.length > 0 ? present : await make(ports, config, domain, "active", ALGORITHMS);
}

/**
 * Begins a rotation: makes new keys where none wait to be published, and with `now` lets them sign at once. The same again changes nothing more.
 * A domain without keys gets its first ones. Throws FsError.
 */
export async function rotateDkimKeys(
  ports: KeyPorts,
  config: Pick<Config, "data">,
  domain: string,
  now: boolean,
): Promise<readonly DkimKey[]> {
  const present = await dkimStates(ports.fs, config, domain);
  if (present.length === 0) return await ensureDkimKeys(ports, config, domain);
  const missing = ALGORITHMS.filter((a) => !present.some((k) => k.state === "new" && k.algorithm === a));
  const keys = missing.length > 0 ? await make(ports, config, domain, "new", missing) : present;
  if (!now) return keys;
  for (const key of keys.filter((k) => k.state === "new")) {
    await activateKey(ports.fs, dkimFolder(config, domain), key);
  }
  return await dkimStates(ports.fs, config, domain);
}

async function make(
  ports: KeyPorts,
  config: Pick<Config, "data">,
  domain: string,
  state: "new" | "active",
  algorithms: readonly (typeof ALGORITHMS)[number][],
): Promise<readonly DkimKey[]> {
  const folder = dkimFolder(config, domain);
  await ports.fs.makeDir(folder);
  const day = new Date(ports.clock.now()).toISOString().slice(0, 10).replaceAll("-", "");
  for (const algorithm of algorithms) {
    await addKey(ports.fs, folder, `${algorithm}-${day}`, await makeDkimKey(algorithm), state);
  }
  // The folders on the way down may be new too.
  for (let dir = folder; dir.length >= config.data.length; dir = folderOf(dir)) await ports.fs.syncDir(dir);
  return await dkimStates(ports.fs, config, domain);
}
