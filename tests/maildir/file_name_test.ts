import fc from "fast-check";
import {
  baseOf,
  compareArrival,
  flagsOf,
  lettersOf,
  NameMaker,
  sizeIn,
  withFlags,
} from "../../mod/maildir/file_name.ts";
import { ANSWERED, DELETED, DRAFT, FLAGGED, KEYWORD_SHIFT, SEEN } from "../../mod/store/store.ts";
import { assert, assertEquals, assertMatch } from "../support/assert.ts";
import { FakeClock } from "../support/fake_clock.ts";
import { SeededRandom } from "../support/seeded_random.ts";

const k = (letter: string) => 1 << (KEYWORD_SHIFT + letter.charCodeAt(0) - 97);

Deno.test("flags in names, as every Maildir program writes them", () => {
  for (
    const [file, base, flags] of [
      ["1.M2P3.h,S=4,W=5:2,", "1.M2P3.h,S=4,W=5", 0],
      ["1.h:2,DFRST", "1.h", DRAFT | FLAGGED | ANSWERED | SEEN | DELETED],
      ["1.h:2,Sabz", "1.h", SEEN | k("a") | k("b") | k("z")],
      ["1.h:2,SP", "1.h", SEEN], // passed: no flag of IMAP
      ["1.h:2,S,FT", "1.h", SEEN],
      ["1.h:1,S", "1.h", 0],
      ["1.h", "1.h", 0],
      ["noname", "noname", 0],
    ] as const
  ) assertEquals([baseOf(file), flagsOf(file)], [base, flags], file);
});

Deno.test("withFlags() writes letters in ASCII order and keeps what it does not know", () => {
  assertEquals(withFlags("1.h", SEEN | DRAFT | k("c") | k("a")), "1.h:2,DSac");
  assertEquals(withFlags("1.h:2,PS,ext", FLAGGED), "1.h:2,FP,ext");
  assertEquals(withFlags("1.h:2,S", 0), "1.h:2,");
  assertEquals(withFlags("1.h:1,x", SEEN), "1.h:2,S");
});

Deno.test("flagsOf() undoes lettersOf() for all bits", () => {
  fc.assert(fc.property(fc.nat(2 ** 31 - 1), (bits) => {
    assertEquals(flagsOf(`x:2,${lettersOf(bits)}`), bits);
    const letters = lettersOf(bits);
    assertEquals([...letters].sort().join(""), letters);
  }));
});

Deno.test("sizeIn() reads sizes, and says -1 where there is none", () => {
  for (
    const [file, s, w] of [
      ["1.h,S=12,W=34:2,S", 12, 34],
      ["1.h,W=34", -1, 34],
      ["1.h,S=,W=x", -1, -1],
      ["1.h,S=99999999999999999999", -1, -1],
      ["1.h", -1, -1],
    ] as const
  ) assertEquals([sizeIn(file, "S"), sizeIn(file, "W")], [s, w], file);
});

Deno.test("compareArrival() goes by time, microseconds, name", () => {
  const order = ["9.M5.h", "10.M2P1.h", "10.M10P1.h", "10.M10P2.h", "10_2.h", "notime"];
  assertEquals(
    order.toReversed().sort(compareArrival).filter((n) => n !== "10_2.h"),
    order.filter((n) => n !== "10_2.h"),
  );
});

Deno.test("NameMaker never makes a name twice, even when the clock goes back", () => {
  const clock = new FakeClock(1_700_000_000_123);
  const names = new NameMaker(clock, new SeededRandom(), 42, "mail/host:1");
  const made = new Set(Array.from({ length: 2000 }, () => names.next()));
  assertEquals(made.size, 2000);
  assertMatch([...made][0] ?? "", /^1700000000\.M123000P42R[0-9a-f]{4}\.mail\\057host\\0721$/);
  const back = new NameMaker(new FakeClock(1), new SeededRandom(), 1, "");
  assert(back.next() !== back.next());
  assertMatch(names.sized(10, 12), /,S=10,W=12$/);
});
