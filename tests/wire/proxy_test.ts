import fc from "fast-check";
import { concat, utf8 } from "../../mod/base/bytes.ts";
import { PROXY_V2 } from "../../mod/base/limits.ts";
import { parseProxy, type ProxyHeader, type ProxyParse } from "../../mod/wire/proxy.ts";
import { assert, assertEquals } from "../support/assert.ts";

const SIGNATURE = Uint8Array.of(13, 10, 13, 10, 0, 13, 10, 0x51, 0x55, 0x49, 0x54, 10);
const LOCAL: ProxyHeader = { kind: "local" };
const V4: ProxyHeader = {
  kind: "proxied",
  remote: { address: "192.0.2.1", port: 40000 },
  local: { address: "198.51.100.2", port: 25 },
};
const V6: ProxyHeader = {
  kind: "proxied",
  remote: { address: "2001:db8::1", port: 40000 },
  local: { address: "2001:db8::2", port: 25 },
};

/** A version 2 header; `length` and so on as given, right or wrong. */
function v2(
  command: number,
  family: number,
  body: Uint8Array,
  length = body.length,
  version = 2,
): Uint8Array {
  return concat([SIGNATURE, Uint8Array.of(version << 4 | command, family, length >> 8, length & 255), body]);
}

const PORTS = Uint8Array.of(40000 >> 8, 40000 & 255, 0, 25);
const BODY4 = concat([Uint8Array.of(192, 0, 2, 1, 198, 51, 100, 2), PORTS]);
const BODY6 = concat([ip6(1), ip6(2), PORTS]);
const TLV = Uint8Array.of(0x02, 0, 3, 0x61, 0x62, 0x63);

function ip6(last: number): Uint8Array {
  const ip = new Uint8Array(16);
  ip.set([0x20, 0x01, 0x0d, 0xb8]);
  ip[15] = last;
  return ip;
}

const GOOD: [string, Uint8Array, ProxyHeader][] = [
  ["v1 IPv4", utf8("PROXY TCP4 192.0.2.1 198.51.100.2 40000 25\r\n"), V4],
  ["v1 IPv6", utf8("PROXY TCP6 2001:db8::1 2001:db8:0:0:0:0:0:2 40000 25\r\n"), V6],
  ["v1 unknown", utf8("PROXY UNKNOWN\r\n"), LOCAL],
  ["v1 unknown with addresses", utf8("PROXY UNKNOWN ffff:f::f ffff::f 65535 65535\r\n"), LOCAL],
  ["v2 IPv4", v2(1, 0x11, BODY4), V4],
  ["v2 IPv6", v2(1, 0x21, BODY6), V6],
  ["v2 IPv4 with TLVs", v2(1, 0x11, concat([BODY4, TLV, TLV])), V4],
  ["v2 IPv6 with TLVs", v2(1, 0x21, concat([BODY6, TLV])), V6],
  ["v2 local", v2(0, 0x00, new Uint8Array(0)), LOCAL],
  ["v2 local with addresses", v2(0, 0x11, BODY4), LOCAL],
  ["v2 unspecified", v2(1, 0x00, TLV), LOCAL],
  ["v2 of a local socket", v2(1, 0x31, new Uint8Array(216)), LOCAL],
];

Deno.test("parseProxy() reads every form, in every chunking, and leaves alone what follows", () => {
  const after = utf8("EHLO c.test\r\n");
  for (const [name, bytes, header] of GOOD) {
    for (let n = 0; n < bytes.length; n++) {
      assertEquals(parseProxy(bytes.subarray(0, n)), { kind: "more" }, `${name} after ${n}`);
    }
    const want: ProxyParse = { kind: "header", header, used: bytes.length };
    assertEquals(parseProxy(bytes), want, name);
    assertEquals(parseProxy(concat([bytes, after])), want, name);
    assertEquals(
      parseProxy(concat([new Uint8Array(3), bytes]).subarray(3)),
      want,
      `${name}: not at offset 0`,
    );
  }
});

