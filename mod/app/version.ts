/** Which Roost this is. */
import manifest from "../../deno.json" with { type: "json" };

/** Facts of the build. */
export interface Build {
  readonly version: string;
  /** Null when it was not recorded. */
  readonly commit: string | null;
  /** Such as "x86_64-unknown-linux-gnu". */
  readonly target: string;
  readonly kind: "source" | "executable" | "portable";
}

/** The compile task writes build.json ({commit, kind}) beside this file and embeds it; a source tree has none. */
export function readBuild(): Build {
  const recorded = recordedFacts();
  return {
    version: manifest.version,
    commit: typeof recorded["commit"] === "string" ? recorded["commit"] : null,
    target: Deno.build.target,
    kind: recorded["kind"] === "portable" ? "portable" : Deno.build.standalone ? "executable" : "source",
  };
}

/** One line for `--version`. */
export function formatBuild(build: Build): string {
  return `roost ${build.version} (commit ${build.commit ?? "unknown"}, ${build.target}, ${build.kind})`;
}

function recordedFacts(): Record<string, unknown> {
  try {
    const text = Deno.readTextFileSync(new URL("./build.json", import.meta.url));
    const facts: unknown = JSON.parse(text);
    return typeof facts === "object" && facts !== null ? { ...facts } : {};
  } catch {
    return {}; // not recorded
  }
}
