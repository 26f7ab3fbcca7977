/** The DKIM keys of our domains: DATA/keys/dkim/DOMAIN/SELECTOR.pem, PKCS #8, 0600. Two a domain, RSA and Ed25519, selectors by date. */
import { fromUtf8, utf8 } from "../base/bytes.ts";
import type { Clock } from "../base/clock.ts";
import { folderOf } from "../base/durable.ts";
import { type Fs, isFsError } from "../base/fs.ts";
import type { Config } from "../config/config.ts";
import { dataPaths } from "../config/paths.ts";
import { type DkimAlgorithm, dkimPublicKey, makeDkimKey } from "../sys/keys.ts";

/** One key of a domain. */
export interface DkimKey {
  readonly selector: string;
  readonly algorithm: DkimAlgorithm;
  /** What DNS publishes as p=. */
  readonly p: string;
  /** Private key, PKCS #8 in PEM. */
  readonly pem: string;
}

const KEY_MAX = 16 * 1024;

/** The folder with the keys of a domain. */
export function dkimFolder(config: Pick<Config, "data">, domain: string): string {
  return `${dataPaths(config).keys}/dkim/${domain}`;
}

/** The domain's keys, newest selector first; none when there are none. Throws FsError, and TypeError for a file that is no key. */
export async function dkimKeys(
  fs: Fs,
  config: Pick<Config, "data">,
  domain: string,
): Promise<readonly DkimKey[]> {
  const folder = dkimFolder(config, domain);
  const keys: DkimKey[] = [];
  try {
    for (const { name } of await fs.list(folder)) {
      if (!name.endsWith(".pem")) continue;
      const bytes = await fs.readFile(`${folder}/${name}`, KEY_MAX);
      if (!bytes) continue;
      const pem = fromUtf8(bytes);
      keys.push({ selector: name.slice(0, -".pem".length), pem, ...dkimPublicKey(pem) });
    }
  } catch (e) {
    if (!isFsError(e, "not-found")) throw e;
  }
  return keys.sort((a, b) => a.selector < b.selector ? 1 : -1);
}

/** The domain's keys, made (durably) when there are none. */
export async function ensureDkimKeys(
  ports: { readonly fs: Fs; readonly clock: Clock },
  config: Pick<Config, "data">,
  domain: string,
): Promise<readonly DkimKey[]> {
  const present = await dkimKeys(ports.fs, config, domain);
  if (present.length > 0) return present;
  const folder = dkimFolder(config, domain);
  await ports.fs.makeDir(folder);
  const day = new Date(ports.clock.now()).toISOString().slice(0, 10).replaceAll("-", "");
  for (const algorithm of ["rsa", "ed25519"] as const) {
    const pem = await makeDkimKey(algorithm);
    await ports.fs.createWith(`${folder}/${algorithm}-${day}.pem`, [utf8(pem)]);
  }
  // The folders on the way down may be new too.
  for (let dir = folder; dir.length >= config.data.length; dir = folderOf(dir)) await ports.fs.syncDir(dir);
  return await dkimKeys(ports.fs, config, domain);
}
