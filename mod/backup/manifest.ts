/**
 * `manifest.jsonl` of a snapshot: a line about the snapshot, a line for each file, and a last line with their number and the checksum of all lines before
 * it. A manifest without its last line belongs to a snapshot that was never finished.
 */
import { createHash, type Hash } from "node:crypto";
import { utf8 } from "../base/bytes.ts";
import { readFileStream } from "../base/file_stream.ts";
import type { Fs } from "../base/fs.ts";
import { err, ok, type Result } from "../base/result.ts";

export const MANIFEST = "manifest.jsonl";
const VERSION = 1;
const LINE = 64 * 1024; // octets of one line: a path has 4,096 at most

export interface SnapshotFacts {
  /** RFC 3339. */
  readonly made: string;
  readonly hostname: string;
}

/** One file of a snapshot. */
export interface FileEntry {
  /** Below the snapshot's folder. */
  readonly path: string;
  readonly size: number;
  /** Milliseconds since 1970. */
  readonly time: number;
  /** Hexadecimal. */
  readonly sha256: string;
}

export interface Manifest {
  readonly facts: SnapshotFacts;
  readonly files: ReadonlyMap<string, FileEntry>;
}

/** The lines of a manifest, in pieces. */
export function* formatManifest(facts: SnapshotFacts, files: Iterable<FileEntry>): Generator<Uint8Array> {
  const hash = createHash("sha256");
  let count = 0;
  let octets = 0;
  let lines = `${JSON.stringify({ roostBackup: VERSION, ...facts })}\n`;
  for (const { path, size, time, sha256 } of files) {
    count++;
    octets += size;
    lines += `${JSON.stringify({ path, size, time, sha256 })}\n`;
    if (lines.length < LINE) continue;
    yield hashed(hash, lines);
    lines = "";
  }
  yield hashed(hash, lines);
  yield utf8(`${JSON.stringify({ files: count, octets, sha256: hash.digest("hex") })}\n`);
}

function hashed(hash: Hash, lines: string): Uint8Array {
  const bytes = utf8(lines);
  hash.update(bytes);
  return bytes;
}

/** Reads a manifest of the snapshot in `dir`. The error says what is wrong with it. Throws FsError. */
export async function readManifest(fs: Fs, dir: string): Promise<Result<Manifest, string>> {
  const path = `${dir}/${MANIFEST}`;
  const stat = await fs.stat(path);
  if (!stat) return err("there is no manifest: the snapshot was never finished, or is none");
  const reading = new Reading();
  let held = "";
  const decoder = new TextDecoder();
  for await (const chunk of readFileStream(fs, path, 0, stat.size)) {
    const lines = (held + decoder.decode(chunk, { stream: true })).split("\n");
    held = lines.pop() ?? "";
    for (const line of lines) {
      const fault = reading.take(line);
      if (fault !== null) return err(fault);
    }
    if (held.length > LINE) return err("a line of the manifest is too long");
  }
  return held === "" ? reading.end() : err("the manifest ends within a line");
}

class Reading {
  readonly #hash = createHash("sha256");
  readonly #files = new Map<string, FileEntry>();
  #facts: SnapshotFacts | null = null;
  #ended = false;

  /** What is wrong with the line, or null. */
  take(line: string): string | null {
    if (this.#ended) return "the manifest goes on after its end";
    const value = parseLine(line);
    if (value === null) return "a line of the manifest makes no sense";
    if (!this.#facts) {
      if (value.roostBackup !== VERSION) return `the manifest is of another version than ${VERSION}`;
      this.#facts = { made: String(value.made), hostname: String(value.hostname) };
    } else if (typeof value.files === "number") {
      this.#ended = true;
      const good = value.files === this.#files.size && value.sha256 === this.#hash.digest("hex");
      return good ? null : "the manifest was changed since it was written";
    } else {
      const { path, size, time, sha256 } = value;
      if (
        typeof path !== "string" || typeof size !== "number" || typeof time !== "number" ||
        typeof sha256 !== "string" || !isBelow(path)
      ) return "a line of the manifest makes no sense";
      this.#files.set(path, { path, size, time, sha256 });
    }
    this.#hash.update(`${line}\n`);
    return null;
  }

  end(): Result<Manifest, string> {
    if (!this.#facts || !this.#ended) return err("the manifest has no end: the snapshot was never finished");
    return ok({ facts: this.#facts, files: this.#files });
  }
}

function parseLine(line: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === "object" && value !== null && !Array.isArray(value)
      ? value as Record<string, unknown> // JSON objects have no other shape
      : null;
  } catch (e) {
    if (e instanceof SyntaxError) return null;
    throw e;
  }
}

/** Whether a path stays in the folder it is below of. */
function isBelow(path: string): boolean {
  return !path.startsWith("/") && !path.split("/").some((p) => p === ".." || p === "." || p === "");
}

/** Checksum of a file's octets, read whole. Throws FsError. */
export async function checksum(fs: Fs, path: string, size: number): Promise<string> {
  const hash = createHash("sha256");
  for await (const chunk of readFileStream(fs, path, 0, size)) hash.update(chunk);
  return hash.digest("hex");
}
