import { gunzipSync, gzipSync } from "node:zlib";
import { fromUtf8, utf8 } from "../../mod/base/bytes.ts";
import { sha256 } from "../../mod/build/checksum.ts";
import { assemblePortable, packProgram } from "../../mod/build/layout.ts";
import { findInTar, formatTar } from "../../mod/build/tar.ts";
import { assert, assertEquals, assertThrows } from "../support/assert.ts";

const RUNTIME = { target: "t", package: "@x/t", version: "1.0.0", integrity: "", machine: 183 };
const EXECUTABLE = Uint8Array.from([
  0x7f,
  0x45,
  0x4c,
  0x46,
  2,
  1,
  ...new Array<number>(12).fill(0),
  183,
  0,
  5,
]);
const PROGRAM = new Map([["main.js", utf8("1;\n")], ["b.js", utf8("2;\n")]]);

function build(archive = gzipSync(formatTar(new Map([["package/deno", EXECUTABLE]])))): Uint8Array {
  return assemblePortable({ version: "1.0.0", flags: [], program: PROGRAM, runtime: RUNTIME, archive });
}

Deno.test("assemblePortable() lays the parts where the starter says, under their checksums", () => {
  const file = build();
  const text = fromUtf8(file.subarray(0, file.indexOf(0x1f)));
  const number = (name: string) => Number(new RegExp(`\\b${name}=(\\d+)`).exec(text)?.[1]);
  const word = (name: string) => new RegExp(`\\b${name}=([0-9a-f]{64})`).exec(text)?.[1];
  const programAt = number("program_at") - 1;
  const program = file.subarray(programAt, programAt + number("program_size"));
  assertEquals(sha256(program), word("program_sum"));
  const tar = gunzipSync(program);
  const entry = findInTar(tar, "b.js");
  assert(entry);
  assertEquals(fromUtf8(tar.subarray(entry.at, entry.at + entry.size)), "2;\n");
  const skip = number("runtime_skip") - 1;
  const runtime = gunzipSync(file.subarray(number("runtime_at") - 1)).subarray(
    skip,
    skip + number("runtime_length"),
  );
  assertEquals(runtime.length, EXECUTABLE.length);
  assertEquals(sha256(runtime), word("runtime_sum"));
});

Deno.test("assemblePortable() is the same every time, and packProgram() has no time and no system in it", () => {
  assertEquals(sha256(build()), sha256(build()));
  assertEquals([...packProgram(PROGRAM).subarray(4, 8)], [0, 0, 0, 0]);
  assertEquals(packProgram(PROGRAM)[9], 255);
});

Deno.test("assemblePortable() refuses archives without an executable for the target", () => {
  const other = EXECUTABLE.slice();
  other[18] = 62;
  for (const files of [new Map([["package/deno", other]]), new Map([["deno", EXECUTABLE]])]) {
    assertThrows(() => build(gzipSync(formatTar(files))), "holds no executable for t");
  }
  assertThrows(() => build(gzipSync(new Uint8Array(0))), "holds no executable");
});
