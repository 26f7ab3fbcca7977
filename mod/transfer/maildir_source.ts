/** A Maildir as a source: Dovecot's, Courier's, Roost's own, with UIDs, flags, keywords, dates and subscriptions. */
import { fromUtf8 } from "../base/bytes.ts";
import { readFileStream } from "../base/file_stream.ts";
import { type Fs, isFsError } from "../base/fs.ts";
import { KEYWORD_FILE_SIZE, SUBSCRIPTIONS_SIZE, UIDLIST_SIZE } from "../base/limits.ts";
import { baseOf, compareArrival, flagsOf } from "../maildir/file_name.ts";
import { parseKeywords } from "../maildir/keyword_file.ts";
import { parseSpecialUses } from "../maildir/special_use_file.ts";
import { parseSubscriptions } from "../maildir/subscription_file.ts";
import { movedPop3Fields } from "../maildir/pop3_fields.ts";
import { eachRecord, parseHeader, type UidHeader, type UidRecord, wholeLines } from "../maildir/uid_list.ts";
import { keywordNames, SYSTEM_FLAGS } from "../store/flags.ts";
import { canonicalName } from "../store/mailbox_name.ts";
import type { NamedFlags, SpecialUse, Uid } from "../store/store.ts";
import { courierKeywords } from "./courier_keywords.ts";
import { unpacked } from "./gzip.ts";
import { findMaildirs, folderNameOf, linesOf, type TreeFolder } from "./maildir_tree.ts";
import { SourceFault } from "./take_in.ts";
import type { Tally } from "./tally.ts";
import type { Octets, Source, SourceFolder, SourceMessage } from "./types.ts";

const GZIP = [0x1f, 0x8b, 0x08];

/** A folder whose next UID is above has been tampered with: some hundred million more are left for its messages to come. */
const UIDS_MOST = 0xf000_0000;

interface Entry {
  readonly file: string;
  readonly part: "cur" | "new";
  readonly uid: Uid | null;
  readonly pop3: string;
}

export class MaildirSource implements Source {
  readonly subscriptions: readonly string[] | null;
  readonly specialUses: ReadonlyMap<string, SpecialUse>;
  readonly #fs: Fs;
  readonly #tree: readonly TreeFolder[];
  readonly #tally: Tally;

  private constructor(
    fs: Fs,
    tree: readonly TreeFolder[],
    tally: Tally,
    subscriptions: readonly string[] | null,
    uses: ReadonlyMap<string, SpecialUse>,
  ) {
    this.#fs = fs;
    this.#tree = tree;
    this.#tally = tally;
    this.subscriptions = subscriptions;
    this.specialUses = uses;
  }

  /** Opens the Maildir in `root`; null when there is none. Throws FsError. */
  static async open(fs: Fs, root: string, separator: string, tally: Tally): Promise<MaildirSource | null> {
    if ((await fs.stat(root))?.kind !== "dir") return null;
    const tree = await findMaildirs(fs, root, separator, tally);
    if (tree.length === 0) return null;
    const uses = await fs.readFile(`${root}/roost-special-use`, SUBSCRIPTIONS_SIZE);
    const subscriptions = await subscribed(fs, root, separator);
    return new MaildirSource(fs, tree, tally, subscriptions, parseSpecialUses(uses ? fromUtf8(uses) : ""));
  }

  /** Names of its folders. */
  get names(): readonly string[] {
    return this.#tree.map((f) => f.name);
  }

