import { createHash } from "node:crypto";
import { type BodyCover, BodyHasher } from "../../../mod/auth/dkim/body_hasher.ts";
import { utf8 } from "../../../mod/base/bytes.ts";
import { everyChunking } from "../../mail/chunking.ts";
import { assertEquals, assertThrows } from "../../support/assert.ts";

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("base64");
}

function hashesOf(covers: readonly BodyCover[], chunks: readonly Uint8Array[]): (string | null)[] {
  const hasher = new BodyHasher(covers);
  for (const chunk of chunks) hasher.write(chunk);
  hasher.end();
  return covers.map((cover) => {
    const { digest } = hasher.hash(cover);
    return digest && btoa(String.fromCharCode(...digest));
  });
}

Deno.test("BodyHasher hashes the empty body as RFC 6376 3.4.3 and 3.4.4 print it", () => {
  assertEquals(hashesOf([{ canon: "simple", length: null }, { canon: "relaxed", length: null }], []), [
    "frcCV1k9oG9oKj3dpUqdJg1PxRT2RSN/XKdLCPjaYaY=",
    "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=",
  ]);
});

Deno.test("BodyHasher serves every length of l= and both forms at once, in every chunking", () => {
  const simple = "a  b\r\n\r\nc\r\n";
  const relaxed = "a b\r\n\r\nc\r\n";
  const covers: BodyCover[] = [];
  for (const canon of ["simple", "relaxed"] as const) {
    for (const length of [null, 5, 0, 5, 12, 11, 10, 1, 3]) covers.push({ canon, length });
  }
  const expected = covers.map(({ canon, length }) => {
    const text = canon === "simple" ? simple : relaxed;
    return length !== null && length > text.length ? null : sha256(text.slice(0, length ?? undefined));
  });
  for (const chunks of everyChunking(utf8("a  b\r\n\r\nc\r\n\r\n"))) {
    assertEquals(hashesOf(covers, chunks), expected);
  }
});

Deno.test("BodyHasher tells how much l= leaves out", () => {
  const hasher = new BodyHasher([{ canon: "simple", length: 3 }, { canon: "simple", length: 0 }, {
    canon: "simple",
    length: 99,
  }]);
  hasher.write(utf8("abcdef"));
  hasher.end();
  assertEquals(hasher.hash({ canon: "simple", length: 3 }).unsigned, 5);
  assertEquals(hasher.hash({ canon: "simple", length: 0 }).unsigned, 8);
  assertEquals(hasher.hash({ canon: "simple", length: 99 }), { digest: null, unsigned: 0 });
  assertThrows(() => hasher.hash({ canon: "relaxed", length: null }), "not asked for");
});

Deno.test("BodyHasher takes 16 MiB without keeping them", () => {
  const chunk = utf8("All work and no play  makes Jack a dull boy.\r\n".repeat(1400));
  const hasher = new BodyHasher([{ canon: "relaxed", length: null }, { canon: "simple", length: 1000 }]);
  const times = Math.ceil(16 * 1024 * 1024 / chunk.length);
  for (let i = 0; i < times; i++) hasher.write(chunk);
  hasher.end();
  const plain = createHash("sha256");
  for (let i = 0; i < times * 1400; i++) plain.update("All work and no play makes Jack a dull boy.\r\n");
  assertEquals(hasher.hash({ canon: "relaxed", length: null }).digest, plain.digest());
});
