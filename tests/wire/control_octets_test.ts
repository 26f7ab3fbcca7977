import { utf8 } from "../../mod/base/bytes.ts";
import { ControlOctets } from "../../mod/wire/control_octets.ts";
import { assertEquals } from "../support/assert.ts";

Deno.test("ControlOctets finds each octet below 14, at any place of any alignment", () => {
  for (let offset = 0; offset < 5; offset++) {
    for (let length = 0; length < 45; length++) {
      const bytes = new Uint8Array(new ArrayBuffer(64), offset, length).fill(0x80);
      assertEquals(new ControlOctets(bytes).next(0), length);
      for (let at = 0; at < length; at++) {
        bytes[at] = at % 14;
        const octets = new ControlOctets(bytes);
        for (let from = 0; from <= length; from++) {
          assertEquals(octets.next(from), from <= at ? at : length, `${offset} ${length} ${at} ${from}`);
        }
        bytes[at] = 0x7f;
      }
    }
  }
});

Deno.test("ControlOctets tells octets from 14 on from those below, whatever stands beside", () => {
  for (let value = 0; value < 256; value++) {
    for (const other of [0x0e, 0x20, 0x7f, 0x80, 0xff]) {
      const bytes = new Uint8Array(32).fill(other);
      bytes[17] = value;
      assertEquals(new ControlOctets(bytes).next(0), value < 14 ? 17 : 32, `${value} among ${other}`);
    }
  }
});

Deno.test("ControlOctets gives all in turn", () => {
  const text = "a\r\nbc\tdefghijklmnopqrstuvwxyz\n\n\0\r0123456789\r\n";
  const octets = new ControlOctets(utf8(text));
  const found: number[] = [];
  for (let at = octets.next(0); at < text.length; at = octets.next(at + 1)) found.push(at);
  assertEquals(found, [...text].flatMap((c, i) => c < "\x0e" ? [i] : []));
});
