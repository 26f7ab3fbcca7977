import fc from "fast-check";
import {
  formatIp,
  inNetwork,
  isInNetworks,
  isLoopback,
  maskIp,
  parseIp,
  parseNetwork,
} from "../../mod/base/ip.ts";
import { assert, assertEquals } from "../support/assert.ts";

Deno.test("parseIp() reads every usual spelling and refuses the rest", () => {
  const good: [string, string][] = [
    ["192.0.2.1", "192.0.2.1"],
    ["::", "::"],
    ["::1", "::1"],
    ["2001:DB8:0:0:1:0:0:1", "2001:db8::1:0:0:1"],
    ["2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"],
    ["::ffff:192.0.2.1", "192.0.2.1"],
    ["::ffff:c000:201", "192.0.2.1"],
    ["fe80::1%eth0", "fe80::1"],
    ["64:ff9b::192.0.2.33", "64:ff9b::c000:221"],
    ["1::", "1::"],
  ];
  for (const [text, normal] of good) {
    const ip = parseIp(text);
    assert(ip, text);
    assertEquals(formatIp(ip), normal);
  }
  const bad = [
    "",
    "1.2.3",
    "1.2.3.4.5",
    "256.1.1.1",
    "01.2.3.4",
    "1.2.3.4 ",
    "a.b.c.d",
    ":",
    ":::",
    "1::2::3",
    "12345::",
    "1:2:3:4:5:6:7",
    "1:2:3:4:5:6:7:8:9",
    "1:2:3:4:5:6:7::8",
    "::1.2.3",
    "1.2.3.4::",
    "[::1]",
  ];
  for (const text of bad) assertEquals(parseIp(text), null, text);
});

Deno.test("parseIp() reads back what formatIp() writes", () => {
  fc.assert(fc.property(fc.uint8Array({ minLength: 16, maxLength: 16 }), (ip) => {
    ip[0] = 0x20; // not a mapped one
    assertEquals(parseIp(formatIp(ip)), ip);
  }));
});

Deno.test("inNetwork() compares the bits of the prefix only", () => {
  const cases: [string, string, boolean][] = [
    ["192.0.2.1", "192.0.2.0/24", true],
    ["192.0.3.1", "192.0.2.0/24", false],
    ["192.0.3.1", "192.0.2.0/23", true],
    ["10.1.2.3", "0.0.0.0/0", true],
    ["::ffff:10.1.2.3", "10.0.0.0/8", true],
    ["2001:db8::1", "2001:db8::/32", true],
    ["2001:db9::1", "2001:db8::/32", false],
    ["2001:db8::1", "0.0.0.0/0", false],
    ["192.0.2.1", "192.0.2.1", true],
    ["10.1.2.3", "::ffff:10.0.0.0/104", true],
  ];
  for (const [ip, network, inside] of cases) {
    const a = parseIp(ip);
    const n = parseNetwork(network);
    assert(a && n, `${ip} ${network}`);
    assertEquals(inNetwork(a, n), inside, `${ip} in ${network}`);
  }
  for (
    const bad of ["192.0.2.1/24", "1.2.3.4/33", "::/129", "1.2.3.4/", "1.2.3.4/-1", "x/8", "1.2.3.4/8/8"]
  ) {
    assertEquals(parseNetwork(bad), null, bad);
  }
});

Deno.test("maskIp() and isLoopback()", () => {
  assertEquals(formatIp(maskIp(parseIp("192.0.2.130") ?? new Uint8Array(4), 25)), "192.0.2.128");
  assertEquals(formatIp(maskIp(parseIp("2001:db8:1:2:3::1") ?? new Uint8Array(16), 64)), "2001:db8:1:2::");
  for (
    const [text, is] of [["127.9.9.9", true], ["::1", true], ["::ffff:127.0.0.1", true], [
      "::2",
      false,
    ]] as const
  ) {
    assertEquals(isLoopback(parseIp(text) ?? new Uint8Array(4)), is, text);
  }
});

Deno.test("isInNetworks() compares addresses, not spellings, and nothing with what is no address", () => {
  const networks = ["10.0.0.0/8", "2001:db8::/32"].flatMap((n) => parseNetwork(n) ?? []);
  const table = [["10.1.2.3", true], ["::ffff:10.1.2.3", true], ["2001:DB8::1", true], ["11.0.0.1", false], [
    "",
    false,
  ]] as const;
  for (const [address, want] of table) assertEquals(isInNetworks(address, networks), want, address);
  assertEquals(isInNetworks("10.1.2.3", []), false);
});
