import { bundleProgram, formatFacts, SOURCES, THREADS } from "../../../mod/build/bundle.ts";
import { run } from "../../../mod/build/command.ts";
import { sha256 } from "../../../mod/build/checksum.ts";
import { packProgram } from "../../../mod/build/layout.ts";
import { assert, assertEquals } from "../../support/assert.ts";

const TOP = new URL("../../../", import.meta.url).pathname;

Deno.test("bundleProgram() makes one program, the same every time, that names no path of this machine", async () => {
  const copy = await Deno.makeTempDir({ prefix: "roost-copy-" });
  try {
    await run("cp", ["-r", ...SOURCES, copy], TOP);
    const files = await bundleProgram(copy, "abc123");
    checkProgram(files);
    await run("mv", ["mod", "moved"], copy);
    await run("cp", ["-r", "moved", "mod"], copy); // other times, other order on disk
    assertEquals(sha256(packProgram(await bundleProgram(copy, "abc123"))), sha256(packProgram(files)));
  } finally {
    await Deno.remove(copy, { recursive: true });
  }
});

function checkProgram(files: ReadonlyMap<string, Uint8Array>): void {
  assert(files.has("main.js"));
  for (const thread of Object.keys(THREADS)) assert(files.has(`${thread}.js`), `${thread} is in it`);
  const text = [...files.values()].map((b) => new TextDecoder().decode(b)).join("\n");
  assert(text.includes('"commit": "abc123"'), "the commit is in it");
  for (const path of ["/roost-build-", `${Deno.env.get("HOME") ?? "/root"}/`, "../node_modules"]) {
    assert(!text.includes(path), `the program names ${path}`);
  }
  // It may ask for its own files and for what the runtime has built in, nothing else.
  for (const [, from = ""] of text.matchAll(/^(?:import|\} from|import .* from) "([^"]+)";$/gm)) {
    assert(from.startsWith("node:") || files.has(from.replace("./", "")), `the program imports ${from}`);
  }
}

Deno.test("formatFacts() cannot be broken out of", () => {
  assertEquals(
    formatFacts('a";b'),
    'export const BUILD_FACTS = {"commit":"a\\";b","built":true};\n',
  );
});
