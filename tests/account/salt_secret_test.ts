import { loadSaltSecret } from "../../mod/account/salt_secret.ts";
import { assertEquals } from "../support/assert.ts";
import { FakeClock } from "../support/fake_clock.ts";
import { everyCrash } from "../support/every_crash.ts";
import { MemFs } from "../support/mem_fs.ts";
import { SeededRandom } from "../support/seeded_random.ts";

const PATH = "/data/keys/salt";

Deno.test("loadSaltSecret() makes it once, for all who ask at the same time, and keeps it", async () => {
  const fs = new MemFs({ clock: new FakeClock(), dirs: ["/data"] });
  const both = await Promise.all([1, 2].map((seed) => loadSaltSecret(fs, PATH, new SeededRandom(seed))));
  assertEquals(both[0]?.toHex(), both[1]?.toHex());
  assertEquals(both[0]?.length, 32);
  assertEquals((await loadSaltSecret(fs, PATH, new SeededRandom(3))).toHex(), both[0]?.toHex());
  assertEquals(fs.statSync(PATH)?.mode, 0o600);
  assertEquals((await fs.list("/data/keys")).length, 1, "nothing is left over");
});

Deno.test("loadSaltSecret() never finds half of one after a power cut", async () => {
  await everyCrash<string>(
    async (fs, acknowledge) => acknowledge((await loadSaltSecret(fs, PATH, new SeededRandom(1))).toHex()),
    async (fs, acknowledged) => {
      const after = await loadSaltSecret(fs, PATH, new SeededRandom(2));
      assertEquals(after.length, 32);
      for (const told of acknowledged) assertEquals(after.toHex(), told);
    },
    { make: () => Promise.resolve(new MemFs({ clock: new FakeClock(), dirs: ["/data"] })) },
  );
});
