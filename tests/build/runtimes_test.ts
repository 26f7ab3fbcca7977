import { runtimeFor, RUNTIMES } from "../../mod/build/runtimes.ts";
import { assertEquals, assertMatch } from "../support/assert.ts";

Deno.test("RUNTIMES are pinned by version and SHA-512, one a target", () => {
  for (const runtime of RUNTIMES) {
    assertMatch(runtime.version, /^\d+\.\d+\.\d+$/);
    assertMatch(runtime.integrity, /^sha512-[A-Za-z0-9+/]{86}==$/);
  }
  assertEquals(new Set(RUNTIMES.map((r) => r.target)).size, RUNTIMES.length);
});

Deno.test("runtimeFor() knows both Linux targets and no other", () => {
  assertEquals(runtimeFor("aarch64-unknown-linux-gnu")?.machine, 183);
  assertEquals(runtimeFor("x86_64-unknown-linux-gnu")?.machine, 62);
  assertEquals(runtimeFor("aarch64-apple-darwin"), null);
});
