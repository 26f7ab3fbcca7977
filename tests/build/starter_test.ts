import { formatStarter, quoted, type StarterFacts } from "../../mod/build/starter.ts";
import { assert, assertEquals } from "../support/assert.ts";

function facts(at: number, flags: readonly string[] = ["--no-prompt"]): StarterFacts {
  const program = { at, size: 7, sha256: "a".repeat(64) };
  return {
    version: "1.2.3",
    target: "aarch64-unknown-linux-gnu",
    flags,
    program,
    runtime: { at: at + 7, size: 9, sha256: "b".repeat(64), skip: 512, length: 5 },
  };
}

Deno.test("formatStarter() is as long whatever the offsets, so that they can be written into it", () => {
  const length = formatStarter(facts(0)).length;
  for (const at of [1, 9_999, 123_456, 99_999_999_999]) assertEquals(formatStarter(facts(at)).length, length);
});

Deno.test("formatStarter() names offsets as tail counts them, checksums and flags, and ends by exec", () => {
  const text = formatStarter(facts(5000, ["--v8-flags=--a b", "--allow-net"]));
  assert(text.startsWith("#!/bin/sh\n"));
  assert(/^machine=aarch64$/m.test(text));
  assert(/^program_at=5001 +program_size=7 *$/m.test(text));
  assert(/^runtime_at=5008 +runtime_skip=513 +runtime_length=5 *$/m.test(text));
  assert(
    text.includes(`program_sum=${"a".repeat(64)}\n`) && text.includes(`runtime_sum=${"b".repeat(64)}\n`),
  );
  const last = text.trimEnd().split("\n").at(-1) ?? "";
  assert(last.startsWith(`exec "$runtime" run '--v8-flags=--a b' --allow-net --no-config `), last);
  assert(last.endsWith(`"$program/main.js" "$@"`), last);
});

Deno.test("quoted() leaves plain words and encloses all others", () => {
  const rows: readonly [string, string][] = [
    ["--allow-net=127.0.0.1:80,[::1]", "'--allow-net=127.0.0.1:80,[::1]'"],
    ["--allow-read", "--allow-read"],
    ["", "''"],
    ["a'b", `'a'\\''b'`],
    ["$(id) `id`", "'$(id) `id`'"],
  ];
  for (const [word, expected] of rows) assertEquals(quoted(word), expected);
});
