import { Buffer } from "node:buffer";
import { concat, utf8 } from "../../mod/base/bytes.ts";
import { BinaryParts } from "../../mod/mail/binary_parts.ts";
import { assert, assertEquals } from "../support/assert.ts";
import { SeededRandom } from "../support/seeded_random.ts";

function latin(text: string): Uint8Array {
  return Uint8Array.from(text, (c) => c.charCodeAt(0));
}

function converted(message: Uint8Array, size = Infinity) {
  const out: Uint8Array[] = [];
  const parts = new BinaryParts((view) => out.push(view.slice()));
  for (let at = 0; at < message.length; at += size) {
    parts.write(message.slice(at, Math.min(message.length, at + size)));
  }
  parts.end();
  return { text: Buffer.from(concat(out)).toString("latin1"), fault: parts.fault };
}

const b64 = (text: string) => `${Buffer.from(latin(text)).toString("base64")}\r\n`;
const MIXED = 'Content-Type: multipart/mixed; boundary="b"\r\n';

const TABLE: readonly (readonly [string, string, string])[] = [
  ["a text without MIME stays", "A: b\r\n\r\nx\r\n", "A: b\r\n\r\nx\r\n"],
  ["a header alone stays", "A: b\r\n", "A: b\r\n"],
  [
    "a binary leaf, its last CRLF too",
    "Content-Transfer-Encoding: BINARY\r\nA: b\r\n\r\n\0\r\n\n\r\r\n",
    "Content-Transfer-Encoding: base64\r\nA: b\r\n\r\n" + b64("\0\r\n\n\r\r\n"),
  ],
  [
    "the CRLF before a delimiter is not the part's",
    `${MIXED}\r\nprologue\r\n--b\r\nContent-Transfer-Encoding: binary\r\n\r\nx\ny\r\n--b--\r\nend\r\n`,
    `${MIXED}\r\nprologue\r\n--b\r\nContent-Transfer-Encoding: base64\r\n\r\n${b64("x\ny")}--b--\r\nend\r\n`,
  ],
  [
    "a multipart marked binary becomes 8bit, its text parts stay",
    `Content-Transfer-Encoding: binary\r\n${MIXED}\r\n--b \r\n\r\nplain \xe4\r\n--b\r\n` +
    "Content-Transfer-Encoding: binary\r\n\r\n\r\n--b--\r\n",
    `Content-Transfer-Encoding: 8bit\r\n${MIXED}\r\n--b \r\n\r\nplain \xe4\r\n--b\r\n` +
    "Content-Transfer-Encoding: base64\r\n\r\n--b--\r\n",
  ],
  [
    "messages and multiparts within",
    `${MIXED}\r\n--b\r\nContent-Type: message/rfc822\r\nContent-Transfer-Encoding: binary\r\n\r\n` +
    "Subject: in\r\nContent-Type: multipart/mixed; boundary=b2\r\n\r\n--b2\r\nContent-Transfer-Encoding: binary\r\n\r\n\0\r\n" +
    "--b2\r\n\r\nlast\r\n--b\r\n\r\nouter\r\n--b--",
    `${MIXED}\r\n--b\r\nContent-Transfer-Encoding: 8bit\r\nContent-Type: message/rfc822\r\n\r\n` +
    `Subject: in\r\nContent-Type: multipart/mixed; boundary=b2\r\n\r\n--b2\r\nContent-Transfer-Encoding: base64\r\n\r\n${
      b64("\0")
    }--b2\r\n\r\nlast\r\n--b\r\n\r\nouter\r\n--b--\r\n`,
  ],
  [
    "a part without blank line",
    `${MIXED}\r\n--b\r\nContent-Transfer-Encoding: binary\r\n--b--\r\n`,
    `${MIXED}\r\n--b\r\nContent-Transfer-Encoding: base64\r\n--b--\r\n`,
  ],
  [
    "what only looks like a delimiter",
    `${MIXED}\r\n--b\r\nContent-Transfer-Encoding: binary\r\n\r\n--bc\n--b\r\r\n--\r\n--b--`,
    `${MIXED}\r\n--b\r\nContent-Transfer-Encoding: base64\r\n\r\n${b64("--bc\n--b\r\r\n--")}--b--\r\n`,
  ],
];

for (const [name, before, after] of TABLE) {
  Deno.test(`BinaryParts: ${name}, in any chunking`, () => {
    for (const size of [1, 2, 3, 5, 11, 1000]) {
      assertEquals(converted(latin(before), size), { text: after, fault: null }, `by ${size}`);
    }
  });
}

Deno.test("BinaryParts tells of binary octets where none are announced", () => {
  for (const octets of ["\0", "a\nb", "a\rb"]) {
    const { fault } = converted(latin(`${MIXED}\r\n--b\r\n\r\n${octets}\r\n--b--\r\n`), 3);
    assertEquals(fault, octets === "\0" ? "nul" : "bare");
  }
  assertEquals(converted(utf8("A: " + "x".repeat(1 << 21)), 65536).fault, "binary-header");
});

Deno.test("BinaryParts gives back any octets, whatever they are", () => {
  const random = new SeededRandom(11);
  for (let round = 0; round < 200; round++) {
    const pieces = ["\r\n", "\n", "\r", "--", "--b", "--b\r", "\0", "x", "\r\n--bb", "=", " "];
    let content = "";
    for (let n = random.int(30); n > 0; n--) content += pieces[random.int(pieces.length)];
    // What would be a delimiter is one.
    if (/(^|\r\n)--b(--)?[ \t]*(\r\n|$)/.test(content)) continue;
    const before = `${MIXED}\r\n--b\r\nContent-Transfer-Encoding: binary\r\n\r\n${content}\r\n--b--\r\n`;
    const { text, fault } = converted(latin(before), 1 + random.int(20));
    assertEquals(fault, null);
    const body = text.slice(text.indexOf("base64\r\n\r\n") + 10, text.lastIndexOf("--b--"));
    assertEquals(Buffer.from(body, "base64").toString("latin1"), content, JSON.stringify(content));
  }
});

Deno.test("BinaryParts takes large parts without holding them", () => {
  const megabyte = new Uint8Array(1 << 20).fill(0x2d);
  let size = 0;
  let largest = 0;
  const parts = new BinaryParts((view) => {
    size += view.length;
    largest = Math.max(largest, view.length);
  });
  parts.write(latin(`${MIXED}\r\n--b\r\nContent-Transfer-Encoding: binary\r\n\r\n`));
  for (let i = 0; i < 8; i++) parts.write(megabyte);
  parts.write(latin("\r\n--b--\r\n"));
  parts.end();
  assert(size > 8 * (1 << 20) * 4 / 3 && largest < 100_000);
});
