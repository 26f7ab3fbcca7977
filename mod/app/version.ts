/** Which Roost this is. */
import manifest from "../../deno.json" with { type: "json" };
import { BUILD_FACTS } from "./build_facts.ts";

/** Facts of the build. */
export interface Build {
  readonly version: string;
  /** Null when it was not recorded. */
  readonly commit: string | null;
  /** Such as "x86_64-unknown-linux-gnu". */
  readonly target: string;
  readonly kind: "source" | "executable" | "portable";
  /** The version of Deno it runs on. */
  readonly deno: string;
}

/** What this process is; the compile task puts the facts of the build in place of build_facts.ts. */
export function readBuild(): Build {
  const { commit, built } = BUILD_FACTS;
  return {
    version: manifest.version,
    commit,
    target: Deno.build.target,
    kind: !built ? "source" : Deno.build.standalone ? "executable" : "portable",
    deno: Deno.version.deno,
  };
}

/** One line for `--version`. */
export function formatBuild(build: Build): string {
  return `roost ${build.version} (commit ${
    build.commit ?? "unknown"
  }, ${build.target}, ${build.kind}, Deno ${build.deno})`;
}
