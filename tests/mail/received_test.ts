import fc from "fast-check";
import { assert, assertEquals } from "../support/assert.ts";
import { countReceived, formatReceived, type ReceivedFacts } from "../../mod/mail/received.ts";
import { scanHeader } from "../../mod/mail/header.ts";
import { fromUtf8, utf8 } from "../../mod/base/bytes.ts";

const units = fc.array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 40 }).map((a) =>
  String.fromCharCode(...a)
);

const FACTS: ReceivedFacts = {
  address: "192.0.2.1",
  reverseName: "host.example.net",
  helo: "host.example.net",
  by: "mail.example.org",
  protocol: "ESMTPS",
  id: "ABC123",
  recipient: { local: "u", domain: "example.org" },
  tls: { protocol: "TLSv1.3", cipher: "TLS_AES_256_GCM_SHA384" },
  now: 0,
  zone: 0,
};

Deno.test("formatReceived() tells who, how, for whom and when", () => {
  assertEquals(
    fromUtf8(formatReceived(FACTS)),
    "Received: from host.example.net (host.example.net [192.0.2.1])\r\n" +
      "\tby mail.example.org with ESMTPS (TLSv1.3 TLS_AES_256_GCM_SHA384) id ABC123\r\n" +
      "\tfor <u@example.org>;\r\n\tThu, 1 Jan 1970 00:00:00 +0000\r\n",
  );
});

Deno.test("formatReceived() tells the priority after the recipient", () => {
  const text = fromUtf8(formatReceived({ ...FACTS, priority: -3 }));
  assert(text.includes("\r\n\tfor <u@example.org>\r\n\tPRIORITY -3;\r\n"), text);
});

Deno.test("formatReceived() leaves out what is not to be told", () => {
  assertEquals(
    fromUtf8(
      formatReceived({
        ...FACTS,
        address: null,
        reverseName: null,
        recipient: null,
        tls: null,
        protocol: "ESMTPSA",
      }),
    ),
    "Received: by mail.example.org with ESMTPSA id ABC123;\r\n\tThu, 1 Jan 1970 00:00:00 +0000\r\n",
  );
  const foreign = { local: "ü", domain: "example.org" };
  assert(!fromUtf8(formatReceived({ ...FACTS, recipient: foreign })).includes("for"));
  assert(
    fromUtf8(formatReceived({ ...FACTS, recipient: foreign, protocol: "UTF8SMTPS" })).includes(
      "for <ü@example.org>",
    ),
  );
});

Deno.test("formatReceived() lets no client out of its place", () => {
  const evil = fc.oneof(
    units,
    fc.string({
      unit: fc.constantFrom(
        "a",
        "\r\n",
        "(",
        ")",
        "[",
        "]",
        ";",
        " ",
        "\\",
        "\0",
        "<",
        ">",
        "by x",
        "\u2028",
      ),
    }),
  );
  fc.assert(fc.property(evil, evil, evil, (helo, reverseName, address) => {
    const text = fromUtf8(formatReceived({ ...FACTS, helo, reverseName, address }));
    assertEquals(scanHeader(utf8(text)).fields.length, 1);
    assertEquals(text.split("\r\n").length, 5);
    assertEquals(text.match(/[();<>]/g)?.join(""), "()()<>;");
    assertEquals(text.match(/\bwith\b/g)?.length, 1);
  }));
});

Deno.test("formatReceived() writes the address where the HELO name is none, IPv6 as RFC 5321 has it", () => {
  assert(fromUtf8(formatReceived({ ...FACTS, helo: "(x)" })).startsWith("Received: from [192.0.2.1] (host"));
  assert(
    fromUtf8(formatReceived({ ...FACTS, helo: null, address: "2001:db8::1", reverseName: null })).startsWith(
      "Received: from [IPv6:2001:db8::1] ([IPv6:2001:db8::1])",
    ),
  );
});

Deno.test("countReceived() counts hops", () => {
  assertEquals(
    countReceived(utf8("Received: a\r\nreceived : b\r\n c\r\nReceived-SPF: x\r\n\r\nReceived: body\r\n")),
    2,
  );
});
