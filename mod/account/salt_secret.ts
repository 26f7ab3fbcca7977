import { keptOnce } from "../base/durable.ts";
import type { Fs } from "../base/fs.ts";
import type { Random } from "../base/random.ts";

const LENGTH = 32;
const MOST = 4096;

/**
 * The secret from which SCRAM salts are made, kept in a file of its own (0600), made when there is none. Losing it is harmless: keys hold
 * their salt; only salts of names that nobody has change then. Throws FsError.
 */
export async function loadSaltSecret(fs: Fs, path: string, random: Random): Promise<Uint8Array> {
  return await keptOnce(fs, path, MOST, random, () => random.bytes(LENGTH));
}
