import { generateKeyPairSync } from "node:crypto";
import {
  activateKey,
  addKey,
  countSeconds,
  type DkimKey,
  dkimPublicKey,
  readKeys,
  removeKey,
  signingKeys,
} from "../../../mod/auth/dkim/key_files.ts";
import { utf8 } from "../../../mod/base/bytes.ts";
import { DKIM_RETIRED } from "../../../mod/base/limits.ts";
import { assert, assertEquals, assertRejects, assertThrows } from "../../support/assert.ts";
import { everyCrash } from "../../support/every_crash.ts";
import { MemFs } from "../../support/mem_fs.ts";
import { makePair } from "./crafted.ts";

const DIR = "/keys/a.test";
const PEM = { rsa: (await makePair("rsa")).pem, ed25519: (await makePair("ed25519")).pem };

function states(keys: readonly DkimKey[]): string[] {
  return keys.map((k) => `${k.selector} ${k.state}`).sort();
}

function signs(keys: readonly DkimKey[]): string[] {
  return signingKeys(keys).map((k) => k.selector);
}

async function folder(files: Readonly<Record<string, string>> = {}): Promise<MemFs> {
  const fs = new MemFs({ files, dirs: [DIR] });
  await fs.makeDir(DIR);
  return fs;
}

Deno.test("dkimPublicKey() knows RFC 8463 A.2's key, and refuses what is none", () => {
  const pem =
    "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n-----END PRIVATE KEY-----\n";
  assertEquals(dkimPublicKey(pem), {
    algorithm: "ed25519",
    p: "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=",
  });
  const { privateKey } = generateKeyPairSync("x25519");
  assertThrows(() => dkimPublicKey(String(privateKey.export({ type: "pkcs8", format: "pem" }))), "x25519");
  assertThrows(() => dkimPublicKey("nonsense"));
});

Deno.test("keys go from new over active and retired to removable, and one of a kind signs at any time", async () => {
  const fs = await folder();
  assertEquals(await readKeys(fs, "/nowhere"), []);
  for (const kind of ["rsa", "ed25519"] as const) await addKey(fs, DIR, `${kind}-1`, PEM[kind], "active");
  assertEquals(states(await readKeys(fs, DIR)), ["ed25519-1 active", "rsa-1 active"]);
  assertEquals(await addKey(fs, DIR, "rsa-1", PEM.rsa, "new"), "rsa-1-2");
  assertEquals(states(await readKeys(fs, DIR)), ["ed25519-1 active", "rsa-1 active", "rsa-1-2 new"]);
  assertEquals(signs(await readKeys(fs, DIR)), ["rsa-1", "ed25519-1"]);
  const fresh = (await readKeys(fs, DIR)).find((k) => k.state === "new");
  assert(fresh);
  await activateKey(fs, DIR, fresh);
  await activateKey(fs, DIR, fresh);
  assertEquals(states(await readKeys(fs, DIR)), ["ed25519-1 active", "rsa-1 retired", "rsa-1-2 active"]);
  assertEquals(signs(await readKeys(fs, DIR)), ["rsa-1-2", "ed25519-1"]);
  const old = async () => (await readKeys(fs, DIR)).find((k) => k.selector === "rsa-1") as DkimKey;
  await countSeconds(fs, DIR, await old(), DKIM_RETIRED - 1);
  assertEquals((await old()).state, "retired");
  await countSeconds(fs, DIR, await old(), 1);
  assertEquals([(await old()).state, (await old()).seconds], ["removable", DKIM_RETIRED]);
  await removeKey(fs, DIR, await old());
  assertEquals((await fs.list(DIR)).map((e) => e.name).sort(), ["ed25519-1.pem", "rsa-1-2.pem"]);
  await countSeconds(fs, DIR, fresh, 10);
  assertEquals((await fs.list(DIR)).length, 2);
});

Deno.test("signingKeys() takes the newest active key, else the one retired last, and none that is new", async () => {
  const fs = await folder({
    [`${DIR}/a.pem`]: PEM.rsa,
    [`${DIR}/b.pem`]: PEM.rsa,
    [`${DIR}/c.pem`]: PEM.rsa,
    [`${DIR}/c.retired`]: "",
    [`${DIR}/d.pem`]: PEM.ed25519,
    [`${DIR}/d.retired`]: "500\n",
    [`${DIR}/e.pem`]: PEM.ed25519,
    [`${DIR}/e.retired`]: "junk",
    [`${DIR}/f.pem`]: PEM.ed25519,
    [`${DIR}/f.new`]: "-5",
    [`${DIR}/g.new`]: "0",
    [`${DIR}/notes.txt`]: "hello",
  });
  assertEquals(states(await readKeys(fs, DIR)), [
    "a active",
    "b active",
    "c retired",
    "d retired",
    "e retired",
    "f new",
  ]);
  assertEquals(signs(await readKeys(fs, DIR)), ["b", "e"]);
});

Deno.test("readKeys() tells of files that are no keys", async () => {
  const fs = await folder({ [`${DIR}/a.pem`]: PEM.rsa, [`${DIR}/bad.pem`]: "hello" });
  await assertRejects(() => readKeys(fs, DIR), 'the DKIM key in "bad.pem"');
  await fs.createWith(`${DIR}/no name.pem`, [utf8(PEM.rsa)]);
  await fs.createWith(`${DIR}/long.pem`, [new Uint8Array(20_000)]);
  const faults: string[] = [];
  assertEquals(states(await readKeys(fs, DIR, (e) => faults.push(e.message))), ["a active"]);
  assertEquals(faults.sort(), [
    `Cannot read all of "${DIR}/long.pem": io`,
    'Cannot read the DKIM key in "bad.pem"',
    'Cannot use "no name" as a selector',
  ]);
});

Deno.test("a power cut at any step of a rotation leaves a key that signs, and the same again ends it", async () => {
  const make = async (): Promise<MemFs> => {
    const fs = await folder();
    await addKey(fs, DIR, "rsa-9", PEM.rsa, "active");
    return fs;
  };
  const rotate = async (fs: MemFs): Promise<void> => {
    const present = await readKeys(fs, DIR);
    // The same key would have the same temporary name; a real rotation makes another each time.
    if (present.length === 1) await addKey(fs, DIR, "rsa-1", (await makePair("rsa")).pem, "new");
    for (const key of await readKeys(fs, DIR)) if (key.state === "new") await activateKey(fs, DIR, key);
  };
  const steps = await everyCrash(rotate, async (survivor) => {
    const keys = await readKeys(survivor, DIR);
    assertEquals(signs(keys).length, 1);
    // Never one that was not made public by `activateKey`.
    const signing = signingKeys(keys)[0];
    assert(signing?.state !== "new");
    await rotate(survivor);
    assertEquals(states(await readKeys(survivor, DIR)), ["rsa-1 active", "rsa-9 retired"]);
  }, { make });
  assert(steps > 5);
});

Deno.test("a power cut while seconds are counted loses no mark", async () => {
  const make = async (): Promise<MemFs> => {
    const fs = await folder({ [`${DIR}/a.pem`]: PEM.rsa, [`${DIR}/a.retired`]: "100\n" });
    await fs.createWith(`${DIR}/a.retired.tmp`, [utf8("9")]);
    return fs;
  };
  await everyCrash(async (fs) => {
    const [key] = await readKeys(fs, DIR);
    if (key) await countSeconds(fs, DIR, key, 50.7);
  }, async (survivor) => {
    const [key] = await readKeys(survivor, DIR);
    assert(key?.state === "retired" && (key.seconds === 100 || key.seconds === 150), JSON.stringify(key));
  }, { make });
});
