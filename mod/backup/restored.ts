/** A snapshot's mail as a source: what is wanted of it, each message compared with its checksum. */
import { createHash } from "node:crypto";
import type { Fs } from "../base/fs.ts";
import { PART_HEADER } from "../base/limits.ts";
import { fromUtf8 } from "../base/bytes.ts";
import { FieldCursor } from "../mail/header.ts";
import type { Tally } from "../transfer/tally.ts";
import type { Octets, SourceFolder, SourceMessage } from "../transfer/types.ts";
import type { FileEntry } from "./manifest.ts";

/** What is looked into for one message by its ID. */
export interface Wanted {
  /** The Message-ID without its angle brackets; null for all messages. */
  readonly messageId: string | null;
  /** Files of the snapshot by path below `dir`. */
  readonly files: ReadonlyMap<string, FileEntry>;
  readonly dir: string;
}

/** The folder with only what is wanted of it. */
export function restoredFolder(fs: Fs, folder: SourceFolder, wanted: Wanted, tally: Tally): SourceFolder {
  return {
    ...folder,
    // One message does not make the folder what it was.
    uids: wanted.messageId === null ? folder.uids : null,
    async *messages() {
      const room = new Uint8Array(PART_HEADER);
      for await (const message of folder.messages()) {
        if (wanted.messageId !== null && !isMessage(fs, message, wanted.messageId, room)) continue;
        yield checked(message, folder.name, wanted, tally);
      }
    },
  };
}

/** A Message-ID without brackets and spaces around it. */
export function bareId(text: string): string {
  return text.trim().replace(/^<|>$/g, "");
}

/** `bytes` is room for a header. */
function isMessage(fs: Fs, { file }: SourceMessage, id: string, bytes: Uint8Array): boolean {
  if (file === undefined) return false;
  const n = fs.readStart(file, bytes);
  const field = new FieldCursor(bytes.subarray(0, n ?? 0));
  while (field.next()) if (field.is("message-id")) return bareId(fromUtf8(field.raw())) === id;
  return false;
}

function checked(
  message: SourceMessage,
  folder: string,
  { files, dir }: Wanted,
  tally: Tally,
): SourceMessage {
  const entry = message.file?.startsWith(`${dir}/`)
    ? files.get(message.file.slice(dir.length + 1))
    : undefined;
  return {
    ...message,
    async read(): Promise<Octets> {
      const octets = await message.read();
      if (octets.kind !== "octets") return octets;
      const compared = async function* () {
        const hash = createHash("sha256");
        for await (const chunk of octets.chunks) {
          hash.update(chunk);
          yield chunk;
        }
        if (hash.digest("hex") !== entry?.sha256) {
          tally.lose(
            folder,
            message.label,
            "is not what was backed up; it was restored as it is, and may be damaged",
          );
        }
      };
      return { ...octets, chunks: compared() };
    },
  };
}
