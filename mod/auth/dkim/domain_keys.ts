/** The keys that domains sign with now, ready to use. */
import type { Fs } from "../../base/fs.ts";
import type { Log } from "../../base/log.ts";
import { DKIM_DOMAINS } from "../../base/limits.ts";
import { type DkimKey, readKeys, signingKeys } from "./key_files.ts";
import { importPrivateKey } from "./private_key.ts";
import type { Signing } from "./sign.ts";

export interface DomainKeysPorts {
  readonly fs: Fs;
  readonly log: Log;
  /** Where a domain's keys lie. */
  readonly folderOf: (domain: string) => string;
}

interface Known {
  /** When the folder changed last, in milliseconds since 1970: every change of keys makes, removes or renames a file in it. */
  readonly changed: number;
  readonly signings: Promise<readonly Signing[]>;
}

export class DomainKeys {
  readonly #ports: DomainKeysPorts;
  readonly #known = new Map<string, Known>();

  constructor(ports: DomainKeysPorts) {
    this.#ports = ports;
  }

  /** Forgets all: files may have been changed in place. */
  forget(): void {
    this.#known.clear();
  }

  /** What a domain signs with, one key an algorithm; none where it has no keys. Files that are no keys are logged and passed over. Throws FsError. */
  async of(domain: string): Promise<readonly Signing[]> {
    const folder = this.#ports.folderOf(domain);
    const changed = this.#ports.fs.statSync(folder)?.mtime;
    if (changed === undefined) return [];
    const known = this.#known.get(domain);
    if (known?.changed === changed) return await known.signings;
    if (this.#known.size >= DKIM_DOMAINS) this.#known.clear();
    const signings = this.#read(domain, folder);
    this.#known.set(domain, { changed, signings });
    try {
      return await signings;
    } catch (e) {
      this.#known.delete(domain);
      throw e;
    }
  }

  async #read(domain: string, folder: string): Promise<readonly Signing[]> {
    const { fs, log } = this.#ports;
    const keys = await readKeys(fs, folder, (fault) => log.error("dkim key not used", { domain }, fault));
    const ready = signingKeys(keys).map(async ({ selector, pem }: DkimKey): Promise<Signing> => {
      return { domain, selector, key: await importPrivateKey(pem) };
    });
    return await Promise.all(ready);
  }
}
