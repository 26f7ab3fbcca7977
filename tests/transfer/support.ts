import { utf8 } from "../../mod/base/bytes.ts";
import { Tally } from "../../mod/transfer/tally.ts";
import type { Source, SourceFolder } from "../../mod/transfer/types.ts";
import { FakeClock } from "../support/fake_clock.ts";
import { MemFs } from "../support/mem_fs.ts";

/** What a source tells of a message, in a form to compare. */
export interface Told {
  readonly folder: string;
  readonly uid: number | null;
  readonly flags: number;
  readonly keywords: readonly string[];
  readonly time: number | null;
  readonly text: string;
}

/** Everything a source has. */
export async function allOf(source: Source): Promise<Told[]> {
  const told: Told[] = [];
  for await (const folder of source.folders()) {
    for await (const message of folder.messages()) {
      const octets = await message.read();
      let text = octets.kind as string;
      let time = null;
      if (octets.kind === "octets") {
        const decoder = new TextDecoder();
        text = "";
        for await (const chunk of octets.chunks) text += decoder.decode(chunk, { stream: true });
        time = octets.time;
      }
      const { system, keywords } = message.flags;
      told.push({ folder: folder.name, uid: message.uid, flags: system, keywords, time, text });
    }
  }
  return told;
}

/** A disk with these files. */
export function disk(files: Readonly<Record<string, string | Uint8Array>>, dirs: string[] = []): MemFs {
  return new MemFs({ clock: new FakeClock(), files, dirs });
}

/** One folder whose messages are these texts. */
export function folderOf(name: string, texts: readonly string[]): SourceFolder {
  return {
    name,
    uids: null,
    count: texts.length,
    async *messages() {
      for (const [i, text] of texts.entries()) {
        yield {
          label: `message ${i}`,
          base: null,
          uid: null,
          flags: { system: 0, keywords: [] },
          read: () =>
            Promise.resolve({
              kind: "octets" as const,
              time: 1_000_000,
              chunks: (async function* () {
                await Promise.resolve();
                yield utf8(text);
              })(),
            }),
        };
      }
      await Promise.resolve();
    },
  };
}

export function tally(): Tally {
  return new Tally();
}
