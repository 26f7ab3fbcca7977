import { newAcmeState, readAcmeState, writeAcmeState } from "../../mod/tls/acme_state.ts";
import { assertEquals } from "../support/assert.ts";
import { MemFs } from "../support/mem_fs.ts";

const CA = "https://ca.test/dir";
const FILE = "/tls/acme.json";

Deno.test("readAcmeState() gives back what was written, for this directory only, readable by the owner only", async () => {
  const fs = new MemFs();
  await fs.makeDir("/tls");
  const state = {
    ...newAcmeState(CA),
    account: "https://ca.test/1",
    failures: 3,
    next: 5,
    error: "no",
    way: "http-01",
    window: { of: "aa:bb", suggested: { start: 5, end: 6 }, look: 9 },
    refused: { "a.test": 7 },
  };
  await writeAcmeState(fs, FILE, state);
  assertEquals(await readAcmeState(fs, FILE, CA), state);
  assertEquals(await readAcmeState(fs, FILE, "https://other.test/"), newAcmeState("https://other.test/"));
  assertEquals((await fs.stat(FILE))?.mode, 0o600);
});

Deno.test("readAcmeState() takes a broken file for none, and of a strange one what fits", async () => {
  for (const text of ["", "{", "null", "[]", "7", '"x"', `{"directory":7}`]) {
    const fs = new MemFs({ files: { [FILE]: text } });
    assertEquals(await readAcmeState(fs, FILE, CA), newAcmeState(CA), text);
  }
  const odd = {
    directory: CA,
    account: 7,
    failures: -1,
    next: "soon",
    refused: { a: "x", b: 2 },
    error: "x".repeat(9999),
    window: { of: 7, look: 8 },
    way: {},
    asked: 1,
  };
  const fs = new MemFs({ files: { [FILE]: JSON.stringify(odd) } });
  const read = await readAcmeState(fs, FILE, CA);
  assertEquals(
    { ...read, error: read.error?.length },
    { ...newAcmeState(CA), error: 500, refused: { b: 2 } } as never,
  );
});

Deno.test("readAcmeState() takes no window that is none", async () => {
  for (
    const suggested of [null, 7, { start: 1 }, { start: 2, end: 1 }, { start: -1, end: 1 }, {
      start: "1",
      end: "2",
    }]
  ) {
    const window = { of: "aa", suggested, look: 3 };
    const fs = new MemFs({ files: { [FILE]: JSON.stringify({ directory: CA, window }) } });
    assertEquals((await readAcmeState(fs, FILE, CA)).window, { of: "aa", suggested: null, look: 3 });
  }
});