  /** How many messages there are, roughly: what is listed now. */
  async count(only: (name: string) => boolean = () => true): Promise<number> {
    let n = 0;
    for (const { name, path } of this.#tree) {
      if (only(name)) n += (await entriesOf(this.#fs, path)).length;
    }
    return n;
  }

  async *folders(): AsyncGenerator<SourceFolder> {
    for (const folder of this.#tree) yield await openFolder(this.#fs, folder, this.#tally);
  }
}

/** Reads what there is to know of a folder. */
async function openFolder(fs: Fs, { name, path }: TreeFolder, tally: Tally): Promise<SourceFolder> {
  const { header, uids } = await uidsOf(fs, path, name, tally);
  const keywords = parseKeywords(
    fromUtf8(await fs.readFile(`${path}/dovecot-keywords`, KEYWORD_FILE_SIZE) ?? new Uint8Array()),
  );
  const courier = await courierKeywords(fs, path);
  if ((await fs.stat(`${path}/dovecot-acl`))?.size) {
    tally.note(`${name}: others have rights in it (dovecot-acl), which are not taken over`);
  }
  const entries: Entry[] = [];
  const seen = new Set<string>();
  for (const { file, part, kind } of await entriesOf(fs, path)) {
    if (kind !== "file") {
      tally.lose(name, `${part}/${file}`, kind === "symlink" ? "is a link" : "is no file");
      continue;
    }
    const base = baseOf(file);
    if (seen.has(base)) continue; // on its way from new/ to cur/
    seen.add(base);
    const record = uids.get(base);
    entries.push({
      file,
      part,
      uid: record?.uid ?? null,
      pop3: movedPop3Fields(record?.extensions ?? "", base),
    });
  }
  entries.sort((a, b) => (a.uid ?? Infinity) - (b.uid ?? Infinity) || compareArrival(a.file, b.file));
  const flags = (entry: Entry): NamedFlags => {
    const bits = entry.part === "new" ? 0 : flagsOf(entry.file);
    const more = courier.get(baseOf(entry.file)) ?? [];
    return { system: bits & SYSTEM_FLAGS, keywords: [...keywordNames(bits, keywords), ...more] };
  };
  return {
    name,
    uids: header,
    count: entries.length,
    async *messages() {
      const names = new Renames(fs, path);
      for (const entry of entries) yield messageOf(names, entry, flags(entry));
      await Promise.resolve();
    },
  };
}

function messageOf(names: Renames, { file, part, uid, pop3 }: Entry, flags: NamedFlags): SourceMessage {
  const path = `${names.path}/${part}/${file}`;
  return {
    label: `${part}/${file}`,
    base: baseOf(file),
    file: path,
    uid,
    ...(pop3 === "" ? {} : { pop3 }),
    flags,
    async read(): Promise<Octets> {
      try {
        return await readAt(names.fs, path) ?? await names.read(file);
      } catch (e) {
        if (isFsError(e, "denied", "io")) return { kind: "lost", why: `cannot be read (${e.code})` };
        throw e;
      }
    },
  };
}

/** Finds files of a folder whose names are others since it was listed, as when flags change. One more listing shows all there are till then. */
class Renames {
  readonly fs: Fs;
  readonly path: string;
  #found = new Map<string, string>();

  constructor(fs: Fs, path: string) {
    this.fs = fs;
    this.path = path;
  }

  async read(file: string): Promise<Octets> {
    // A name with octets that are no UTF-8 shows up with marks in their place, and cannot be asked for.
    if (file.includes("\ufffd")) return { kind: "lost", why: "its file name is not UTF-8; rename the file" };
    const base = baseOf(file);
    return await this.#try(base) ?? (await this.#look(), await this.#try(base)) ?? { kind: "gone" };
  }

  async #try(base: string): Promise<Octets | null> {
    const file = this.#found.get(base);
    return file === undefined ? null : await readAt(this.fs, `${this.path}/${file}`);
  }

  async #look(): Promise<void> {
    const entries = await entriesOf(this.fs, this.path);
    this.#found = new Map(entries.map(({ file, part }) => [baseOf(file), `${part}/${file}`]));
  }
}

async function readAt(fs: Fs, path: string): Promise<Octets | null> {
  const stat = await fs.stat(path);
  if (!stat) return null;
  if (stat.size === 0) return { kind: "lost", why: "is empty" };
  const chunks = guarded(readFileStream(fs, path, 0, stat.size));
  const first = new Uint8Array(GZIP.length);
  const packed = fs.readStart(path, first) === GZIP.length && GZIP.every((b, i) => first[i] === b);
  return { kind: "octets", chunks: packed ? unpacked(chunks) : chunks, time: stat.mtime };
}

/** Faults of reading as faults of the source: where it is put may have others. */
async function* guarded(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    yield* chunks;
  } catch (e) {
    if (!isFsError(e)) throw e;
    const gone = e.code === "not-found";
    throw new SourceFault(
      gone ? "was renamed or removed just now; run it again" : `cannot be read (${e.code})`,
    );
  }
}

/** What lies in cur/ and new/, whatever it is; cur/ first. */
async function entriesOf(fs: Fs, path: string) {
  const found: { readonly file: string; readonly part: "cur" | "new"; readonly kind: string }[] = [];
  // new/ is listed first: what leaves it meanwhile is then met in cur/.
  for (const part of ["new", "cur"] as const) {
    try {
      for (const { name, kind } of await fs.list(`${path}/${part}`)) {
        if (!name.startsWith(".") && kind !== "dir") found.push({ file: name, part, kind });
      }
    } catch (e) {
      if (!isFsError(e, "not-found")) throw e;
    }
  }
  return found.reverse();
}

/** UIDs by file base, from Dovecot's list or Courier's. */
async function uidsOf(
  fs: Fs,
  path: string,
  name: string,
  tally: Tally,
): Promise<{ readonly header: UidHeader | null; readonly uids: ReadonlyMap<string, UidRecord> }> {
  const uids = new Map<string, UidRecord>();
  for (const list of ["dovecot-uidlist", "courierimapuiddb"]) {
    const bytes = await fs.readFile(`${path}/${list}`, UIDLIST_SIZE);
    if (!bytes) continue;
    const { text } = wholeLines(bytes);
    const end = text.indexOf("\n");
    const header = parseHeader(text.slice(0, Math.max(0, end)));
    if (!header) {
      tally.note(`${name}: ${list} cannot be read; messages get new UIDs`);
      continue;
    }
    let last = 0;
    const bad = eachRecord(text.slice(end + 1), header.version, (record) => {
      uids.set(record.base, record);
      last = record.uid;
    });
    if (bad > 0) tally.note(`${name}: lines of ${list} make no sense; their messages get new UIDs`, bad);
    const nextUid = Math.max(header.nextUid, last + 1);
    if (nextUid > UIDS_MOST) {
      tally.note(`${name}: its UIDs are nearly used up; messages get new ones`);
      return { header: null, uids: new Map() };
    }
    return { header: { ...header, nextUid }, uids };
  }
  return { header: null, uids };
}

/** Names subscribed to, by Dovecot's file or Courier's; null without one. */
async function subscribed(fs: Fs, root: string, separator: string): Promise<string[] | null> {
  const bytes = await fs.readFile(`${root}/subscriptions`, SUBSCRIPTIONS_SIZE);
  if (bytes) {
    const text = fromUtf8(bytes);
    // LAYOUT=fs has "/" between levels.
    const flat = text.startsWith("V\t") ? text : text.replaceAll("/", ".");
    return parseSubscriptions(flat, separator);
  }
  const lines = await linesOf(fs, `${root}/courierimapsubscribed`, SUBSCRIPTIONS_SIZE);
  if (lines.length === 0) return null;
  const names = lines.filter((l) => l !== "").map((line) => {
    const levels = line.split(".");
    return folderNameOf(levels.length > 1 && levels[0] === "INBOX" ? levels.slice(1) : levels, separator)
      .name;
  });
  return names.filter((n) => canonicalName(n, separator).ok);
}
