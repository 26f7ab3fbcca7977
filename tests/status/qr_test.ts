import { qrPath } from "../../mod/status/qr.ts";
import { assert, assertEquals } from "../support/assert.ts";

Deno.test("qrPath() draws the three corners of a code with its quiet zone", () => {
  const { size, path } = qrPath("http://mail.example.org/setup/you%40example.org");
  assert(/^(M\d+ \d+h1v1h-1z)+$/.test(path));
  const dark = new Set(path.match(/\d+ \d+(?=h)/g));
  const corner = (x: number, y: number) => [0, 1, 2, 3, 4, 5, 6].every((i) => dark.has(`${x + i} ${y}`));
  assertEquals([corner(4, 4), corner(size - 11, 4), corner(4, size - 11), corner(size - 11, size - 11)], [
    true,
    true,
    true,
    false,
  ]);
  for (let i = 0; i < size; i++) assert(!dark.has(`${i} 0`) && !dark.has(`3 ${i}`));
});