Deno.test("parseProxy() tells a mapped address as the IPv4 address it is", () => {
  const mapped = new Uint8Array(16);
  mapped.set([0xff, 0xff, 192, 0, 2, 1], 10);
  const parsed = parseProxy(v2(1, 0x21, concat([mapped, ip6(2), PORTS])));
  assert(parsed.kind === "header" && parsed.header.kind === "proxied");
  assertEquals(parsed.header.remote.address, "192.0.2.1");
});

Deno.test("parseProxy() refuses whatever is none", () => {
  const lines = [
    "EHLO c.test\r\n",
    "proxy TCP4 192.0.2.1 198.51.100.2 40000 25\r\n",
    "PROXYTCP4",
    " PROXY TCP4",
    "PROXY  TCP4 192.0.2.1 198.51.100.2 40000 25\r\n",
    "PROXY TCP4 192.0.2.1 198.51.100.2 40000 25 \r\n",
    "PROXY TCP4 192.0.2.1 198.51.100.2 40000\r\n",
    "PROXY TCP4 192.0.2.1 198.51.100.2 40000 25\r \n",
    "PROXY TCP4 192.0.2.1 198.51.100.2 40000 25\n\r\n",
    "PROXY TCP4 192.0.2.256 198.51.100.2 40000 25\r\n",
    "PROXY TCP4 192.0.02.1 198.51.100.2 40000 25\r\n",
    "PROXY TCP4 2001:db8::1 2001:db8::2 40000 25\r\n",
    "PROXY TCP6 192.0.2.1 198.51.100.2 40000 25\r\n",
    "PROXY TCP6 fe80::1%eth0 2001:db8::2 40000 25\r\n",
    "PROXY TCP4 192.0.2.1 198.51.100.2 65536 25\r\n",
    "PROXY TCP4 192.0.2.1 198.51.100.2 040000 25\r\n",
    "PROXY TCP4 192.0.2.1 198.51.100.2 -1 25\r\n",
    "PROXY TCP4 192.0.2.1 198.51.100.2  25\r\n",
    "PROXY UDP4 192.0.2.1 198.51.100.2 40000 25\r\n",
    "PROXY \r\n",
    "\r\nPROXY UNKNOWN\r\n",
    `PROXY UNKNOWN ${"x".repeat(100)}\r\n`,
    `PROXY UNKNOWN ${"x".repeat(100)}`,
  ];
  for (const line of lines) assertEquals(parseProxy(utf8(line)), { kind: "malformed" }, line);
  const binary: [string, Uint8Array][] = [
    ["version 1 in binary", v2(1, 0x11, BODY4, BODY4.length, 1)],
    ["version 3", v2(1, 0x11, BODY4, BODY4.length, 3)],
    ["command 2", v2(2, 0x11, BODY4)],
    ["IPv4 too short", v2(1, 0x11, BODY4.subarray(1))],
    ["IPv6 too short", v2(1, 0x21, BODY4)],
    ["datagrams", v2(1, 0x12, BODY4)],
    ["datagrams over IPv6", v2(1, 0x22, BODY6)],
    ["family 4", v2(1, 0x41, BODY6)],
    ["longer than anybody needs", v2(1, 0x11, BODY4, PROXY_V2 + 1)],
    ["a TLS ClientHello", Uint8Array.of(0x16, 3, 1)],
  ];
  for (const [name, bytes] of binary) assertEquals(parseProxy(bytes), { kind: "malformed" }, name);
});

Deno.test("parseProxy() asks for a bounded number of octets, whatever it is fed", () => {
  const start = fc.constantFrom(utf8("PROXY "), SIGNATURE, concat([SIGNATURE, Uint8Array.of(0x21, 0x11)]));
  fc.assert(
    fc.property(
      start,
      fc.uint8Array({ minLength: PROXY_V2 + 16, maxLength: PROXY_V2 + 40 }),
      (head, rest) => {
        assert(parseProxy(concat([head, rest])).kind !== "more");
      },
    ),
  );
});
