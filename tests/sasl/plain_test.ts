import { utf8 } from "../../mod/base/bytes.ts";
import { PlainMechanism, strictUtf8 } from "../../mod/sasl/plain.ts";
import { assertEquals } from "../support/assert.ts";

Deno.test("PlainMechanism reads credentials, with or without an initial response", () => {
  const want = { kind: "credentials", login: "a@b", password: "p w", authzid: "" } as const;
  assertEquals(new PlainMechanism().start(utf8("\0a@b\0p w")), want);
  const m = new PlainMechanism();
  assertEquals(m.start(null), { kind: "challenge", bytes: new Uint8Array(0) });
  assertEquals(m.answer(utf8("\0a@b\0p w")), want);
});

Deno.test("PlainMechanism tells malformed, refused and good responses apart", () => {
  const table: [string, string][] = [
    ["\0a\0p", "credentials"],
    ["a\0a\0p", "credentials"],
    ["\0ä\0日本", "credentials"],
    ["b\0a\0p", "refused"],
    ["", "malformed"],
    ["a", "malformed"],
    ["\0a", "malformed"],
    ["\0a\0", "malformed"],
    ["\0\0p", "malformed"],
    ["a\0\0p", "malformed"],
    ["\0a\0p\0", "malformed"],
    ["\0a\0p\0q", "malformed"],
  ];
  for (const [response, kind] of table) {
    assertEquals(new PlainMechanism().start(utf8(response)).kind as string, kind, JSON.stringify(response));
  }
  assertEquals(new PlainMechanism().start(new Uint8Array([0, 0xff, 0, 0x70])).kind, "malformed");
});

Deno.test("strictUtf8() keeps a byte order mark and refuses broken sequences", () => {
  assertEquals(strictUtf8(new Uint8Array([0xef, 0xbb, 0xbf, 0x61])), "\ufeffa");
  for (const bad of [[0xc0, 0x80], [0xed, 0xa0, 0x80], [0xe2, 0x82], [0x80]]) {
    assertEquals(strictUtf8(new Uint8Array(bad)), null);
  }
});
