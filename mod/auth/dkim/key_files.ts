/**
 * The DKIM keys of a domain, in a folder of their own: SELECTOR.pem (PKCS #8), and beside it a mark where the key does not simply sign:
 * SELECTOR.new until its record is published, SELECTOR.retired once another has taken its place. A mark holds for how many seconds a running
 * server has seen it so: no state depends on a clock that may be wrong. Invariants:
 * - A step is the making or removing of one file, synced before the next: after a crash at any place there is a key to sign with, and to do the
 *   same again ends what was begun.
 * - A key of an algorithm always signs: where none is without a mark, the one retired last.
 */
import { createHash, createPrivateKey, createPublicKey } from "node:crypto";
import { fromUtf8, utf8 } from "../../base/bytes.ts";
import { type Fs, isFsError } from "../../base/fs.ts";
import { DKIM_KEY_FILE, DKIM_RETIRED } from "../../base/limits.ts";
import { keyName } from "./key_lookup.ts";

export type DkimAlgorithm = "rsa" | "ed25519";
/** `new`: to be published, not used yet. `retired`: still published for mail under way. `removable`: nobody needs it any more. */
export type DkimKeyState = "new" | "active" | "retired" | "removable";

/** One key of a domain. */
export interface DkimKey {
  readonly selector: string;
  readonly algorithm: DkimAlgorithm;
  readonly state: DkimKeyState;
  /** Seconds it has been in a state other than active, as seen by a running server. */
  readonly seconds: number;
  /** What DNS publishes as p=. */
  readonly p: string;
  /** Private key, PKCS #8 in PEM. */
  readonly pem: string;
}

const PEM = ".pem";
type Mark = "new" | "retired";
const MARK_SIZE = 64;
/** A subjectPublicKeyInfo of Ed25519 ends with the 32 octets that RFC 8463 4 publishes. */
const ED25519_OCTETS = 32;

/** The key's kind and the value of p= (RFC 6376 3.6.1, RFC 8463 4). Throws when it is no such key. */
export function dkimPublicKey(pem: string): { readonly algorithm: DkimAlgorithm; readonly p: string } {
  const key = createPrivateKey(pem);
  const spki = createPublicKey(key).export({ type: "spki", format: "der" });
  if (key.asymmetricKeyType === "rsa") return { algorithm: "rsa", p: spki.toString("base64") };
  if (key.asymmetricKeyType === "ed25519") {
    return { algorithm: "ed25519", p: spki.subarray(spki.length - ED25519_OCTETS).toString("base64") };
  }
  throw new TypeError(`Cannot use a key of type "${key.asymmetricKeyType}" for DKIM`);
}

/**
 * The keys in a folder, newest selector first; none without the folder. `fault` is told of files that are no keys or cannot be read, which
 * otherwise are thrown, as TypeError and FsError. Throws FsError.
 */
export async function readKeys(
  fs: Fs,
  folder: string,
  fault?: (error: Error) => void,
): Promise<readonly DkimKey[]> {
  let names: ReadonlySet<string>;
  try {
    names = new Set((await fs.list(folder)).map((entry) => entry.name));
  } catch (e) {
    if (isFsError(e, "not-found")) return [];
    throw e;
  }
  const keys: DkimKey[] = [];
  for (const name of names) {
    if (!name.endsWith(PEM)) continue;
    try {
      const key = await readKey(fs, folder, names, name.slice(0, -PEM.length));
      if (key) keys.push(key);
    } catch (e) {
      // One file that somebody else put there, or made as another user, must not keep the other keys from signing.
      if (!fault || !(isFsError(e) || e instanceof TypeError)) throw e;
      fault(e);
    }
  }
  return keys.sort((a, b) => a.selector < b.selector ? 1 : -1);
}

async function readKey(
  fs: Fs,
  folder: string,
  names: ReadonlySet<string>,
  selector: string,
): Promise<DkimKey | null> {
  const bytes = await fs.readFile(`${folder}/${selector}${PEM}`, DKIM_KEY_FILE);
  if (!bytes) return null;
  if (keyName("example", selector) === null) throw new TypeError(`Cannot use "${selector}" as a selector`);
  const pem = fromUtf8(bytes);
  const known = publicKeyOf(selector, pem);
  const mark = names.has(`${selector}.retired`) ? "retired" : names.has(`${selector}.new`) ? "new" : null;
  const seconds = mark ? await readMark(fs, `${folder}/${selector}.${mark}`) : 0;
  const state = mark === "retired" && seconds >= DKIM_RETIRED ? "removable" : mark ?? "active";
  return { selector, state, seconds, pem, ...known };
}

