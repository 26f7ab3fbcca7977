import { isOwnAddress } from "../../mod/outbound/own_address.ts";
import { assertEquals } from "../support/assert.ts";

const MACHINE = ["127.0.0.1", "192.0.2.7", "::1", "2001:db8::7", "fe80::1%eth0"];

Deno.test("isOwnAddress() knows listeners at one address and at all of the machine's", () => {
  const cases: readonly (readonly [listen: string, address: string, own: boolean])[] = [
    ["192.0.2.7", "192.0.2.7", true],
    ["192.0.2.7", "::ffff:192.0.2.7", true],
    ["192.0.2.7", "192.0.2.8", false],
    ["192.0.2.7", "127.0.0.1", false],
    ["2001:db8::7", "2001:DB8:0::7", true],
    ["2001:db8::7", "192.0.2.7", false],
    ["0.0.0.0", "192.0.2.7", true],
    ["0.0.0.0", "127.8.9.1", true],
    ["0.0.0.0", "0.0.0.0", true],
    ["0.0.0.0", "192.0.2.8", false],
    ["0.0.0.0", "2001:db8::7", false],
    ["0.0.0.0", "::1", false],
    ["::", "2001:db8::7", true],
    ["::", "fe80::1", true],
    ["::", "::1", true],
    ["::", "192.0.2.7", true],
    ["::", "127.0.0.1", true],
    ["::", "2001:db8::8", false],
    ["::", "no address", false],
    ["mail.example.test", "192.0.2.7", false],
  ];
  for (const [host, address, own] of cases) {
    const listeners = [{ host: "198.51.100.1", port: 25 }, { host, port: 25 }];
    assertEquals(isOwnAddress(address, 25, listeners, () => MACHINE), own, `${address} at ${host}`);
    assertEquals(isOwnAddress(address, 2525, listeners, () => MACHINE), false, "another port");
  }
});

Deno.test("isOwnAddress() asks for the machine's addresses only where a listener stands for all", () => {
  let asked = 0;
  const machine = () => (asked++, MACHINE);
  isOwnAddress("192.0.2.7", 25, [{ host: "192.0.2.7", port: 25 }], machine);
  isOwnAddress("192.0.2.7", 26, [{ host: "0.0.0.0", port: 25 }], machine);
  isOwnAddress("127.0.0.1", 25, [{ host: "0.0.0.0", port: 25 }], machine);
  assertEquals(asked, 0);
  isOwnAddress("192.0.2.7", 25, [{ host: "0.0.0.0", port: 25 }], machine);
  assertEquals(asked, 1);
});
