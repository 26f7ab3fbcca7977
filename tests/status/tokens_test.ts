import { utf8 } from "../../mod/base/bytes.ts";
import { TOKENS } from "../../mod/base/limits.ts";
import {
  hashToken,
  makeToken,
  readTokens,
  rightOf,
  type Token,
  withToken,
  writeTokens,
} from "../../mod/status/tokens.ts";
import { assert, assertEquals } from "../support/assert.ts";
import { MemFs } from "../support/mem_fs.ts";
import { SeededRandom } from "../support/seeded_random.ts";

const FILE = "/data/tokens.jsonl";

Deno.test("a token opens what it was made for, until it is removed; only its hash is kept", async () => {
  const fs = new MemFs({ dirs: ["/data"] });
  const random = new SeededRandom(1);
  const [one, two] = [makeToken(random), makeToken(random)];
  const made = (name: string, right: Token["right"], hash: string) => ({
    name,
    right,
    hash,
    created: "2026",
  });
  await writeTokens(fs, FILE, [
    made("a", "read", await hashToken(one)),
    made("b", "change", await hashToken(two)),
  ]);
  assertEquals([await rightOf(fs, FILE, one), await rightOf(fs, FILE, two)], ["read", "change"]);
  for (const wrong of ["", "x", one.slice(1), `${two} `, await hashToken(two)]) {
    assertEquals(await rightOf(fs, FILE, wrong), null, wrong);
  }
  const text = new TextDecoder().decode(await fs.readFile(FILE, 10_000) ?? new Uint8Array());
  assert(!text.includes(one) && !text.includes(two));
  assertEquals((await fs.stat(FILE))?.mode, 0o600);
  await writeTokens(fs, FILE, (await readTokens(fs, FILE)).filter((t) => t.name !== "b"));
  assertEquals([await rightOf(fs, FILE, two), await rightOf(fs, FILE, one)], [null, "read"]);
  assertEquals(await rightOf(fs, "/data/none", one), null);
});

Deno.test("readTokens() leaves out what is none", async () => {
  const hash = "0".repeat(64);
  const lines = [
    `{"name":"a","right":"read","hash":"${hash}","created":"x"}`,
    `{"name":"b","right":"all","hash":"${hash}","created":"x"}`,
    `{"name":"c","right":"read","hash":"${hash}00","created":"x"}`,
    `{"name":"<d>","right":"read","hash":"${hash}","created":"x"}`,
    "null",
    "[",
    "",
  ];
  const fs = new MemFs({ dirs: ["/data"] });
  await fs.createWith(FILE, [utf8(lines.join("\n"))]);
  assertEquals((await readTokens(fs, FILE)).map((t) => t.name), ["a"]);
});

Deno.test("withToken() refuses odd and doubled names, and too many", () => {
  const token = (name: string): Token => ({ name, right: "read", hash: "", created: "" });
  assert(withToken([], token("backup-1")).ok);
  for (const name of ["", "a b", "../x", "ä", "x".repeat(61)]) assert(!withToken([], token(name)).ok, name);
  assert(!withToken([token("a")], token("a")).ok);
  assert(!withToken(Array.from({ length: TOKENS }, (_, i) => token(`t${i}`)), token("new")).ok);
});
