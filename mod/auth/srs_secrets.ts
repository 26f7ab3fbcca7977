/** The secrets of SRS: a file of lines, of which the first signs and all are believed. Whoever changes secrets puts the new one on top. */
import { fromUtf8, utf8 } from "../base/bytes.ts";
import { keptOnce, replaceFile } from "../base/durable.ts";
import type { Fs } from "../base/fs.ts";
import { SRS_SECRETS } from "../base/limits.ts";
import type { Random } from "../base/random.ts";

/** Octets of a secret: as many as the hash has. */
const LENGTH = 20;

/** A fresh secret. */
export function makeSrsSecret(random: Random): string {
  return random.bytes(LENGTH).toHex();
}

/** The secrets of the file at `path`; made, durably and 0600, when there is none. Throws FsError, and RangeError for a file without any. */
export async function loadSrsSecrets(fs: Fs, path: string, random: Random): Promise<readonly string[]> {
  return secretsIn(
    path,
    await keptOnce(fs, path, SRS_SECRETS, random, () => utf8(`${makeSrsSecret(random)}\n`)),
  );
}

/** The same for who only wants to look; null when there are none yet. */
export async function readSrsSecrets(fs: Fs, path: string): Promise<readonly string[] | null> {
  const bytes = await fs.readFile(path, SRS_SECRETS);
  return bytes && secretsIn(path, bytes);
}

function secretsIn(path: string, bytes: Uint8Array): readonly string[] {
  const secrets = fromUtf8(bytes).split("\n").map((line) => line.trim()).filter((line) => line !== "");
  if (secrets.length === 0) {
    throw new RangeError(
      `Cannot rewrite senders: "${path}" has no secret; without the file a new one is made`,
    );
  }
  return secrets;
}

/** Secrets that stay good beside the one that signs: one change a month leaves none out within the days an address lasts. */
const KEPT = 2;

/** Puts a new secret on top, durably. Throws FsError. */
export async function rotateSrsSecrets(fs: Fs, path: string, random: Random): Promise<void> {
  const old = (await loadSrsSecrets(fs, path, random)).slice(0, KEPT);
  const text = [makeSrsSecret(random), ...old].map((line) => `${line}\n`).join("");
  await replaceFile(fs, path, utf8(text), `${path}.${random.bytes(8).toHex()}`);
}
