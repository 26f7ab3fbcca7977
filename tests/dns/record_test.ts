import { decodeData, readName, TYPES } from "../../mod/dns/record.ts";
import { assertEquals } from "../support/assert.ts";

function bytes(...values: (number | string)[]): Uint8Array {
  return Uint8Array.from(
    values.flatMap((v) => typeof v === "number" ? [v] : [...v].map((c) => c.charCodeAt(0))),
  );
}

Deno.test("readName() reads labels and pointers and stays in bounds", () => {
  const message = bytes(3, "Org", 0, 7, "example", 0xc0, 0, 0xc0, 5, 0xc0, 17, 64, 0x80, 1, "a");
  assertEquals(readName(message, 0), { text: "org", next: 5 });
  assertEquals(readName(message, 5), { text: "example.org", next: 15 });
  assertEquals(readName(message, 15), { text: "example.org", next: 17 });
  assertEquals(readName(message, 17), null, "a pointer to itself");
  assertEquals(readName(message, 19), null, "a label type nobody uses");
  assertEquals(readName(message, 21), null, "no end");
  assertEquals(readName(message, 400), null);
  assertEquals(readName(bytes(0), 0), { text: "", next: 1 });
  assertEquals(readName(bytes(5, "a"), 0), null);
  assertEquals(readName(bytes(0xc0), 0), null);
});

Deno.test("readName() gives no text for octets no host name has", () => {
  for (const label of ["a.b", "a\t", "a\0", "\u00ff", "a\r\n"]) {
    assertEquals(readName(bytes(label.length, label, 0), 0), { text: null, next: label.length + 2 }, label);
  }
});

Deno.test("readName() refuses names over 255 octets, by pointers too", () => {
  const label = bytes(63, "a".repeat(63));
  const long = new Uint8Array(64 * 4 + 1);
  for (let i = 0; i < 4; i++) long.set(label, i * 64);
  assertEquals(readName(long, 0), null);
  assertEquals(readName(long, 64)?.next, 257);
});

Deno.test("readName() follows only so many pointers", () => {
  // An end, and pointers each to the one before.
  const chain = new Uint8Array(1002);
  for (let at = 2; at < chain.length; at += 2) chain.set([0xc0 | (at - 2) >> 8, (at - 2) & 255], at);
  assertEquals(readName(chain, 256), { text: "", next: 258 });
  assertEquals(readName(chain, 258), null);
});

Deno.test("decodeData() wants exactly the octets of a record", () => {
  const cases: readonly (readonly [keyof typeof TYPES, Uint8Array])[] = [
    ["A", bytes(1, 2, 3)],
    ["A", bytes(1, 2, 3, 4, 5)],
    ["AAAA", new Uint8Array(15)],
    ["MX", bytes(0)],
    ["MX", bytes(0, 1)],
    ["MX", bytes(0, 1, 1, "a", 0, 0)],
    ["SRV", bytes(0, 1, 0, 1, 0, 1)],
    ["CNAME", bytes(1, "a", 0, 0)],
    ["CNAME", bytes(3, "a.b", 0)],
    ["TXT", bytes(5, "abc")],
    ["TLSA", bytes(1, 2)],
    ["CAA", bytes(0)],
    ["CAA", bytes(0, 9, "issue")],
  ];
  for (const [type, data] of cases) assertEquals<unknown>(decodeData(type, data, 0, data.length), null, type);
});
