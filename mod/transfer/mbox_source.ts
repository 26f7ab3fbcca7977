/** mbox files as a source: one file is a folder; a folder of files has one for each. */
import { concat, EMPTY } from "../base/bytes.ts";
import type { Fs, ReadableFile } from "../base/fs.ts";
import { HEADER_SIZE, TRANSFER_DEPTH, TRANSFER_FOLDERS } from "../base/limits.ts";
import { parseDate } from "../mail/date.ts";
import { FieldCursor } from "../mail/header.ts";
import { INBOX } from "../store/mailbox_name.ts";
import type { SpecialUse } from "../store/store.ts";
import { folderNameOf } from "./maildir_tree.ts";
import { MboxLines } from "./mbox_lines.ts";
import { type MboxPiece, splitMbox } from "./mbox_split.ts";
import { takeStatus } from "./mbox_status.ts";
import type { Tally } from "./tally.ts";
import type { Octets, Source, SourceFolder, SourceMessage } from "./types.ts";

const CHUNK = 256 * 1024;
const HEAD = 16 * 1024;

interface MboxFile {
  readonly name: string;
  readonly path: string;
  readonly size: number;
}

/** What came of looking for files: how far the import is, in octets, comes with them. */
export class MboxSource implements Source {
  readonly subscriptions = null;
  readonly specialUses: ReadonlyMap<string, SpecialUse> = new Map();
  /** Octets of all files. */
  readonly size: number;
  /** Octets of them that are done. */
  done = 0;
  readonly #fs: Fs;
  readonly #files: readonly MboxFile[];
  readonly #tally: Tally;

  private constructor(fs: Fs, files: readonly MboxFile[], tally: Tally) {
    this.#fs = fs;
    this.#files = files;
    this.#tally = tally;
    this.size = files.reduce((sum, f) => sum + f.size, 0);
  }

  /** Opens a file, or a folder of files; null when there is nothing of the kind. `separator` parts levels of names. */
  static async open(fs: Fs, path: string, separator: string, tally: Tally): Promise<MboxSource | null> {
    const stat = await fs.stat(path);
    if (stat?.kind === "file") return new MboxSource(fs, [{ name: INBOX, path, size: stat.size }], tally);
    if (stat?.kind !== "dir") return null;
    const files: MboxFile[] = [];
    await findFiles({ fs, separator, tally, files }, path, []);
    return files.length > 0 ? new MboxSource(fs, files, tally) : null;
  }

  /** Names of its folders. */
  get names(): readonly string[] {
    return this.#files.map((f) => f.name);
  }

  async *folders(): AsyncGenerator<SourceFolder> {
    let before = 0;
    for (const { name, path, size } of this.#files) {
      const at = before;
      yield { name, uids: null, count: 0, messages: () => this.#messages(name, path, at) };
      before += size;
      this.done = before;
    }
  }

  async *#messages(name: string, path: string, before: number): AsyncGenerator<SourceMessage> {
    const tally = this.#tally;
    const file = await this.#fs.open(path);
    try {
      const pieces = splitMbox(file, (fault) => {
        if (fault.kind === "before") {
          tally.lose(name, `${fault.octets} octets at the beginning`, "stand before the first message");
        } else tally.note(`${name}: messages that begin without an empty line before them`);
      });
      for await (const piece of pieces) {
        const message = await messageOf(file, piece, name, tally);
        this.done = before + piece.at;
        if (message) yield message;
      }
    } finally {
      file.close();
    }
  }
}

interface Search {
  readonly fs: Fs;
  readonly separator: string;
  readonly tally: Tally;
  readonly files: MboxFile[];
}

/** "A.mbox", "A" and Thunderbird's "A.sbd/B" are the folders A and A/B. What does not begin as an mbox is left alone. */
async function findFiles(search: Search, path: string, levels: readonly string[]): Promise<void> {
  const { fs, separator, tally, files } = search;
  for (const { name, kind } of (await fs.list(path)).sort((a, b) => a.name < b.name ? -1 : 1)) {
    const inner = `${path}/${name}`;
    if (name.startsWith(".")) continue;
    const inside = [...levels, name.replace(/\.(?:mbox|sbd)$/i, "")];
    if (kind === "dir" && levels.length < TRANSFER_DEPTH) await findFiles(search, inner, inside);
    if (kind !== "file" || !await beginsAsMbox(fs, inner)) continue;
    if (files.length >= TRANSFER_FOLDERS) {
      tally.lose(inner, "the file", `more than ${TRANSFER_FOLDERS} files`);
      continue;
    }
    const folder = folderNameOf(inside, separator);
    if (!folder.same) tally.note(`${inner}: becomes the folder "${folder.name}"`);
    files.push({ name: folder.name, path: inner, size: (await fs.stat(inner))?.size ?? 0 });
  }
}

