import { elfMachine } from "../../mod/build/elf.ts";
import { assertEquals } from "../support/assert.ts";

const HEAD = [0x7f, 0x45, 0x4c, 0x46, 2, 1, 1, ...new Array<number>(9).fill(0), 2, 0, 183, 0];

Deno.test("elfMachine() reads the machine, at any offset in a larger buffer", () => {
  assertEquals(elfMachine(Uint8Array.from(HEAD)), 183);
  assertEquals(elfMachine(Uint8Array.from([9, 9, 9, ...HEAD]).subarray(3)), 183);
});

Deno.test("elfMachine() knows no other file", () => {
  for (let n = 0; n < HEAD.length; n++) assertEquals(elfMachine(Uint8Array.from(HEAD.slice(0, n))), null);
  for (let n = 0; n < 6; n++) {
    const changed = HEAD.slice();
    changed[n] = 7;
    assertEquals(elfMachine(Uint8Array.from(changed)), null);
  }
});
