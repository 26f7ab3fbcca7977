/** Looks whether a snapshot is whole, and whether what DATA holds can be read and agrees with itself. Changes nothing. */
import { bareLines } from "../base/canonical.ts";
import { readFileStream } from "../base/file_stream.ts";
import { type DirEntry, type Fs, isFsError } from "../base/fs.ts";
import { QUEUE_HEAD, UIDLIST_SIZE } from "../base/limits.ts";
import { baseOf, sizeIn } from "../maildir/file_name.ts";
import { eachRecord, parseHeader, wholeLines } from "../maildir/uid_list.ts";
import { parseHead } from "../queue/file_format.ts";
import { checksum, readManifest } from "./manifest.ts";
import { inParallel } from "../maildir/slices.ts";

export interface Finding {
  /** `fail` is broken or lost; `warn` costs something, but no mail. */
  readonly grade: "warn" | "fail";
  readonly where: string;
  readonly what: string;
  readonly todo: string;
}

/** What was looked at. */
export class Verification {
  files = 0;
  octets = 0;
  readonly findings: Finding[] = [];
  readonly #progress: () => void;

  constructor(progress: () => void = () => {}) {
    this.#progress = progress;
  }

  looked(octets: number): void {
    this.files++;
    this.octets += octets;
    this.#progress();
  }

  fail(where: string, what: string, todo: string): void {
    this.findings.push({ grade: "fail", where, what, todo });
  }

  warn(where: string, what: string, todo: string): void {
    this.findings.push({ grade: "warn", where, what, todo });
  }
}

const WIDTH = 4;
const TMP_AGE = 36 * 3600 * 1000; // what maildir(5) grants a delivery
const AGAIN = "restore the file from another snapshot, and make a new one: the disk may be failing";

/** Reads all files of the snapshot in `dir` and compares them with its manifest. Throws FsError. */
export async function verifySnapshot(fs: Fs, dir: string, seen: Verification): Promise<void> {
  const manifest = await readManifest(fs, dir);
  if (!manifest.ok) {
    return seen.fail(dir, manifest.error, "use another snapshot; this one may lack anything");
  }
  await inParallel([...manifest.value.files.values()], WIDTH, async ({ path, size, sha256 }) => {
    const where = `${dir}/${path}`;
    try {
      const stat = await fs.stat(where);
      if (!stat) seen.fail(where, "is missing", AGAIN);
      else if (stat.kind !== "file" || stat.size !== size) {
        seen.fail(where, `has ${stat.size} octets, not ${size}`, AGAIN);
      } else if (await checksum(fs, where, size) !== sha256) seen.fail(where, "has other contents", AGAIN);
    } catch (e) {
      if (!isFsError(e)) throw e;
      seen.fail(where, `cannot be read (${e.code})`, AGAIN);
    }
    seen.looked(size);
  });
}

/** Looks at all mail below `mail`, reading every message. `now` in milliseconds since 1970. Throws FsError. */
export async function verifyMail(fs: Fs, mail: string, now: number, seen: Verification): Promise<void> {
  for (const { name, kind } of await entries(fs, mail)) {
    const path = `${mail}/${name}`;
    if (["cur", "new", "tmp"].includes(name)) continue;
    if (kind === "symlink") {
      seen.warn(path, "is a link, which is not followed", "put the folder itself there");
    }
    if (kind !== "dir") continue;
    if (await fs.stat(`${path}/cur`)) await verifyFolder(fs, path, now, seen);
    await verifyMail(fs, path, now, seen);
  }
}

async function verifyFolder(fs: Fs, dir: string, now: number, seen: Verification): Promise<void> {
  const bases = new Map<string, string>();
  const files: string[] = [];
  for (const part of ["new", "cur"]) {
    for (const { name, kind } of await entries(fs, `${dir}/${part}`)) {
      if (name.startsWith(".")) continue;
      const path = `${dir}/${part}/${name}`;
      if (kind !== "file") {
        seen.warn(path, "is no file", "take it away: it is never shown");
        continue;
      }
      const other = bases.get(baseOf(name));
      // Renamed while it was listed: then one of both is gone.
      if (other !== undefined && await fs.stat(other) && await fs.stat(path)) {
        seen.warn(
          path,
          `has the same name as ${other}`,
          "nothing: it is put right when the folder is opened",
        );
      }
      bases.set(baseOf(name), path);
      files.push(path);
    }
  }
  await inParallel(files, WIDTH, (path) => verifyMessage(fs, path, seen));
  await verifyUids(fs, dir, bases, seen);
  for (const { name, kind } of await entries(fs, `${dir}/tmp`)) {
    const stat = kind === "file" ? await fs.stat(`${dir}/tmp/${name}`) : null;
    if (stat && Math.max(stat.mtime, stat.ctime) < now - TMP_AGE) {
      seen.warn(
        `${dir}/tmp/${name}`,
        "is a left-over of a delivery that never ended",
        "nothing: it is removed when somebody logs in; its sender still has the message",
      );
    }
  }
}

