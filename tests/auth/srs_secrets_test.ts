import { loadSrsSecrets, rotateSrsSecrets } from "../../mod/auth/srs_secrets.ts";
import { assert, assertEquals, assertRejects } from "../support/assert.ts";
import { everyCrash } from "../support/every_crash.ts";
import { FakeClock } from "../support/fake_clock.ts";
import { MemFs } from "../support/mem_fs.ts";
import { SeededRandom } from "../support/seeded_random.ts";

const PATH = "/data/keys/srs";
const empty = () => new MemFs({ clock: new FakeClock(), dirs: ["/data"] });

Deno.test("loadSrsSecrets() makes one, keeps it, and reads lines", async () => {
  const fs = empty();
  const made = await loadSrsSecrets(fs, PATH, new SeededRandom(1));
  assertEquals(made.length, 1);
  assert(/^[0-9a-f]{40}$/.test(made[0] ?? ""));
  assertEquals(await loadSrsSecrets(fs, PATH, new SeededRandom(2)), made);
  assertEquals(fs.statSync(PATH)?.mode, 0o600);
  const byHand = new MemFs({ files: { [PATH]: "new\r\n\n  old one \n" } });
  assertEquals(await loadSrsSecrets(byHand, PATH, new SeededRandom(1)), ["new", "old one"]);
  await assertRejects(
    () => loadSrsSecrets(new MemFs({ files: { [PATH]: "\n" } }), PATH, new SeededRandom(1)),
    "has no secret",
  );
});

Deno.test("rotateSrsSecrets() puts a new one on top and keeps two", async () => {
  const fs = empty();
  const random = new SeededRandom(1);
  const seen = [...await loadSrsSecrets(fs, PATH, random)];
  for (let i = 0; i < 4; i++) {
    await rotateSrsSecrets(fs, PATH, random);
    const now = await loadSrsSecrets(fs, PATH, random);
    seen.unshift(now[0] ?? "");
    assertEquals(now, seen.slice(0, 3));
  }
  assertEquals(new Set(seen).size, 5);
  assertEquals((await fs.list("/data/keys")).length, 1, "nothing is left over");
});

Deno.test("secrets that were used survive a power cut", async () => {
  await everyCrash<string>(
    async (fs, acknowledge) => {
      const random = new SeededRandom(1);
      acknowledge((await loadSrsSecrets(fs, PATH, random))[0] ?? "");
      await rotateSrsSecrets(fs, PATH, random);
      acknowledge((await loadSrsSecrets(fs, PATH, random))[0] ?? "");
    },
    async (fs, acknowledged) => {
      const after = await loadSrsSecrets(fs, PATH, new SeededRandom(2));
      for (const told of acknowledged) assert(after.includes(told));
    },
    { make: empty },
  );
});
