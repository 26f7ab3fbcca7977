/** The rules of the house that a program can check: who imports whom, who touches the platform, how long a file is, what is tested. */
import { assertEquals } from "./support/assert.ts";
import { faultsOf, type House, readHouse } from "./support/layers.ts";

Deno.test("mod/ keeps the import table, the platform rule, the length and the test mirror", async () => {
  const house = await readHouse(new URL("../", import.meta.url));
  assertEquals(faultsOf(house), []);
});

const PLANTED: readonly { readonly file: string; readonly text: string; readonly fault: string }[] = [
  {
    file: "mod/mail/date.ts",
    text: `import { x } from "../smtp/reply.ts";`,
    fault: "mail/ may not import smtp/",
  },
  {
    file: "mod/smtp/session.ts",
    text: `import { x } from "../imap/view.ts";`,
    fault: "smtp/ may not import imap/",
  },
  { file: "mod/smtp/session.ts", text: `const t = Date.now();`, fault: "names Date.now" },
  { file: "mod/queue/queue.ts", text: `await Deno.remove("x");`, fault: "names Deno" },
  { file: "mod/imap/view.ts", text: `import fs from "node:fs";`, fault: "imports node:fs" },
  { file: "mod/imap/view.ts", text: `setTimeout(() => {}, 1);`, fault: "names setTimeout" },
  { file: "mod/pop3/session.ts", text: `import { Hono } from "hono";`, fault: "imports hono" },
  { file: "mod/imap/view.ts", text: "\n".repeat(501), fault: "has 502 lines" },
];

for (const { file, text, fault } of PLANTED) {
  Deno.test(`layers: a planted fault is found: ${fault}`, () => {
    const house: House = {
      files: new Map([[file, text]]),
      tests: new Set([file.replace("mod/", "tests/").replace(".ts", "_test.ts")]),
    };
    const faults = faultsOf(house);
    assertEquals(faults.length, 1, `faults: ${faults}`);
    assertEquals(faults[0]?.includes(fault), true, `"${fault}" in "${faults[0]}"`);
  });
}

Deno.test("layers: a type-only import is free, a module without its test is not", () => {
  const files = new Map([
    ["mod/base/fs.ts", `import type { A } from "../smtp/types.ts";\nexport function f(): void {}\n`],
  ]);
  assertEquals(faultsOf({ files, tests: new Set() }), ["mod/base/fs.ts: has no tests/base/fs_test.ts"]);
});

Deno.test("every folder with unit tests is run by a file in tests/rooms/", () => {
  const rooms: string[] = [];
  for (const { name, isDirectory } of Deno.readDirSync(new URL(".", import.meta.url))) {
    if (isDirectory && !APART.has(name) && holdsTests(new URL(`${name}/`, import.meta.url))) rooms.push(name);
  }
  const run = [...Deno.readDirSync(new URL("rooms/", import.meta.url))].map((e) =>
    e.name.replace("_test.ts", "")
  );
  assertEquals(run.sort(), rooms.sort());
});

/** Folders whose tests have tasks of their own. */
const APART = new Set(["e2e", "interop", "rooms"]);

function holdsTests(folder: URL): boolean {
  for (const { name, isDirectory } of Deno.readDirSync(folder)) {
    if (isDirectory ? holdsTests(new URL(`${name}/`, folder)) : name.endsWith("_test.ts")) return true;
  }
  return false;
}
