import fc from "fast-check";
import { assertEquals } from "../support/assert.ts";
import {
  Base64Decoder,
  type Decoder,
  QuotedPrintableDecoder,
  transferDecoder,
} from "../../mod/mail/decode.ts";
import { concat, fromAscii, utf8 } from "../../mod/base/bytes.ts";
import { everyChunking } from "./chunking.ts";

const QUOTED: readonly [string, string][] = [
  ["plain", "plain"],
  ["a=3Db=c3=A4", "a=b\u00c3\u00a4"],
  ["soft=\r\nbreak", "softbreak"],
  ["soft= \t\r\nbreak", "softbreak"],
  ["soft=\nbreak", "softbreak"],
  ["trail  \t\r\nnext", "trail\r\nnext"],
  ["trail ", "trail"],
  ["a b", "a b"],
  ["a=ZZ=4", "a=ZZ=4"],
  ["a=4G", "a=4G"],
  ["end=", "end"],
  ["end= ", "end"],
  ["a=\rb", "a=\rb"],
  ["a \r", "a \r"],
  ["=3d=3D", "=="],
];
for (const [text, expected] of QUOTED) {
  Deno.test(`QuotedPrintableDecoder decodes ${JSON.stringify(text)} in every chunking`, () => {
    for (const chunks of everyChunking(utf8(text))) {
      assertEquals(fromAscii(decode(new QuotedPrintableDecoder(), chunks)), expected);
    }
  });
}

const BASE64: readonly [string, string][] = [
  ["aGVsbG8=", "hello"],
  ["aGVs\r\nbG8=\r\n", "hello"],
  ["aGVsbG8", "hello"],
  ["aGVsbG8=aGVsbG8=", "hellohello"],
  ["aA==aA==", "hh"],
  ["a!G-V_s bG8=", "hello"],
  ["====", ""],
  ["a", ""],
  ["", ""],
];
for (const [text, expected] of BASE64) {
  Deno.test(`Base64Decoder decodes ${JSON.stringify(text)} in every chunking`, () => {
    for (const chunks of everyChunking(utf8(text))) {
      assertEquals(fromAscii(decode(new Base64Decoder(), chunks)), expected);
    }
  });
}

Deno.test("Base64Decoder gives back what was encoded", () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
    assertEquals(decode(new Base64Decoder(), [utf8(btoa(String.fromCharCode(...bytes)))]), bytes);
  }));
});

Deno.test("decoders give the same in every chunking, whatever comes", () => {
  const bytes = fc.array(fc.constantFrom(...utf8("=AF0 \t\r\nz+/")), { maxLength: 40 }).map((a) =>
    Uint8Array.from(a)
  );
  fc.assert(fc.property(bytes, fc.constantFrom("base64", "quoted-printable"), (b, name) => {
    const whole = decode(transferDecoder(name), [b]);
    for (const chunks of everyChunking(b, 3)) assertEquals(decode(transferDecoder(name), chunks), whole);
  }));
  const long = utf8(`a${" ".repeat(2500)}\r\nb${" ".repeat(1000)}\r\n`);
  const whole = decode(new QuotedPrintableDecoder(), [long]);
  for (const size of [1, 999, 1000, 1001]) {
    const chunks = [];
    for (let at = 0; at < long.length; at += size) chunks.push(long.subarray(at, at + size));
    assertEquals(decode(new QuotedPrintableDecoder(), chunks), whole);
  }
});

Deno.test("transferDecoder() knows names in any case and lets the rest through", () => {
  assertEquals(fromAscii(decode(transferDecoder(utf8("BASE64")), [utf8("aA==")])), "h");
  assertEquals(fromAscii(decode(transferDecoder(" Quoted-Printable "), [utf8("=41")])), "A");
  for (const name of [null, "7bit", "x-unknown"]) {
    assertEquals(fromAscii(decode(transferDecoder(name), [utf8("=41")])), "=41");
  }
});

function decode(decoder: Decoder, chunks: readonly Uint8Array[]): Uint8Array {
  return concat([...chunks.map((c) => decoder.write(c).slice()), decoder.end()]);
}
