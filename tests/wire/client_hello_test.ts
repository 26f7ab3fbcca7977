import fc from "fast-check";
import { concat, utf8 } from "../../mod/base/bytes.ts";
import { CLIENT_HELLO } from "../../mod/base/limits.ts";
import { type HelloParse, parseClientHello } from "../../mod/wire/client_hello.ts";
import { assert, assertEquals } from "../support/assert.ts";

function sized(octets: number, ...parts: readonly Uint8Array[]): Uint8Array {
  const body = concat(parts);
  const length = Array.from({ length: octets }, (_, i) => body.length >> (8 * (octets - 1 - i)) & 255);
  return concat([Uint8Array.from(length), body]);
}

const extension = (type: number, ...parts: readonly Uint8Array[]) =>
  concat([Uint8Array.of(type >> 8, type & 255), sized(2, ...parts)]);
const sni = (name: string, kind = 0) => extension(0, sized(2, Uint8Array.of(kind), sized(2, utf8(name))));
const alpn = (...names: readonly string[]) => extension(16, sized(2, ...names.map((n) => sized(1, utf8(n)))));
const other = extension(43, new Uint8Array(5));

function message(...extensions: readonly Uint8Array[]): Uint8Array {
  const body = [
    new Uint8Array(34),
    sized(1, new Uint8Array(32)),
    sized(2, new Uint8Array(6)),
    sized(1, new Uint8Array(1)),
  ];
  const ends = extensions.length > 0 ? [sized(2, ...extensions)] : [];
  return concat([Uint8Array.of(1), sized(3, ...body, ...ends)]);
}

/** As records of so many octets each. */
function records(whole: Uint8Array, each = 2 ** 14): Uint8Array {
  const all: Uint8Array[] = [];
  for (let at = 0; at < whole.length; at += each) {
    all.push(Uint8Array.of(22, 3, 1), sized(2, whole.subarray(at, at + each)));
  }
  return concat(all);
}

const said = (serverName: string | null, ...protocols: readonly string[]) => ({ serverName, protocols });

function toldBy(parsed: HelloParse) {
  assert(parsed.kind === "hello", parsed.kind);
  const { serverName, protocols } = parsed.hello;
  return { serverName, protocols };
}

Deno.test("parseClientHello() tells name and protocols", () => {
  const cases: readonly (readonly [Uint8Array, ReturnType<typeof said>])[] = [
    [message(), said(null)],
    [message(other), said(null)],
    [
      message(sni("mail.Example.org"), other, alpn("h2", "http/1.1")),
      said("mail.example.org", "h2", "http/1.1"),
    ],
    [message(alpn("acme-tls/1"), sni("a.test")), said("a.test", "acme-tls/1")],
    [message(sni("a.test", 1)), said(null)],
    [message(sni("a b")), said(null)],
    [message(sni("")), said(null)],
  ];
  for (const [hello, wanted] of cases) {
    for (const each of [1, 3, 5, 200, 2 ** 14]) {
      assertEquals(toldBy(parseClientHello(records(hello, each))), wanted);
    }
    // What follows is no part of it.
    const more = parseClientHello(concat([records(hello), Uint8Array.of(20, 3, 3)]));
    assertEquals(toldBy(more), wanted);
    assert(more.kind === "hello");
    const { message: whole, session, ciphers } = more.hello.offer;
    assertEquals([whole, session.length, ciphers.length], [hello, 32, 6]);
  }
});

Deno.test("parseClientHello() asks for what is missing, and no more", () => {
  const whole = records(message(sni("a.test"), alpn("http/1.1")), 40);
  for (let n = 0; n < whole.length; n++) {
    const parsed = parseClientHello(whole.subarray(0, n));
    assert(parsed.kind === "more" && parsed.least > n && parsed.least <= whole.length, `${n}`);
  }
});

Deno.test("parseClientHello() knows what is none", () => {
  const good = message(sni("a.test"));
  const cases: readonly Uint8Array[] = [
    utf8("GET / HTTP/1.1\r\n"),
    Uint8Array.of(0x80, 0x2e, 1, 3, 1), // SSL 2
    Uint8Array.of(22, 2, 0, 0, 1, 1),
    Uint8Array.of(22, 3, 1, 0, 0),
    Uint8Array.of(22, 3, 1, 0x41, 0),
    records(concat([Uint8Array.of(2), good.subarray(1)])), // another message
    records(Uint8Array.of(1, 255, 255, 255)),
    records(good.subarray(0, 20)).with(8, 3), // its own length is too short for what it holds
    records(concat([Uint8Array.of(1), sized(3, good.subarray(4), new Uint8Array(0)).with(2, 60)])),
  ];
  for (const bytes of cases) assertEquals(parseClientHello(bytes).kind, "malformed", `${bytes.slice(0, 12)}`);
});

Deno.test("parseClientHello() takes anything without asking for more than there may be", () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), fc.boolean(), fc.nat(60), (junk, framed, cut) => {
    const bytes = framed ? records(concat([message(sni("a.test")).subarray(0, cut), junk])) : junk;
    const parsed = parseClientHello(bytes);
    if (parsed.kind === "more") assert(parsed.least > bytes.length && parsed.least <= CLIENT_HELLO);
    if (parsed.kind === "hello") {
      assert(parsed.hello.serverName === null || !/[^\x21-\x7e]/.test(parsed.hello.serverName));
    }
  }));
  const endless = records(concat([Uint8Array.of(1, 0, 0x3f, 0xff), new Uint8Array(CLIENT_HELLO)]), 1);
  assertEquals(parseClientHello(endless).kind, "malformed");
});

Deno.test("parseClientHello() takes a hello in records of an octet each, and puts it together twice at most", () => {
  const whole = message(sni("mail.example.org"), extension(21, new Uint8Array(2000)));
  const bytes = records(whole, 1);
  const cut = parseClientHello(bytes);
  assertEquals(cut.kind === "hello" && cut.hello.serverName, "mail.example.org");
  let made = 0;
  const set = Uint8Array.prototype.set;
  Uint8Array.prototype.set = function (this: Uint8Array, ...args: Parameters<typeof set>) {
    made++;
    set.apply(this, args);
  };
  try {
    parseClientHello(bytes);
  } finally {
    Uint8Array.prototype.set = set;
  }
  assert(made <= whole.length + 10, `${made} pieces copied for ${whole.length} octets`);
});