async function beginsAsMbox(fs: Fs, path: string): Promise<boolean> {
  const start = new Uint8Array(64);
  const n = fs.readStart(path, start) ?? 0;
  await Promise.resolve();
  return /^(?:\xef\xbb\xbf)?\s*From /.test(new TextDecoder("latin1").decode(start.subarray(0, n)));
}

async function messageOf(
  file: ReadableFile,
  piece: MboxPiece,
  folder: string,
  tally: Tally,
): Promise<SourceMessage | null> {
  const label = `message at octet ${piece.at}`;
  if (piece.end <= piece.start) {
    tally.note(`${folder}: From_ lines with no message after them`);
    return null;
  }
  const raw = await readHeader(file, piece);
  const { flags, expunged, internal, header } = takeStatus(raw);
  if (internal) return null;
  if (expunged) {
    tally.note(`${folder}: messages that Thunderbird has removed and not yet compacted, left out`);
    return null;
  }
  const time = piece.date ?? dateOf(header);
  return {
    label,
    base: null,
    uid: null,
    flags,
    read: (): Promise<Octets> =>
      Promise.resolve({ kind: "octets", chunks: octetsOf(file, piece, header, raw.length), time }),
  };
}

/** The header block with its empty line; no more than HEADER_SIZE of it. */
async function readHeader(file: ReadableFile, { start, end }: MboxPiece): Promise<Uint8Array> {
  for (let most = HEAD;; most *= 4) {
    const bytes = await readRange(file, start, Math.min(end, start + Math.min(most, HEADER_SIZE)));
    const at = /\r?\n\r?\n/.exec(new TextDecoder("latin1").decode(bytes));
    if (at) return bytes.subarray(0, at.index + at[0].length);
    // One that never ends: what is in it is left as it is.
    if (most >= HEADER_SIZE) return EMPTY;
    if (start + bytes.length >= end) return bytes;
  }
}

async function readRange(file: ReadableFile, from: number, to: number): Promise<Uint8Array> {
  const into = new Uint8Array(to - from);
  let got = 0;
  while (got < into.length) {
    const n = await file.readAt(into.subarray(got), from + got);
    if (n === 0) break;
    got += n;
  }
  return into.subarray(0, got);
}

function dateOf(header: Uint8Array): number | null {
  const field = new FieldCursor(header);
  while (field.next()) if (field.is("date")) return parseDate(field.raw())?.time ?? null;
  return null;
}

/** The message as it was before it came into the file: CRLF, quoting taken away. */
async function* octetsOf(
  file: ReadableFile,
  piece: MboxPiece,
  header: Uint8Array,
  headerEnd: number,
): AsyncGenerator<Uint8Array> {
  const head = new MboxLines("keep");
  yield concat([head.write(header), head.end()]);
  // mboxcl2 quotes nothing: a line of its own that begins with "From " shows it.
  const way = piece.counted && await hasPlainFrom(file, piece.start + headerEnd, piece.end)
    ? "keep"
    : "unquote";
  const lines = new MboxLines(way);
  for (let at = piece.start + headerEnd; at < piece.end;) {
    const chunk = await readRange(file, at, Math.min(piece.end, at + CHUNK));
    if (chunk.length === 0) break; // cut off meanwhile
    yield lines.write(chunk);
    at += chunk.length;
  }
  yield lines.end();
}

async function hasPlainFrom(file: ReadableFile, start: number, end: number): Promise<boolean> {
  let tail = "\n";
  for (let at = start; at < end; at += CHUNK) {
    const text = tail +
      new TextDecoder("latin1").decode(await readRange(file, at, Math.min(end, at + CHUNK)));
    if (text.includes("\nFrom ")) return true;
    tail = text.slice(-5);
  }
  return false;
}
