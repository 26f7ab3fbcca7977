import { addressScope, addressText, parseAddress, parseLiteral, reverseName } from "../../mod/dns/address.ts";
import { assertEquals } from "../support/assert.ts";

Deno.test("parseAddress() gives one text for each address", () => {
  const cases: readonly (readonly [string, string | null])[] = [
    ["192.0.2.1", "192.0.2.1"],
    ["2001:DB8:0:0::1", "2001:db8::1"],
    ["::ffff:192.0.2.1", "192.0.2.1"],
    ["fe80::1%eth0", null],
    ["192.0.2", null],
    ["mail.example.org", null],
    ["", null],
  ];
  for (const [text, expected] of cases) assertEquals(parseAddress(text), expected, text);
});

Deno.test("addressText() of a mapped address is the IPv4 one", () => {
  assertEquals(addressText(new Uint8Array([192, 0, 2, 1])), "192.0.2.1");
  const mapped = new Uint8Array(16).fill(255, 10, 12);
  mapped.set([192, 0, 2, 1], 12);
  assertEquals(addressText(mapped), "192.0.2.1");
});

Deno.test("parseLiteral() reads address literals only", () => {
  const cases: readonly (readonly [string, string | null])[] = [
    ["[192.0.2.1]", "192.0.2.1"],
    ["[IPv6:2001:db8::1]", "2001:db8::1"],
    ["[ipv6:2001:db8::1]", "2001:db8::1"],
    ["[2001:db8::1]", null],
    ["[IPv6:192.0.2.1]", null],
    ["192.0.2.1", null],
    ["[mail.example.org]", null],
    ["[]", null],
  ];
  for (const [text, expected] of cases) assertEquals(parseLiteral(text), expected, text);
});

Deno.test("reverseName() turns octets and nibbles about", () => {
  assertEquals(reverseName("192.0.2.1"), "1.2.0.192.in-addr.arpa");
  assertEquals(reverseName("::ffff:192.0.2.1"), "1.2.0.192.in-addr.arpa");
  assertEquals(reverseName("2001:db8::1"), `1.${"0.".repeat(23)}8.b.d.0.1.0.0.2.ip6.arpa`);
  assertEquals(reverseName("example.org"), null);
});

Deno.test("addressScope() knows where addresses lead", () => {
  const cases: readonly (readonly [string, string])[] = [
    ["8.8.8.8", "public"],
    ["10.1.2.3", "private"],
    ["172.15.0.1", "public"],
    ["172.16.0.1", "private"],
    ["172.31.255.255", "private"],
    ["172.32.0.0", "public"],
    ["192.168.1.1", "private"],
    ["169.254.1.1", "private"],
    ["100.64.0.1", "private"],
    ["100.128.0.1", "public"],
    ["127.0.0.53", "loopback"],
    ["0.0.0.0", "unspecified"],
    ["224.0.0.1", "multicast"],
    ["255.255.255.255", "multicast"],
    ["::", "unspecified"],
    ["::1", "loopback"],
    ["::ffff:127.0.0.1", "loopback"],
    ["fe80::1", "private"],
    ["fd00::1", "private"],
    ["ff02::1", "multicast"],
    ["2001:db8::1", "public"],
    ["nonsense", "unspecified"],
  ];
  for (const [address, expected] of cases) assertEquals(addressScope(address), expected, address);
});
