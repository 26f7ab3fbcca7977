/**
 * Writes folders as mbox files (mboxrd): one file a folder, "A/B.mbox" for the folder A/B. A file appears under its name when it is whole and on the
 * medium; `roost-export.jsonl` tells which are, so that an export that was cut off goes on with the next folder.
 */
import { concat, EMPTY, fromUtf8, LF, utf8 } from "../base/bytes.ts";
import { folderOf } from "../base/durable.ts";
import { type Fs, type WritableFile } from "../base/fs.ts";
import { HEADER_SIZE, UIDLIST_SIZE } from "../base/limits.ts";
import { FieldCursor } from "../mail/header.ts";
import { MboxLines } from "./mbox_lines.ts";
import { putStatus } from "./mbox_status.ts";
import { SourceFault } from "./take_in.ts";
import type { Tally } from "./tally.ts";
import type { SourceFolder, SourceMessage } from "./types.ts";

const JOURNAL = "roost-export.jsonl";
const WRITE = 1024 * 1024; // octets put together for one write
const DAYS = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/** A file that is whole. */
interface Done {
  readonly file: string;
  readonly uidValidity: number;
  readonly nextUid: number;
  readonly count: number;
  readonly size: number;
}

export class MboxExport {
  readonly #fs: Fs;
  readonly #dir: string;
  readonly #separator: string;
  /** By file. The newest comes last; one before it counts where a crash kept that from getting its name. */
  readonly #done: Map<string, Done[]>;

  private constructor(fs: Fs, dir: string, separator: string, done: Map<string, Done[]>) {
    this.#fs = fs;
    this.#dir = dir;
    this.#separator = separator;
    this.#done = done;
  }

  /** Opens the folder that the files are to be in, making it. Throws FsError. */
  static async open(fs: Fs, dir: string, separator: string): Promise<MboxExport> {
    await fs.makeDir(dir);
    const bytes = await fs.readFile(`${dir}/${JOURNAL}`, UIDLIST_SIZE);
    const done = new Map<string, Done[]>();
    for (const line of bytes ? fromUtf8(bytes).split("\n") : []) {
      const entry = parseDone(line);
      if (entry) done.set(entry.file, [...done.get(entry.file) ?? [], entry].slice(-2));
    }
    return new MboxExport(fs, dir, separator, done);
  }

  /** Writes one folder's file. Throws FsError. */
  async write(folder: SourceFolder, tally: Tally, progress: () => void): Promise<void> {
    const file = `${folder.name.split(this.#separator).join("/")}.mbox`;
    const path = `${this.#dir}/${file}`;
    const stat = await this.#fs.stat(path);
    const before = this.#done.get(file)?.findLast((d) => d.size === stat?.size);
    if (stat && !before) {
      tally.lose(folder.name, "the folder", `${path} is there and not of this export; move it away`);
      return;
    }
    tally.folders++;
    const { uidValidity, nextUid } = folder.uids ?? { uidValidity: 0, nextUid: 0 };
    const same = before && before.uidValidity === uidValidity && before.nextUid === nextUid;
    if (stat && same && uidValidity > 0 && before.count === folder.count) {
      tally.already += folder.count;
      return progress();
    }
    await this.#fs.makeDir(folderOf(path));
    const size = await this.#writeFile(folder, path, tally, progress);
    const { count } = folder;
    const entry: Done = { file, uidValidity, nextUid, count, size };
    this.#done.set(file, [...this.#done.get(file) ?? [], entry].slice(-2));
    const journal = await this.#fs.append(`${this.#dir}/${JOURNAL}`);
    try {
      await journal.write(utf8(`${JSON.stringify(entry)}\n`));
      await journal.sync();
    } finally {
      await journal.close();
    }
    // Only now: a file under its name is always told of.
    await this.#fs.rename(`${path}.part`, path);
    for (let dir = folderOf(path); dir.length >= this.#dir.length; dir = folderOf(dir)) {
      await this.#fs.syncDir(dir);
    }
  }

