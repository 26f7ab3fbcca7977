import { parseBuildOptions } from "../../mod/build/options.ts";
import { assertEquals, assertMatch } from "../support/assert.ts";

const HOST = "x86_64-unknown-linux-gnu";
const PI = "aarch64-unknown-linux-gnu";

Deno.test("parseBuildOptions() reads target and kind", () => {
  assertEquals(parseBuildOptions([], HOST), { target: HOST, portable: false });
  assertEquals(parseBuildOptions(["--portable", "--target", PI], HOST), { target: PI, portable: true });
  assertEquals(parseBuildOptions([`--target=${PI}`], HOST), { target: PI, portable: false });
});

Deno.test("parseBuildOptions() says what is wrong", () => {
  const rows: readonly [string[], RegExp][] = [
    [["--target"], /wants a name/],
    [["--target="], /wants a name/],
    [["now"], /"now" is not known/],
    [["--portable", "--target", "x86_64-apple-darwin"], /no portable build for x86_64-apple-darwin/],
  ];
  for (const [args, fault] of rows) assertMatch(String(parseBuildOptions(args, HOST)), fault);
});
