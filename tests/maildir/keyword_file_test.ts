import { formatKeywords, KeywordFile, parseKeywords } from "../../mod/maildir/keyword_file.ts";
import { keywordBit } from "../../mod/store/flags.ts";
import { assertEquals } from "../support/assert.ts";
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
