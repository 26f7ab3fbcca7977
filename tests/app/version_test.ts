import { formatBuild, readBuild } from "../../mod/app/version.ts";
import { assertEquals, assertMatch } from "../support/assert.ts";

Deno.test("readBuild() tells what runs, formatBuild() in one line", () => {
  const build = readBuild();
  assertMatch(build.version, /^\d+\.\d+\.\d+$/);
  assertEquals(build.target, Deno.build.target);
  assertEquals(
    formatBuild({ version: "1.0.0", commit: null, target: "t", kind: "portable", deno: "2.9.6" }),
    "roost 1.0.0 (commit unknown, t, portable, Deno 2.9.6)",
  );
});
