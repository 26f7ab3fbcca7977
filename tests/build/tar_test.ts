import fc from "fast-check";
import { findInTar, formatTar } from "../../mod/build/tar.ts";
import { assertEquals, assertThrows } from "../support/assert.ts";

Deno.test("findInTar(formatTar()) finds every file, whatever its length", () => {
  const files = fc.dictionary(fc.stringMatching(/^[a-z][a-z./-]{0,90}$/), fc.uint8Array({ maxLength: 1100 }));
  fc.assert(fc.property(files, (chosen) => {
    const tar = formatTar(new Map(Object.entries(chosen)));
    assertEquals(tar.length % 512, 0);
    for (const [name, content] of Object.entries(chosen)) {
      const entry = findInTar(tar, name);
      assertEquals(entry && tar.slice(entry.at, entry.at + entry.size), content);
    }
    assertEquals(findInTar(tar, "ABSENT"), null);
  }));
});

Deno.test("formatTar() does not depend on the order it is given", () => {
  const [a, b] = [Uint8Array.of(1), Uint8Array.of(2)];
  assertEquals(formatTar(new Map([["a", a], ["b", b]])), formatTar(new Map([["b", b], ["a", a]])));
  assertThrows(() => formatTar(new Map([["n".repeat(100), a]])), "too long");
});

Deno.test("findInTar() takes cut and mutilated archives for what they are", () => {
  const tar = formatTar(new Map([["a", new Uint8Array(700)], ["b", new Uint8Array(3)]]));
  for (let n = 0; n < tar.length; n += 100) findInTar(tar.subarray(0, n), "b");
  assertEquals(findInTar(tar.subarray(0, 1000), "a"), null);
  const mutilated = tar.slice();
  mutilated.fill(0x7a, 124, 136);
  assertEquals(findInTar(mutilated, "b"), null);
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 3000 }), (bytes) => void findInTar(bytes, "package/deno")),
  );
});
