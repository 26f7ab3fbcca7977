import {
  type ClientEnvelope,
  formatMail,
  formatRcpt,
  isInternational,
  isSendable,
  xtext,
} from "../../mod/smtp/client_envelope.ts";
import { NO_EXTENSIONS } from "../../mod/smtp/client_hello.ts";
import { assertEquals } from "../support/assert.ts";

const ALL = { ...NO_EXTENSIONS, size: true, eightBit: true, smtpUtf8: true, dsn: true };
const ENVELOPE: ClientEnvelope = {
  sender: { local: "alice", domain: "example.org" },
  recipients: [],
  eightBit: true,
  smtpUtf8: false,
  ret: "headers",
  envelopeId: "a+b=c d",
};

Deno.test("formatMail() says only what the peer can read", () => {
  assertEquals(formatMail(ENVELOPE, 10, false, NO_EXTENSIONS), "MAIL FROM:<alice@example.org>\r\n");
  assertEquals(
    formatMail(ENVELOPE, 10, false, ALL),
    "MAIL FROM:<alice@example.org> SIZE=10 BODY=8BITMIME RET=HDRS ENVID=a+2Bb+3Dc+20d\r\n",
  );
  assertEquals(
    formatMail({ sender: null, recipients: [], eightBit: false, smtpUtf8: true, ret: "full" }, 10, true, ALL),
    "MAIL FROM:<> SIZE=10 BODY=8BITMIME SMTPUTF8 RET=FULL\r\n",
  );
});

Deno.test("formatMail() tells priorities to those who know them", () => {
  const envelope = { sender: null, recipients: [], eightBit: false, smtpUtf8: false, priority: -4 };
  assertEquals(formatMail(envelope, 1, false, NO_EXTENSIONS), "MAIL FROM:<>\r\n");
  const known = { ...NO_EXTENSIONS, priority: true };
  assertEquals(formatMail(envelope, 1, false, known), "MAIL FROM:<> MT-PRIORITY=-4\r\n");
  assertEquals(formatMail({ ...envelope, priority: 0 }, 1, false, known), "MAIL FROM:<>\r\n");
});

Deno.test("formatMail() tells the time that is left to those who know of it", () => {
  const envelope = { sender: null, recipients: [], eightBit: false, smtpUtf8: false };
  const by = { seconds: 60, mode: "return" } as const;
  const known = { ...NO_EXTENSIONS, deliverBy: 0 };
  const late = { seconds: -5, mode: "notify", trace: true } as const;
  assertEquals(formatMail({ ...envelope, by }, 1, false, NO_EXTENSIONS), "MAIL FROM:<>\r\n");
  assertEquals(formatMail({ ...envelope, by }, 1, false, known), "MAIL FROM:<> BY=60;R\r\n");
  assertEquals(formatMail({ ...envelope, by: late }, 1, false, known), "MAIL FROM:<> BY=-5;NT\r\n");
});

Deno.test("formatMail() asks for TLS all the way", () => {
  assertEquals(
    formatMail(
      { sender: null, recipients: [], eightBit: false, smtpUtf8: false, requireTls: true },
      1,
      false,
      {
        ...NO_EXTENSIONS,
        requireTls: true,
      },
    ),
    "MAIL FROM:<> REQUIRETLS\r\n",
  );
});

Deno.test("formatRcpt() quotes and passes DSN wishes on", () => {
  const address = { local: 'a "b', domain: "example.net" };
  const options = { notify: ["success", "failure"], originalRecipient: "rfc822;x+y@example.net" } as const;
  assertEquals(formatRcpt({ address, options }, NO_EXTENSIONS), 'RCPT TO:<"a \\"b"@example.net>\r\n');
  assertEquals(
    formatRcpt({ address, options }, ALL),
    'RCPT TO:<"a \\"b"@example.net> NOTIFY=SUCCESS,FAILURE ORCPT=rfc822;x+2By@example.net\r\n',
  );
  const international = { originalRecipient: "utf-8;j\u00fcr+gen@example.net" };
  assertEquals(
    formatRcpt({ address, options: international }, ALL),
    'RCPT TO:<"a \\"b"@example.net> ORCPT=utf-8;j\\x{FC}r\\x{2B}gen@example.net\r\n',
  );
  const hostile = { originalRecipient: "rfc822;x\r\nRCPT TO:<evil@example.com>" };
  assertEquals(formatRcpt({ address, options: hostile }, ALL), 'RCPT TO:<"a \\"b"@example.net>\r\n');
});

Deno.test("isSendable() refuses what could end a command", () => {
  const cases: readonly (readonly [string, string, boolean])[] = [
    ["a", "example.org", true],
    ["a b", "example.org", true],
    ["\u00fc", "example.org", true],
    ["a", "[192.0.2.1]", true],
    ["a", "[IPv6:2001:db8::1]", true],
    ["", "example.org", false],
    ["a\r\nRSET", "example.org", false],
    ["a\0", "example.org", false],
    ["a\u0085", "example.org", false],
    ["a", "example.org>\r\nRSET", false],
    ["a", "exa mple.org", false],
    ["a", "", false],
  ];
  for (const [local, domain, expected] of cases) {
    assertEquals(isSendable({ local, domain }), expected, JSON.stringify([local, domain]));
  }
});

Deno.test("isInternational() looks beyond ASCII", () => {
  assertEquals(isInternational({ local: "j\u00fcrgen", domain: "example.org" }), true);
  assertEquals(isInternational({ local: "a\x7f", domain: "example.org" }), false);
});

Deno.test("xtext() is printable ASCII for all octets", () => {
  assertEquals(xtext("a=b+c\u00e9\r\n"), "a+3Db+2Bc+C3+A9+0D+0A");
});
