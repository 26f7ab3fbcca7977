import { utf8 } from "../../mod/base/bytes.ts";
import { formatKeywords, KeywordFile, parseKeywords } from "../../mod/maildir/keyword_file.ts";
import { keywordBit, knownBits } from "../../mod/store/flags.ts";
import { assert, assertEquals, assertRejects } from "../support/assert.ts";
import { everyCrash } from "../support/every_crash.ts";
import { FakeClock } from "../support/fake_clock.ts";
import { MemFs } from "../support/mem_fs.ts";
import { fileText, portsOn } from "./support.ts";

Deno.test("parseKeywords() and formatKeywords() both ways, gaps and junk too", () => {
  assertEquals(parseKeywords("0 Foo\n2 $bar\njunk\n26 no\n-1 no\n3 two words\n"), [
    "Foo",
    "",
    "$bar",
    "two words",
  ]);
  assertEquals(formatKeywords(["Foo", "", "$bar"]), "0 Foo\n2 $bar\n");
  assertEquals(parseKeywords(""), []);
});

Deno.test("KeywordFile gives numbers once, durable, and sees what others add", async () => {
  const clock = new FakeClock();
  const fs = new MemFs({ clock, dirs: ["/d"] });
  const one = new KeywordFile(portsOn(fs, clock, 1), "/d");
  const two = new KeywordFile(portsOn(fs, clock, 2), "/d");
  assertEquals(await one.bits(["a", "B", "A"]), { bits: keywordBit(0) | keywordBit(1), grew: true });
  assertEquals(await one.bits(["b"]), { bits: keywordBit(1), grew: false });
  assertEquals(await two.bits(["c", "a"]), { bits: keywordBit(2) | keywordBit(0), grew: true });
  assertEquals(await one.refresh(), true);
  assertEquals(await one.refresh(), false);
  assertEquals(one.names, ["a", "B", "c"]);
  assertEquals(await fileText(fs.afterCrash("synced-only"), "/d/dovecot-keywords"), "0 a\n1 B\n2 c\n");
});

Deno.test("KeywordFile leaves out what has no number left and what cannot stand in the file", async () => {
  const clock = new FakeClock();
  const fs = new MemFs({ clock, dirs: ["/d"] });
  const file = new KeywordFile(portsOn(fs, clock, 1), "/d");
  const many = Array.from({ length: 30 }, (_, k) => `k${k}`);
  const { bits } = await file.bits(["two words", "line\nbreak", "x".repeat(300), ...many]);
  assertEquals([file.names.length, file.names[0], file.names[25]], [26, "k0", "k25"]);
  assertEquals(bits, Array.from({ length: 26 }, (_, k) => keywordBit(k)).reduce((a, b) => a | b));
  assertEquals(await file.bits(["more"]), { bits: 0, grew: false });
});

Deno.test("KeywordFile tells of no number that a power cut may take back", async () => {
  const steps = await everyCrash<readonly [string, number]>(async (fs, acknowledge) => {
    const clock = new FakeClock();
    const [one, two] = [
      new KeywordFile(portsOn(fs, clock, 1), "/d"),
      new KeywordFile(portsOn(fs, clock, 2), "/d"),
    ];
    let busy = true;
    const ask = async (file: KeywordFile, names: readonly string[]) => {
      const { bits } = await file.bits(names);
      acknowledge([names.join(), bits]);
    };
    // The same and others, of this process and another, who look all the time.
    const lookers = [one, two].map(async (file) => {
      while (busy) {
        await file.refresh();
        const { names } = file;
        if (names.length > 0) await ask(file, names);
        await fs.stat("/d");
      }
    });
    for (const looker of lookers) looker.catch(() => {});
    const first = ask(one, ["a", "b"]);
    await Promise.all([first, ask(one, ["b"])]);
    await ask(two, ["c", "b"]);
    busy = false;
    await Promise.all(lookers);
  }, async (fs, told) => {
    const file = new KeywordFile(portsOn(fs), "/d");
    await file.refresh();
    for (const [names, bits] of told) {
      const known = knownBits(names.split(","), file.names);
      assertEquals(known, { bits, missing: [] }, names);
    }
  }, { make: () => new MemFs({ clock: new FakeClock(), dirs: ["/d", "/mail"] }), seeds: 2 });
  assert(steps > 5);
});

Deno.test("KeywordFile forgets a number that could not be written down", async () => {
  const fs = new MemFs({ clock: new FakeClock(), dirs: ["/d"] });
  const file = new KeywordFile(portsOn(fs), "/d");
  const mend = fs.fail("rename", "full");
  for (let i = 0; i < 2; i++) await assertRejects(() => file.bits(["a"]));
  assertEquals(file.names, []);
  mend();
  assertEquals(await file.bits(["a"]), { bits: keywordBit(0), grew: true });
  assertEquals(await fileText(fs.afterCrash("synced-only"), "/d/dovecot-keywords"), "0 a\n");
});

Deno.test("KeywordFile sees to it that what others have just put there stays before it gives it to anyone", async () => {
  const fs = new MemFs({ clock: new FakeClock(), files: { "/d/dovecot-keywords": "0 a\n" } });
  const file = new KeywordFile(portsOn(fs), "/d");
  await fs.createWith("/d/theirs", [utf8("0 a\n1 b\n")]);
  await fs.rename("/d/theirs", "/d/dovecot-keywords");
  assertEquals(await file.refresh(), true);
  assertEquals((await file.bits(["b"])).bits, keywordBit(1));
  assertEquals(await fileText(fs.afterCrash("synced-only"), "/d/dovecot-keywords"), "0 a\n1 b\n");
  const { steps } = fs;
  await file.bits(["a", "b"]);
  assertEquals(fs.steps, steps, "once is enough");
});
