import fc from "fast-check";
import { INDEX_NEEDLE } from "../../mod/base/limits.ts";
import { maySatisfy, questionsOf, SIGNATURE, signaturesOf } from "../../mod/index/signature.ts";
import { assert, assertEquals } from "../support/assert.ts";

/** Letters, always the same; `kinds` of them. */
function noise(seed: number, length: number, kinds: number): string {
  let text = "";
  for (let x = Math.imul(seed, 2_654_435_761) >>> 0; text.length < length;) {
    x = (Math.imul(x, 1_664_525) + 1_013_904_223) >>> 0;
    text += String.fromCharCode(97 + (x >>> 8) % kinds);
  }
  return text;
}

const may = (signatures: readonly Uint8Array[], needle: string, headers: boolean) => {
  const questions = questionsOf(needle, headers);
  return questions === null || signatures.some((s) => maySatisfy(s, questions));
};

Deno.test("signaturesOf() has what every piece of a text is asked for, however long the text", () => {
  const unit = fc.oneof(
    fc.constantFrom("a", "b", " ", "\n", "\0", "\uffff", "\ud83d", "\u3042"),
    fc.integer({ min: 0, max: 0xffff }).map((c) => String.fromCharCode(c)),
  );
  const text = fc.array(fc.tuple(fc.string({ unit, maxLength: 400 }), fc.integer({ min: 1, max: 8 })), {
    maxLength: 8,
  }).map((parts) => parts.map(([part, times]) => part.repeat(times)).join(""));
  fc.assert(
    fc.property(
      text,
      text,
      fc.array(fc.nat(), { maxLength: 9 }),
      fc.nat(90),
      (headers, body, places, length) => {
        const { signatures, whole } = signaturesOf(
          { headers: [headers], body: ["", body, body.slice(9)] },
          16,
        );
        assertEquals(whole, true);
        assert(signatures.every((s) => s.length === SIGNATURE));
        for (const place of places) {
          const at = place % (body.length + 1);
          assert(may(signatures, body.slice(at, at + length), false));
          assert(may(signatures, body.slice(at, at + length), true));
          const there = place % (headers.length + 1);
          assert(may(signatures, headers.slice(there, there + length), true));
        }
      },
    ),
    { numRuns: 60, seed: 3 },
  );
});

Deno.test("signaturesOf() keeps headers and bodies apart, and says when a text has too many", () => {
  const { signatures } = signaturesOf({ headers: ["subject: x"], body: ["hello \u4f1a\u8b70", "!?+"] }, 16);
  const table: readonly (readonly [string, boolean, boolean])[] = [
    ["subject", true, true],
    ["subject", false, false],
    ["hello", false, true],
    ["hello", true, true],
    ["lo su", true, false],
    ["\u4f1a\u8b70", false, true],
    ["\u8b70\u4f1a", false, false],
    ["h!", false, true],
  ];
  for (const [needle, headers, want] of table) assertEquals(may(signatures, needle, headers), want, needle);
  assertEquals(signaturesOf({ headers: [], body: [""] }, 16), { signatures: [], whole: true });
  assertEquals(signaturesOf({ headers: ["a"], body: ["b"] }, 16).signatures, []);
  const many = noise(1, 50_000, 900);
  const some = signaturesOf({ headers: [], body: [many] }, 2);
  assertEquals([some.signatures.length, some.whole], [2, false]);
});

Deno.test("questionsOf() asks for some of the trigrams of the beginning, the last among them", () => {
  const sizes = (needle: string) => questionsOf(needle, true)?.map((places) => places.length) ?? null;
  assertEquals(sizes(""), null);
  assertEquals(sizes("ab"), null);
  assertEquals(sizes("\u4f1ab"), null);
  assertEquals(sizes("\u4f1a\u8b70"), [2, 2]);
  assertEquals(sizes("abc"), [2, 2]);
  assertEquals(sizes("abcd"), [4, 4]);
  assert((sizes("abcdefghijklmnopqrstuvwxyz".repeat(4))?.[0] ?? 99) <= 24);
  const start = "x".repeat(INDEX_NEEDLE - 3);
  assertEquals(questionsOf(`${start}abc`, false), questionsOf(`${start}abcdef`, false));
  assert(
    JSON.stringify(questionsOf(`${start}abc`, false)) !== JSON.stringify(questionsOf(`${start}abd`, false)),
  );
});

Deno.test("a signature seldom lets through what is not there", () => {
  const word = (n: number) => noise(n, 7, 26);
  const body = Array.from({ length: 250 }, (_, i) => word(i)).join(" ");
  const { signatures } = signaturesOf({ headers: [], body: [body] }, 16);
  let wrong = 0;
  for (let i = 0; i < 2000; i++) {
    const needle = word(i + 1000);
    if (!body.includes(needle) && may(signatures, needle, true)) wrong++;
  }
  assert(wrong < 20, `${wrong}`);
});
