import fc from "fast-check";
import { utf8 } from "../../mod/base/bytes.ts";
import { decodeBase64, encodeBase64 } from "../../mod/sasl/base64.ts";
import { assertEquals } from "../support/assert.ts";

Deno.test("decodeBase64() reads what is exact and refuses the rest", () => {
  const good: [string, string][] = [["", ""], ["Zg==", "f"], ["Zm8=", "fo"], ["Zm9v", "foo"], [
    "+/+/",
    "\xfb\xff\xbf",
  ]];
  for (const [text, value] of good) {
    assertEquals(Array.from(decodeBase64(utf8(text)) ?? [-1]), [...value].map((c) => c.charCodeAt(0)), text);
  }
  const bad = [
    "Z",
    "Zg",
    "Zg=",
    "Zg===",
    "====",
    "=",
    "==",
    "Z===",
    "Zm8",
    "Zh==",
    "Zm9=",
    "Zm 8=",
    "Zm8=\n",
    "Zm9v=",
    "-_-_",
    "Zg==Zg==",
    "Z=g=",
    "*",
    "é===",
  ];
  for (const text of bad) assertEquals(decodeBase64(utf8(text)), null, text);
});

Deno.test("decodeBase64() takes back what encodeBase64() gives, and knows only 64 characters", () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 50 }), (b) => {
    const text = encodeBase64(b);
    assertEquals(text, btoa(String.fromCharCode(...b)));
    assertEquals(decodeBase64(utf8(text)), Uint8Array.from(b));
  }));
  let taken = 0;
  for (let c = 0; c < 256; c++) if (decodeBase64(new Uint8Array([65, c, 65, 65]))) taken++;
  assertEquals(taken, 64);
});
