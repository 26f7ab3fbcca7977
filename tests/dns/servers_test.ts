import { parseResolvConf, parseServer } from "../../mod/dns/servers.ts";
import { assertEquals } from "../support/assert.ts";

Deno.test("parseResolvConf() reads servers and trust", () => {
  const server = (address: string, trusted: boolean) => ({ address, port: 53, trusted });
  const cases: readonly (readonly [string, readonly unknown[]])[] = [
    ["", [server("127.0.0.1", true)]],
    ["# nothing\nsearch example.org\n", [server("127.0.0.1", true)]],
    ["nameserver 192.0.2.1\nnameserver\t2001:DB8::1  \r\n", [
      server("192.0.2.1", false),
      server("2001:db8::1", false),
    ]],
    ["nameserver 127.0.0.53\noptions edns0 trust-ad\n", [server("127.0.0.53", true)]],
    ["options trust-ad\nnameserver 192.0.2.1\n", [server("192.0.2.1", true)]],
    ["nameserver fe80::1%eth0\nnameserver nonsense\n#nameserver 192.0.2.9\n", [server("127.0.0.1", true)]],
    ["nameserver 10.0.0.1\n".repeat(1) + "nameserver 10.0.0.2\nnameserver 10.0.0.3\nnameserver 10.0.0.4\n", [
      server("10.0.0.1", false),
      server("10.0.0.2", false),
      server("10.0.0.3", false),
    ]],
  ];
  for (const [text, expected] of cases) assertEquals<unknown>(parseResolvConf(text), expected, text);
});

Deno.test("parseServer() reads what the config may say", () => {
  const cases: readonly (readonly [string, unknown])[] = [
    ["192.0.2.1", { address: "192.0.2.1", port: 53, trusted: false }],
    ["127.0.0.1:5353", { address: "127.0.0.1", port: 5353, trusted: true }],
    ["[2001:db8::1]:54", { address: "2001:db8::1", port: 54, trusted: false }],
    ["[::1]", { address: "::1", port: 53, trusted: true }],
    ["2001:db8::1", { address: "2001:db8::1", port: 53, trusted: false }],
    ["192.0.2.1:0", null],
    ["192.0.2.1:65536", null],
    ["192.0.2.1:", null],
    ["dns.example.org", null],
    ["", null],
    ["[192.0.2]:53", null],
  ];
  for (const [text, expected] of cases) assertEquals<unknown>(parseServer(text), expected, text);
});
