import type { FlagBits, NamedFlags } from "../store/store.ts";
import { sizeIn } from "./file_name.ts";
import type { Part } from "./placing.ts";
import type { Ports } from "./ports.ts";

/** A file to be copied. */
export interface CopySource {
  readonly path: string;
  /** Its name, for the sizes in it. */
  readonly file: string;
  readonly flags: NamedFlags;
  readonly internalDate: number;
  readonly origin: string;
}

/** New names for copies, as hard links: the files never change, so all copies of a message share one. Sizes in the name come along. */
export async function copyParts(
  ports: Ports,
  sources: readonly CopySource[],
  bits: (flags: NamedFlags) => Promise<FlagBits>,
): Promise<Part[]> {
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
  }
  return parts;
}
