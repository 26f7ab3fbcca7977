/**
 * UIDVALIDITY of new folders. `dovecot-uidvalidity` in the account's root holds the last one given (8 hex digits), and so does the name of an empty
 * file beside it, `dovecot-uidvalidity.XXXXXXXX`: no two folders of an account ever get the same, not even one made again.
 */
import { fromAscii, utf8 } from "../base/bytes.ts";
import { replaceFile } from "../base/durable.ts";
import { isFsError } from "../base/fs.ts";
import type { Ports } from "./ports.ts";

const NAME = "dovecot-uidvalidity";

/** The next UIDVALIDITY of the account whose mail lies in `root`; durable. */
export async function nextUidValidity(ports: Pick<Ports, "fs" | "clock">, root: string): Promise<number> {
  const { fs } = ports;
  const file = fromAscii(await fs.readFile(`${root}/${NAME}`, 4096) ?? new Uint8Array());
  const noted = /^[0-9a-f]{8}/.exec(file)?.[0];
  // With thousands of folders a look at all names for each of them would take minutes. A name that was given since is met below.
  const known = noted !== undefined && fs.statSync(`${root}/${NAME}.${noted}`) !== null;
  const given = known ? [noted] : await namesOf(fs, root);
  const last = Math.max(0, ...given.map((hex) => parseInt(hex, 16)), noted ? parseInt(noted, 16) : 0);
  for (let value = Math.max(Math.floor(ports.clock.now() / 1000), last + 1);; value++) {
    const hex = value.toString(16).padStart(8, "0");
    try {
      await fs.createWith(`${root}/${NAME}.${hex}`, []);
    } catch (e) {
      if (isFsError(e, "exists")) continue;
      throw e;
    }
    await replaceFile(fs, `${root}/${NAME}`, utf8(hex), `${root}/${NAME}.new-${hex}`);
    for (const old of given) await fs.remove(`${root}/${NAME}.${old}`);
    return value;
  }
}

/** What the files beside it say. */
async function namesOf(fs: Ports["fs"], root: string): Promise<readonly string[]> {
  const entries = await fs.list(root);
  return entries.flatMap((e) => /^dovecot-uidvalidity\.([0-9a-f]{8})$/.exec(e.name)?.[1] ?? []);
}
