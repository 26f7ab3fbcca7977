import { der, derBits, derInteger, derOid, derTime, TAG } from "../../mod/tls/der.ts";
import { assertEquals } from "../support/assert.ts";

const hex = (octets: Uint8Array) => octets.toHex();

Deno.test("der() writes lengths in the shortest form", () => {
  for (
    const [n, head] of [[0, "0400"], [127, "047f"], [128, "048180"], [255, "0481ff"], [256, "04820100"], [
      70_000,
      "0483011170",
    ]] as const
  ) {
    const made = der(TAG.octetString, new Uint8Array(n));
    assertEquals([hex(made.subarray(0, head.length / 2)), made.length], [head, n + head.length / 2]);
  }
});

Deno.test("derOid(), derInteger() and derBits() write what X.690 has", () => {
  assertEquals(hex(derOid("2.5.29.17")), "0603551d11");
  assertEquals(hex(derOid("1.2.840.10045.4.3.2")), "06082a8648ce3d040302");
  const integers = [["00", "020100"], ["0001", "020101"], ["7f", "02017f"], ["80", "02020080"], [
    "000080ff",
    "02030080ff",
  ]];
  for (const [from = "", to = ""] of integers) assertEquals(hex(derInteger(Uint8Array.fromHex(from))), to);
  assertEquals(hex(derBits(new Uint8Array([5]))), "03020005");
});

Deno.test("derTime() has two digits of a year of this half of the century, four of others", () => {
  assertEquals(
    hex(derTime(Date.UTC(2026, 10, 22, 1, 2, 3, 4))),
    `170d${hex(new TextEncoder().encode("261122010203Z"))}`,
  );
  const far = new TextEncoder().encode("20500101000000Z");
  assertEquals(hex(derTime(Date.UTC(2050, 0, 1))), `180f${hex(far)}`);
});