async function verifyMessage(fs: Fs, path: string, seen: Verification): Promise<void> {
  try {
    const stat = await fs.stat(path);
    if (!stat) return; // renamed or removed just now
    let bare = 0;
    let previous = 0;
    for await (const chunk of readFileStream(fs, path, 0, stat.size)) {
      bare += bareLines(chunk, previous);
      previous = chunk[chunk.length - 1] ?? previous;
    }
    seen.looked(stat.size);
    const name = path.slice(path.lastIndexOf("/") + 1);
    const [told, wide] = [sizeIn(name, "S"), sizeIn(name, "W")];
    if (told >= 0 && told !== stat.size) {
      seen.fail(
        path,
        `has ${stat.size} octets, its name says ${told}`,
        "restore it from a backup, if that has it whole",
      );
    } else if (wide >= 0 && wide !== stat.size + bare) {
      seen.warn(
        path,
        `has ${stat.size + bare} octets with CRLF, its name says ${wide}`,
        `rename it without ",W=${wide}"; mail programs may show its end cut off`,
      );
    }
    if (stat.size === 0) seen.fail(path, "is empty", "restore it from a backup");
  } catch (e) {
    if (!isFsError(e)) throw e;
    if (e.code === "not-found" && !await fs.stat(path)) return;
    const rights = e.code === "denied";
    seen.fail(
      path,
      `cannot be read (${e.code})`,
      rights ? "give it to the user the server runs as" : "restore it from a backup: the disk may be failing",
    );
  }
}

async function verifyUids(
  fs: Fs,
  dir: string,
  bases: ReadonlyMap<string, string>,
  seen: Verification,
): Promise<void> {
  const path = `${dir}/dovecot-uidlist`;
  const bytes = await fs.readFile(path, UIDLIST_SIZE);
  if (!bytes) return; // nobody has opened the folder yet
  const { text } = wholeLines(bytes);
  const end = text.indexOf("\n");
  const header = parseHeader(text.slice(0, Math.max(0, end)));
  if (!header) {
    return seen.fail(
      path,
      "has no header",
      "restore the file from a backup; else mail programs fetch the folder's messages again",
    );
  }
  const known = new Set<string>();
  let twice = 0;
  const bad = eachRecord(text.slice(end + 1), header.version, ({ base }) => {
    if (known.has(base)) twice++;
    known.add(base);
  });
  if (bad > 0) seen.warn(path, `has ${bad} lines that make no sense`, "nothing: their messages get new UIDs");
  const live = twice > 0 && [...bases.keys()].some((b) => known.has(b));
  if (live) seen.warn(path, `names ${twice} messages twice`, "nothing: the last line of each counts");
}

/** Looks at what waits to be sent. Throws FsError. */
export async function verifyQueue(fs: Fs, dir: string, seen: Verification): Promise<void> {
  const buffer = new Uint8Array(QUEUE_HEAD);
  const list = await entries(fs, dir);
  const names = new Set(list.map((e) => e.name));
  for (const { name, kind } of list) {
    const path = `${dir}/${name}`;
    if (name === "broken" && kind === "dir" && (await entries(fs, path)).length > 0) {
      seen.warn(path, "has messages that could not be read", "look at them, then take them away");
    }
    if (kind !== "file") continue;
    if (
      name.endsWith(".state") && !names.has(name.replace(/state$/, "mail")) &&
      !await fs.stat(path.replace(/state$/, "mail"))
    ) {
      if (await fs.stat(path)) {
        seen.warn(path, "is the journal of no message", "nothing: it is removed at the next start");
      }
    }
    if (!name.endsWith(".mail")) continue;
    const n = fs.readStart(path, buffer);
    if (n === null) continue; // sent just now
    const head = parseHead(buffer.subarray(0, n));
    seen.looked((await fs.stat(path))?.size ?? 0);
    if (head.ok) continue;
    if (head.error === "newer") {
      seen.warn(path, "was written by a newer Roost", "run that one: this one leaves the message alone");
    } else {seen.fail(
        path,
        "cannot be read",
        'the server moves it to "broken" at its next start; ask its sender to send it again',
      );}
  }
}

async function entries(fs: Fs, path: string): Promise<DirEntry[]> {
  try {
    return await fs.list(path);
  } catch (e) {
    if (isFsError(e, "not-found")) return [];
    throw e;
  }
}
