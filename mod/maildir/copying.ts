import type { FlagBits, NamedFlags } from "../store/store.ts";
import { sizeIn } from "./file_name.ts";
import type { Part } from "./placing.ts";
import type { Ports } from "./ports.ts";
import { Turns } from "./slices.ts";

/** A file to be copied. */
export interface CopySource {
  readonly path: string;
  /** Its name, for the sizes in it. */
  readonly file: string;
  readonly flags: NamedFlags;
  readonly internalDate: number;
  readonly origin: string;
}

/** New names for copies out of the folder at `dir`, as hard links: the files never change, so all copies of a message share one. Sizes in the name come along. */
export async function copyParts(
  ports: Ports,
  dir: string,
  sources: Iterable<CopySource>,
  bits: (flags: NamedFlags) => Promise<FlagBits>,
): Promise<Part[]> {
  const turns = new Turns(ports, dir);
  const parts: Part[] = [];
  for (const { path, file, flags, internalDate, origin } of sources) {
    const size = sizeIn(file, "S");
    const virtual = sizeIn(file, "W");
    const sizes = (size < 0 ? "" : `,S=${size}`) + (virtual < 0 ? "" : `,W=${virtual}`);
    parts.push({
      from: path,
      how: "link",
      base: ports.names.next() + sizes,
      flags: await bits(flags),
      internalDate,
      origin,
    });
    if (turns.worked()) await turns.pass();
  }
  return parts;
}
