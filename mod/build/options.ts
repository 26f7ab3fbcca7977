/** The command line of `deno task compile`. */
import { RUNTIMES } from "./runtimes.ts";

export interface BuildOptions {
  readonly target: string;
  /** Whether to leave `deno compile` out. */
  readonly portable: boolean;
}

export const USAGE = `deno task compile [--target TARGET] [--portable]

Makes dist/roost-VERSION-TARGET, one executable file, and dist/SHA256SUMS.
  --target    default: this machine's. Both kinds: ${RUNTIMES.map((r) => r.target).join(", ")};
              deno compile also knows aarch64-apple-darwin, x86_64-apple-darwin, x86_64-pc-windows-msvc
  --portable  pack the runtime from npm instead of using deno compile`;

/** Reads the arguments; a string says what is wrong with them. */
export function parseBuildOptions(args: readonly string[], host: string): BuildOptions | string {
  let target = host;
  let portable = false;
  for (let i = 0; i < args.length; i++) {
    const [name, joined] = (args[i] ?? "").split("=", 2);
    if (name === "--portable") portable = true;
    else if (name === "--target") {
      const value = joined ?? args[++i];
      if (!value) return "--target wants a name";
      target = value;
    } else return `"${args[i]}" is not known`;
  }
  if (portable && !RUNTIMES.some((r) => r.target === target)) {
    return `there is no portable build for ${target}`;
  }
  return { target, portable };
}
