import { formatSums, hasIntegrity, sha256 } from "../../mod/build/checksum.ts";
import { utf8 } from "../../mod/base/bytes.ts";
import { assertEquals } from "../support/assert.ts";

const ABC = "sha512-3a81oZNherrMQXNJriBBMRLm+k6JqX6iCp7u5ktV05ohkpkqJ0/BqDa6PCOj/uu9RU1EI2Q86A4qmslPpUyknw==";

Deno.test("sha256() and formatSums() write what sha256sum reads", () => {
  assertEquals(sha256(utf8("abc")), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  assertEquals(formatSums(new Map([["b", "22"], ["a", "11"]])), "11  a\n22  b\n");
});

Deno.test("hasIntegrity() holds for the very bytes and for SHA-512 only", () => {
  assertEquals(hasIntegrity(utf8("abc"), ABC), true);
  assertEquals(hasIntegrity(utf8("abd"), ABC), false);
  for (
    const other of ["", "sha1-qZk+NkcGgWq6PiVxeFDCbJzQ2J0=", ABC.slice(0, -1), `${ABC} ${ABC}`, "sha512-"]
  ) {
    assertEquals(hasIntegrity(utf8("abc"), other), false, other);
  }
});
