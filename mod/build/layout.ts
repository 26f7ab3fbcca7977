/** The one file of a portable build: starter, then the packed program, then the packed runtime. */
import { gunzipSync, gzipSync } from "node:zlib";
import { sha256 } from "./checksum.ts";
import { elfMachine } from "./elf.ts";
import type { Runtime } from "./runtimes.ts";
import { formatStarter, type Section } from "./starter.ts";
import { findInTar, formatTar } from "./tar.ts";

export interface PortableParts {
  readonly version: string;
  readonly flags: readonly string[];
  /** File name -> text; holds main.js. */
  readonly program: ReadonlyMap<string, Uint8Array>;
  readonly runtime: Runtime;
  /** The runtime's package as npm hands it out. */
  readonly archive: Uint8Array;
}

/** Puts the file together. Throws when the archive does not hold a runtime for the target. */
export function assemblePortable(parts: PortableParts): Uint8Array {
  const { runtime, archive } = parts;
  const tar = gunzipSync(archive);
  const entry = findInTar(tar, "package/deno");
  const executable = entry && tar.subarray(entry.at, entry.at + entry.size);
  if (!entry || !executable || elfMachine(executable) !== runtime.machine) {
    throw new Error(`${runtime.package} ${runtime.version} holds no executable for ${runtime.target}`);
  }
  const program = packProgram(parts.program);
  const starterOf = (at: number) => {
    const programSection: Section = { at, size: program.length, sha256: sha256(program) };
    const runtimeSection = {
      at: at + program.length,
      size: archive.length,
      sha256: sha256(executable),
      skip: entry.at,
      length: entry.size,
    };
    return new TextEncoder().encode(
      formatStarter({
        version: parts.version,
        target: runtime.target,
        flags: parts.flags,
        program: programSection,
        runtime: runtimeSection,
      }),
    );
  };
  // Offsets are written in a fixed number of digits, so the starter's length does not depend on them.
  const starter = starterOf(starterOf(0).length);
  const file = new Uint8Array(starter.length + program.length + archive.length);
  file.set(starter);
  file.set(program, starter.length);
  file.set(archive, starter.length + program.length);
  return file;
}

/** The program as a gzipped tar; the same octets for the same files. */
export function packProgram(files: ReadonlyMap<string, Uint8Array>): Uint8Array {
  const packed = gzipSync(formatTar(files), { level: 9 });
  packed[9] = 255; // the system that packed it is nobody's business, RFC 1952 2.3.1
  return packed;
}
