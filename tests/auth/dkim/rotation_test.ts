import { addKey, readKeys } from "../../../mod/auth/dkim/key_files.ts";
import { KeyRotation, publishedKey } from "../../../mod/auth/dkim/rotation.ts";
import { DKIM_FORGET, DKIM_RETIRED, DKIM_WAIT } from "../../../mod/base/limits.ts";
import { assertEquals } from "../../support/assert.ts";
import { MemFs } from "../../support/mem_fs.ts";
import { MemoryLog } from "../../support/memory_log.ts";
import { zone } from "../../support/zone.ts";
import { makePair } from "./crafted.ts";

const DIR = "/keys/a.test";
const old = await makePair("rsa");
const fresh = await makePair("rsa");
const NAME = (selector: string): string => `${selector}._domainkey.a.test`;

async function begun(): Promise<
  { fs: MemFs; look: (seconds: number, dns: ReturnType<typeof zone> | null) => Promise<string[]> }
> {
  const fs = new MemFs({ dirs: [DIR] });
  await addKey(fs, DIR, "old", old.pem, "active");
  await addKey(fs, DIR, "fresh", fresh.pem, "new");
  const rotation = new KeyRotation({ fs, log: new MemoryLog() });
  return {
    fs,
    async look(seconds, dns) {
      await rotation.look([{ domain: "a.test", folder: DIR }], seconds, dns);
      return (await readKeys(fs, DIR)).map((k) => `${k.selector} ${k.state}`).sort();
    },
  };
}

Deno.test("KeyRotation lets a new key sign when DNS shows it, and only then", async () => {
  const { look } = await begun();
  const not = [
    zone({}),
    zone({ [NAME("fresh")]: "servfail" }),
    zone({ [NAME("fresh")]: { TXT: [`v=DKIM1; p=${old.p}`] } }),
    zone({ [NAME("fresh")]: { TXT: [`v=DKIM1; k=ed25519; p=${fresh.p}`] } }),
    zone({ [NAME("fresh")]: { TXT: ["v=DKIM1; p="] } }),
  ];
  for (const dns of not) assertEquals(await look(10 * DKIM_WAIT, dns), ["fresh new", "old active"]);
  const shown = zone({ [NAME("fresh")]: { TXT: [`v=DKIM1; k=rsa; p=${fresh.p}`] } });
  assertEquals(await look(1, shown), ["fresh active", "old retired"]);
});

Deno.test("KeyRotation waits a week where DNS cannot be asked", async () => {
  const { look } = await begun();
  assertEquals(await look(DKIM_WAIT - 600, null), ["fresh new", "old active"]);
  assertEquals(await look(599, null), ["fresh new", "old active"]);
  assertEquals(await look(1, null), ["fresh active", "old retired"]);
});

Deno.test("KeyRotation removes a retired key after its time, once DNS has it no more, or long after", async () => {
  const record = { TXT: [`v=DKIM1; p=${fresh.p}`] };
  const both = zone({ [NAME("fresh")]: record, [NAME("old")]: { TXT: [`v=DKIM1; p=${old.p}`] } });
  const gone = zone({ [NAME("fresh")]: record });
  const broken = zone({ [NAME("fresh")]: record, [NAME("old")]: "timeout" });
  const { look } = await begun();
  await look(1, both);
  assertEquals(await look(DKIM_RETIRED - 1, gone), ["fresh active", "old retired"]);
  assertEquals(await look(1, gone), ["fresh active", "old removable"]);
  assertEquals(await look(1, both), ["fresh active", "old removable"]);
  assertEquals(await look(1, broken), ["fresh active", "old removable"]);
  assertEquals(await look(1, null), ["fresh active", "old removable"]);
  assertEquals(await look(1, gone), ["fresh active"]);
  const forgotten = await begun();
  await forgotten.look(1, both);
  await forgotten.look(DKIM_FORGET, both);
  assertEquals(await forgotten.look(1, both), ["fresh active"]);
});

Deno.test("KeyRotation keeps a key that signs for want of another, and looks after the other domains when one is broken", async () => {
  const { fs, look } = await begun();
  await fs.remove(`${DIR}/fresh.pem`);
  await fs.createWith(`${DIR}/old.retired`, []);
  assertEquals(await look(2 * DKIM_FORGET, zone({})), ["old removable"]);
  assertEquals(await look(2 * DKIM_FORGET, zone({})), ["old removable"]);
  const log = new MemoryLog();
  const other = await begun();
  const rotation = new KeyRotation({ fs: other.fs, log });
  other.fs.makeDir("/keys/c.test");
  await other.fs.createWith("/keys/c.test/x.pem", []);
  await rotation.look(
    [{ domain: "c.test", folder: "/keys/c.test" }, { domain: "a.test", folder: DIR }],
    DKIM_WAIT,
    null,
  );
  assertEquals((await readKeys(other.fs, DIR)).map((k) => k.state), ["retired", "active"]);
});

Deno.test("publishedKey() tells what is not there from what could not be asked", async () => {
  const key = { selector: "s", algorithm: "rsa", p: fresh.p } as const;
  const table = [
    [zone({ [NAME("s")]: { TXT: [`p=${fresh.p.slice(0, 50)} ${fresh.p.slice(50)}`] } }), "shown"],
    [zone({ [NAME("s")]: { TXT: ["junk", `p=${fresh.p}`] } }), "shown"],
    [zone({ [NAME("s")]: { TXT: ["junk"] } }), "gone"],
    [zone({}), "gone"],
    [zone({ [NAME("s")]: "timeout" }), "unknown"],
  ] as const;
  for (const [dns, expected] of table) assertEquals(await publishedKey(dns, "a.test", key), expected);
  assertEquals(await publishedKey(zone({}), "a.test", { ...key, selector: "no name" }), "gone");
});
