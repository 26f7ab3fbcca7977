import { BatchFault, type BatchQuestion, runBatch, textOf } from "../../mod/app/batch.ts";
import type { Terminal } from "../../mod/app/terminal.ts";
import { utf8 } from "../../mod/base/bytes.ts";
import { BATCH_AT_ONCE, BATCH_LINE } from "../../mod/base/limits.ts";
import { assert, assertEquals } from "../support/assert.ts";

function terminal(chunks: Iterable<Uint8Array>, out: string[]): Terminal {
  return {
    out: (text) => void out.push(text),
    err: () => {},
    isTerminal: false,
    cwd: "/",
    env: () => undefined,
    async *stdin() {
      await Promise.resolve();
      yield* chunks;
    },
  };
}

/** The answers to an input, whatever its chunks. */
async function answers(
  input: string | Uint8Array,
  answer: (q: BatchQuestion) => Promise<object>,
  step = 7,
): Promise<unknown[]> {
  const bytes = typeof input === "string" ? utf8(input) : input;
  const chunks: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; at += step) chunks.push(bytes.subarray(at, at + step));
  const out: string[] = [];
  await runBatch(terminal(chunks, out), answer);
  return out.map((line) => JSON.parse(line));
}

const echo = (q: BatchQuestion) => Promise.resolve({ said: q["say"] ?? null });

Deno.test("runBatch() answers each line, in every chunking, until the input ends", async () => {
  const input = '{"id":1,"say":"a"}\n\r\n  \n{"id":"\u00fc","say":"\u20ac"}\r\n{"say":3}\n{"id":4}';
  const wanted = [
    { id: 1, said: "a" },
    { id: "\u00fc", said: "\u20ac" },
    { id: null, said: 3 },
    { id: 4, said: null },
  ];
  for (let step = 1; step <= input.length; step++) assertEquals(await answers(input, echo, step), wanted);
  assertEquals(await answers("", echo), []);
});

Deno.test("runBatch() answers bad lines with what is wrong, and goes on", async () => {
  const long = `{"id":1,"say":"${"x".repeat(BATCH_LINE)}"}`;
  const lines = ["{", "7", "null", "[1]", '"x"', "\0", long, '{"id":2,"say":"still here"}'];
  const all = await answers(lines.join("\n"), echo, 1000);
  assertEquals(all.map((a) => (a as { error?: string }).error), [
    "the line is no JSON",
    ...new Array(4).fill("the line is no JSON object"),
    "the line is no JSON",
    `the line has more than ${BATCH_LINE} octets`,
    undefined,
  ]);
  assertEquals(all.at(-1), { id: 2, said: "still here" });
  assertEquals((await answers(new Uint8Array([0xff, 0xfe, 10, 0x80]), echo)).length, 2);
});

Deno.test("runBatch() tells what a question lacks under its id", async () => {
  const answer = (q: BatchQuestion) => Promise.resolve({ a: textOf(q, "a"), b: textOf(q, "b", "none") });
  assertEquals(
    await answers('{"id":1}\n{"id":2,"a":7}\n{"id":3,"a":"x"}\n{"id":4,"a":"x","b":null}', answer),
    [
      { id: 1, error: '"a" is missing' },
      { id: 2, error: '"a" is no text' },
      { id: 3, a: "x", b: "none" },
      { id: 4, a: "x", b: "none" },
    ],
  );
  const fault = () => Promise.reject(new BatchFault("no"));
  assertEquals(await answers('{"id":5}', fault), [{ id: 5, error: "no" }]);
});

Deno.test("runBatch() answers as soon as it can, and has only so many questions under way", async () => {
  let open = 0;
  let most = 0;
  const gates: (() => void)[] = [];
  const answer = async (q: BatchQuestion) => {
    if (q["id"] === 1) return {};
    most = Math.max(most, ++open);
    await new Promise<void>((go) => gates.push(go));
    open--;
    return {};
  };
  const count = 3 * BATCH_AT_ONCE;
  const out: string[] = [];
  const lines = Array.from({ length: count }, (_, id) => `{"id":${id}}\n`).join("");
  const done = runBatch(terminal([utf8(lines)], out), answer);
  let finished = false;
  done.then(() => finished = true);
  for (let i = 0; i < 50; i++) await Promise.resolve();
  assertEquals(out, ['{"id":1}']);
  while (!finished) {
    for (const go of gates.splice(0)) go();
    await Promise.resolve();
  }
  assertEquals(out.length, count);
  assert(most <= BATCH_AT_ONCE);
});