function publicKeyOf(selector: string, pem: string): ReturnType<typeof dkimPublicKey> {
  try {
    return dkimPublicKey(pem);
  } catch (cause) {
    throw new TypeError(`Cannot read the DKIM key in "${selector}${PEM}"`, { cause });
  }
}

async function readMark(fs: Fs, path: string): Promise<number> {
  const bytes = await fs.readFile(path, MARK_SIZE);
  const seconds = bytes ? Number(fromUtf8(bytes).trim()) : 0;
  // A mark somebody has made by hand is empty, and counts from now on.
  return Number.isFinite(seconds) && seconds > 0 ? seconds : 0;
}

/** The key to sign with, for each algorithm there is: the newest active one, else the one retired last. Keys that are new do not sign. */
export function signingKeys(keys: readonly DkimKey[]): readonly DkimKey[] {
  return (["rsa", "ed25519"] as const).flatMap((algorithm) => {
    const own = keys.filter((k) => k.algorithm === algorithm);
    const retired = own.filter((k) => k.state === "retired" || k.state === "removable");
    const found = own.find((k) => k.state === "active") ?? retired.sort((a, b) => a.seconds - b.seconds)[0];
    return found ? [found] : [];
  });
}

/**
 * Puts a key into the folder, which is there; `state` "new" or "active". `name` such as "rsa-20260102" becomes the selector, with a number after
 * it where that is taken. Throws FsError.
 */
export async function addKey(
  fs: Fs,
  folder: string,
  name: string,
  pem: string,
  state: "new" | "active",
): Promise<string> {
  for (let n = 1;; n++) {
    const selector = n === 1 ? name : `${name}-${n}`;
    if (await fs.stat(`${folder}/${selector}${PEM}`)) continue;
    // The mark first: a crash between the two must not leave a key that signs before it is published.
    if (state === "new") await setMark(fs, folder, selector, "new");
    if (!await placeKey(fs, `${folder}/${selector}${PEM}`, utf8(pem))) continue;
    await fs.syncDir(folder);
    return selector;
  }
}

/** Makes a key file that is whole as soon as it has its name; false when somebody else was first. */
async function placeKey(fs: Fs, path: string, pem: Uint8Array): Promise<boolean> {
  // A name that no other key has: two may do this at once.
  const temporary = `${path}.${createHash("sha256").update(pem).digest("hex").slice(0, 16)}`;
  await fs.createWith(temporary, [pem]);
  try {
    await fs.link(temporary, path);
    return true;
  } catch (e) {
    if (isFsError(e, "exists")) return false;
    // A file system without links: the short gap is the lesser evil.
    if (!isFsError(e, "io")) throw e;
    await fs.rename(temporary, path);
    return true;
  } finally {
    await fs.remove(temporary);
  }
}

/** Lets a new key sign in the place of those of its algorithm that do. Harmless when repeated. Throws FsError. */
export async function activateKey(fs: Fs, folder: string, key: DkimKey): Promise<void> {
  for (const other of await readKeys(fs, folder, () => {})) {
    if (other.state !== "active" || other.algorithm !== key.algorithm) continue;
    if (other.selector !== key.selector) await setMark(fs, folder, other.selector, "retired");
  }
  await fs.remove(`${folder}/${key.selector}.new`);
  await fs.syncDir(folder);
}

/** Adds seconds to what a key has been in its state. Throws FsError. */
export async function countSeconds(fs: Fs, folder: string, key: DkimKey, seconds: number): Promise<void> {
  if (key.state === "active") return;
  const path = `${folder}/${key.selector}.${key.state === "new" ? "new" : "retired"}`;
  // Somebody may have changed the state meanwhile.
  if (!await fs.stat(path)) return;
  const temporary = `${path}.tmp`;
  await fs.remove(temporary);
  await fs.createWith(temporary, [utf8(`${Math.floor(key.seconds + seconds)}\n`)]);
  await fs.rename(temporary, path);
  await fs.syncDir(folder);
}

/** Removes a key that is `removable`. Throws FsError. */
export async function removeKey(fs: Fs, folder: string, key: DkimKey): Promise<void> {
  await fs.remove(`${folder}/${key.selector}${PEM}`);
  await fs.syncDir(folder);
  await fs.remove(`${folder}/${key.selector}.retired`);
}

async function setMark(fs: Fs, folder: string, selector: string, mark: Mark): Promise<void> {
  try {
    await fs.createWith(`${folder}/${selector}.${mark}`, [utf8("0\n")]);
  } catch (e) {
    // Left over from a step that was begun before.
    if (!isFsError(e, "exists")) throw e;
  }
  await fs.syncDir(folder);
}
