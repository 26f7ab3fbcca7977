/**
 * UIDVALIDITY of new folders. `dovecot-uidvalidity` in the account's root holds the last one given (8 hex digits), and so does the name of an empty
 * file beside it, `dovecot-uidvalidity.XXXXXXXX`: no two folders of an account ever get the same, not even one made again. Whoever takes numbers
 * renames that file, as Dovecot does, so only one of all who try gets them. Where many folders are made at once, numbers are taken some at a time:
 * they are good as long as the file has the name of the last of them.
 */
import { fromAscii, utf8 } from "../base/bytes.ts";
import { replaceFile } from "../base/durable.ts";
import { FsError, isFsError } from "../base/fs.ts";
import { UID_VALIDITIES } from "../base/limits.ts";
import type { Ports } from "./ports.ts";
import { Serial } from "./serial.ts";

const NAME = "dovecot-uidvalidity";
const MAX = 0xffff_ffff; // RFC 9051 9: 32 bits
const GROWTH = 8; // times as many as before, when more are wanted soon
const SOON = 2000; // milliseconds
const ROOTS = 100; // accounts of which it is known what they took

export type UidValidityPorts = Pick<Ports, "fs" | "clock" | "locks" | "log">;

/** Numbers taken for one account, `next` to `last`. */
interface Taken {
  next: number;
  readonly last: number;
  readonly size: number;
  /** Monotonic time. */
  readonly at: number;
}

export class UidValidities {
  readonly #ports: UidValidityPorts;
  readonly #taken = new Map<string, Taken>();
  /** One at a time for each account that has any under way. */
  readonly #serials = new Map<string, Serial>();

  constructor(ports: UidValidityPorts) {
    this.#ports = ports;
  }

  /** The next UIDVALIDITY of the account whose mail lies in `root`; durable. Throws FsError "io" where none is left. */
  async next(root: string): Promise<number> {
    const serial = this.#serials.get(root) ?? new Serial();
    this.#serials.set(root, serial);
    try {
      return await serial.run(() => this.#next(root));
    } finally {
      if (serial.busy === 0) this.#serials.delete(root);
    }
  }

  async #next(root: string): Promise<number> {
    const { fs, clock, locks } = this.#ports;
    const known = this.#taken.get(root);
    if (known && known.next <= known.last && fs.statSync(nameOf(root, known.last)) !== null) {
      return known.next++;
    }
    const at = clock.monotonic();
    // Who did not come to use what was taken, as others take numbers too, takes no more than is wanted now.
    const more = known && known.next > known.last && at - known.at < SOON;
    const size = more ? Math.min(known.size * GROWTH, UID_VALIDITIES) : 1;
    const unlock = await locks.take(`${root}/${NAME}.lock`);
    try {
      const { first, last } = await take(this.#ports, root, size);
      this.#taken.delete(root);
      this.#taken.set(root, { next: first + 1, last, size, at });
      const [oldest] = this.#taken.keys();
      if (this.#taken.size > ROOTS && oldest !== undefined) this.#taken.delete(oldest);
      return first;
    } finally {
      await unlock();
    }
  }
}

/** Takes so many numbers that nobody has, or as many as are left. */
async function take(
  { fs, clock, log }: UidValidityPorts,
  root: string,
  size: number,
): Promise<{ readonly first: number; readonly last: number }> {
  for (;;) {
    const file = fromAscii(await fs.readFile(`${root}/${NAME}`, 4096) ?? new Uint8Array());
    const text = /^[0-9a-f]{8}/.exec(file)?.[0];
    const noted = text === undefined ? 0 : parseInt(text, 16);
    // With thousands of folders a look at all names for each of them would take minutes. A name that was given since is met below.
    const known = text !== undefined && fs.statSync(nameOf(root, noted)) !== null;
    const given = known ? [noted] : (await namesOf(fs, root)).sort((a, b) => b - a);
    const [highest] = given;
    let first = Math.max(Math.floor(clock.now() / 1000), (highest ?? 0) + 1, noted + 1);
    for (let n = 0; n < size && first + n <= MAX; n++) {
      if (fs.statSync(nameOf(root, first + n)) === null) continue;
      first += n + 1;
      n = -1;
    }
    if (first > MAX) {
      // Dovecot goes on with 0, which is no UIDVALIDITY. Nothing but a damaged file gets there before the year 2106.
      const remedy = `remove ${NAME} and ${NAME}.* there: numbers go on from the clock`;
      log.error("no UIDVALIDITY left for new folders", { path: root, highest: hexOf(first - 1), remedy });
      throw new FsError("io", "count on in", `${root}/${NAME}`);
    }
    const last = Math.min(first + size - 1, MAX);
    try {
      if (highest === undefined) await fs.createWith(nameOf(root, last), []);
      else await fs.rename(nameOf(root, highest), nameOf(root, last));
    } catch (e) {
      if (isFsError(e, "exists", "not-found") && fs.statSync(root)) continue; // another was faster
      throw e;
    }
    await replaceFile(fs, `${root}/${NAME}`, utf8(hexOf(last)), `${root}/${NAME}.new-${hexOf(last)}`);
    for (const old of given.slice(1)) await fs.remove(nameOf(root, old));
    return { first, last };
  }
}

function hexOf(value: number): string {
  return value.toString(16).padStart(8, "0");
}

function nameOf(root: string, value: number): string {
  return `${root}/${NAME}.${hexOf(value)}`;
}

/** What the files beside it say. */
async function namesOf(fs: Ports["fs"], root: string): Promise<number[]> {
  const entries = await fs.list(root);
  return entries.flatMap((e) => /^dovecot-uidvalidity\.([0-9a-f]{8})$/.exec(e.name)?.[1] ?? [])
    .map((hex) => parseInt(hex, 16));
}