  async #writeFile(
    folder: SourceFolder,
    path: string,
    tally: Tally,
    progress: () => void,
  ): Promise<number> {
    await this.#fs.remove(`${path}.part`);
    const file = new Gathering(await this.#fs.create(`${path}.part`));
    try {
      for await (const message of folder.messages()) {
        await writeMessage(message, folder.name, file, tally);
        progress();
      }
      await file.flush();
      await file.file.sync();
    } finally {
      await file.file.close();
    }
    return file.size;
  }
}

function parseDone(line: string): Done | null {
  try {
    const entry: unknown = JSON.parse(line);
    return typeof entry === "object" && entry !== null && "file" in entry && typeof entry.file === "string"
      ? entry as Done // our own file; a wrong number only has the folder written again
      : null;
  } catch (e) {
    if (e instanceof SyntaxError) return null; // torn by a crash
    throw e;
  }
}

async function writeMessage(
  message: SourceMessage,
  folder: string,
  file: Gathering,
  tally: Tally,
): Promise<void> {
  const octets = await message.read();
  if (octets.kind !== "octets") {
    if (octets.kind === "gone") tally.gone++;
    else tally.lose(folder, message.label, octets.why);
    return;
  }
  const lines = new MboxLines("quote");
  const before = file.size;
  let head: Uint8Array | null = EMPTY;
  let last = LF;
  const put = async (bytes: Uint8Array) => {
    const ready = lines.write(bytes);
    last = ready[ready.length - 1] ?? last;
    await file.write(ready);
  };
  const begin = async (header: Uint8Array) => {
    await file.write(utf8(`From ${senderOf(header)} ${asctime(octets.time ?? 0)}\n`));
    await put(putStatus(header, message.flags));
  };
  try {
    for await (const chunk of octets.chunks) {
      if (head === null) {
        await put(chunk);
        continue;
      }
      head = concat([head, chunk]);
      if (!endsInside(head) && head.length < HEADER_SIZE) continue;
      await begin(head);
      head = null;
    }
    if (head) await begin(head);
  } catch (e) {
    if (!(e instanceof SourceFault)) throw e;
    tally.lose(folder, message.label, `${e.message}; what there is of it is in the file`);
  }
  const rest = lines.end();
  last = rest[rest.length - 1] ?? last;
  await file.write(rest);
  // Messages always end with an empty line here, and a line of their own always does.
  await file.write(utf8(last === LF ? "\n" : "\n\n"));
  tally.messages++;
  tally.octets += file.size - before;
}

/** Whether the header block ends within `bytes`. */
function endsInside(bytes: Uint8Array): boolean {
  const field = new FieldCursor(bytes);
  while (field.next());
  return field.bodyStart < bytes.length;
}

/** Envelope sender by Return-Path, for the From_ line. */
function senderOf(header: Uint8Array): string {
  const field = new FieldCursor(header);
  while (field.next()) {
    if (!field.is("return-path")) continue;
    const address = /^[ \t]*<?([!-;=?-~]{1,320})>?\s*$/.exec(fromUtf8(field.raw()))?.[1];
    return address ?? "MAILER-DAEMON";
  }
  return "MAILER-DAEMON";
}

/** "Sun Nov 22 16:00:00 2026" in UTC, as From_ lines have it. */
export function asctime(time: number): string {
  const d = new Date(Math.max(0, time));
  const two = (n: number, fill = "0") => String(n).padStart(2, fill);
  const clock = `${two(d.getUTCHours())}:${two(d.getUTCMinutes())}:${two(d.getUTCSeconds())}`;
  return `${DAYS[d.getUTCDay()]} ${MONTHS[d.getUTCMonth()]} ${
    two(d.getUTCDate(), " ")
  } ${clock} ${d.getUTCFullYear()}`;
}

/** Small writes put together. */
class Gathering {
  readonly file: WritableFile;
  size = 0;
  #chunks: Uint8Array[] = [];
  #waiting = 0;

  constructor(file: WritableFile) {
    this.file = file;
  }

  async write(bytes: Uint8Array): Promise<void> {
    if (bytes.length === 0) return;
    this.size += bytes.length;
    this.#chunks.push(bytes.slice());
    this.#waiting += bytes.length;
    if (this.#waiting >= WRITE) await this.flush();
  }

  async flush(): Promise<void> {
    if (this.#waiting > 0) await this.file.write(concat(this.#chunks));
    this.#chunks = [];
    this.#waiting = 0;
  }
}
