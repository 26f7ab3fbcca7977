import { concat, fromAscii, utf8 } from "../../../mod/base/bytes.ts";
import { bodyCanon } from "../../../mod/auth/dkim/body_canon.ts";
import { everyChunking } from "../../mail/chunking.ts";
import { assertEquals } from "../../support/assert.ts";
import { SeededRandom } from "../../support/seeded_random.ts";

type Form = "simple" | "relaxed";

function canonical(form: Form, chunks: readonly Uint8Array[]): string {
  const out: Uint8Array[] = [];
  const canon = bodyCanon(form, (view) => out.push(view.slice()));
  for (const chunk of chunks) {
    const own = chunk.slice();
    canon.write(own);
    // Chunks are the caller's again after the call.
    own.fill(0x21);
  }
  canon.end();
  return fromAscii(concat(out));
}

/** RFC 6376 3.4.3 and 3.4.4 written down plainly. */
function plainly(form: Form, body: string): string {
  if (form === "simple") return body.replace(/(?:\r\n)*$/, "") + "\r\n";
  const lines = body.split("\r\n").map((line) => line.replace(/[ \t]+$/, "").replace(/[ \t]+/g, " "));
  const text = lines.join("\r\n").replace(/(?:\r\n)*$/, "");
  return text === "" ? "" : `${text}\r\n`;
}

const TABLE: readonly (readonly [body: string, simple: string, relaxed: string])[] = [
  ["", "\r\n", ""],
  ["\r\n", "\r\n", ""],
  ["\r\n\r\n\r\n", "\r\n", ""],
  [" \t\r\n \r\n", " \t\r\n \r\n", ""],
  ["a", "a\r\n", "a\r\n"],
  ["a \t", "a \t\r\n", "a\r\n"],
  ["a\r\n", "a\r\n", "a\r\n"],
  ["a\r\n\r\n\r\n", "a\r\n", "a\r\n"],
  ["\r\n\r\na", "\r\n\r\na\r\n", "\r\n\r\na\r\n"],
  // RFC 6376 3.4.5
  [" C \r\nD \t E\r\n\r\n\r\n", " C \r\nD \t E\r\n", " C\r\nD E\r\n"],
  ["a\rb", "a\rb\r\n", "a\rb\r\n"],
  ["a \r b", "a \r b\r\n", "a \r b\r\n"],
  ["a\nb\n", "a\nb\n\r\n", "a\nb\n\r\n"],
  ["a\r", "a\r\r\n", "a\r\r\n"],
  ["a\r\n\r", "a\r\n\r\r\n", "a\r\n\r\r\n"],
  ["a\r\r\n", "a\r\r\n", "a\r\r\n"],
  ["\0 \0\r\n", "\0 \0\r\n", "\0 \0\r\n"],
];

Deno.test("bodyCanon() gives the canonical forms of RFC 6376 in every chunking", () => {
  for (const [body, simple, relaxed] of TABLE) {
    for (const chunks of everyChunking(utf8(body))) {
      assertEquals(canonical("simple", chunks), simple, JSON.stringify(body));
      assertEquals(canonical("relaxed", chunks), relaxed, JSON.stringify(body));
    }
  }
});

Deno.test("bodyCanon() agrees with the plain rules on all short bodies, whole and cut everywhere", () => {
  const alphabet = ["\r\n", "\r", "\n", " ", "\t", "a", "bc"];
  const bodies = [""];
  for (let from = 0, length = 0; length < 4; length++) {
    const to = bodies.length;
    for (; from < to; from++) for (const c of alphabet) bodies.push(bodies[from] + c);
  }
  for (const body of bodies) {
    const bytes = utf8(body);
    for (const form of ["simple", "relaxed"] as const) {
      const expected = plainly(form, body);
      assertEquals(canonical(form, [bytes]), expected, JSON.stringify(body));
      for (let at = 1; at < bytes.length; at++) {
        assertEquals(
          canonical(form, [bytes.subarray(0, at), bytes.subarray(at)]),
          expected,
          JSON.stringify(body),
        );
      }
    }
  }
});

Deno.test("bodyCanon() agrees with the plain rules on long random bodies in random pieces", () => {
  const random = new SeededRandom(6376);
  const pieces = [
    "\r\n",
    " ",
    "\t",
    "word",
    "long".repeat(60),
    "\r\n".repeat(700),
    "x".repeat(5000),
    "\r",
    "\u0001",
  ];
  for (let round = 0; round < 60; round++) {
    let body = "";
    for (let n = random.int(60); n > 0; n--) body += pieces[random.int(pieces.length)];
    const bytes = utf8(body);
    const chunks: Uint8Array[] = [];
    for (let at = 0; at < bytes.length;) {
      const size = 1 + random.int(3000);
      chunks.push(bytes.subarray(at, at + size));
      at += size;
    }
    for (const form of ["simple", "relaxed"] as const) {
      assertEquals(canonical(form, chunks), plainly(form, body));
    }
  }
});
