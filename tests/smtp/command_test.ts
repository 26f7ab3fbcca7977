import fc from "fast-check";
import { utf8 } from "../../mod/base/bytes.ts";
import { type Address, formatAddress, parseAddress } from "../../mod/mail/address.ts";
import { type Command, type CommandFault, parseCommand } from "../../mod/smtp/command.ts";
import { assert, assertEquals } from "../support/assert.ts";

const NONE = { size: null, body: null, smtpUtf8: false };
const AB = { local: "a", domain: "b" };

Deno.test("parseCommand() reads every command", () => {
  const table: [string, Command][] = [
    ["EHLO client.example", { verb: "EHLO", domain: "client.example" }],
    ["ehlo [192.0.2.1]", { verb: "EHLO", domain: "[192.0.2.1]" }],
    ["HELO my_pc  ", { verb: "HELO", domain: "my_pc" }],
    ["LHLO x", { verb: "LHLO", domain: "x" }],
    ["MAIL FROM:<>", { verb: "MAIL", from: null, international: false, parameters: NONE }],
    ["mail from:<a@b>", { verb: "MAIL", from: AB, international: false, parameters: NONE }],
    ["MAIL FROM: <a@b>  ", { verb: "MAIL", from: AB, international: false, parameters: NONE }],
    ["MAIL   FROM:<a@b>", { verb: "MAIL", from: AB, international: false, parameters: NONE }],
    ["MAIL FROM:<a@b> SIZE=12345", {
      verb: "MAIL",
      from: AB,
      international: false,
      parameters: { ...NONE, size: 12345 },
    }],
    ["MAIL FROM:<a@b> body=8bitmime size=0 smtputf8", {
      verb: "MAIL",
      from: AB,
      international: false,
      parameters: { size: 0, body: "8bitmime", smtpUtf8: true },
    }],
    ["MAIL FROM:<a@b> BODY=7BIT  AUTH=<>", {
      verb: "MAIL",
      from: AB,
      international: false,
      parameters: { ...NONE, body: "7bit" },
    }],
    ["MAIL FROM:<a@b> AUTH=e+3Dmc2@example.com", {
      verb: "MAIL",
      from: AB,
      international: false,
      parameters: NONE,
    }],
    ["MAIL FROM:<ä@b> SMTPUTF8", {
      verb: "MAIL",
      from: { local: "ä", domain: "b" },
      international: true,
      parameters: { ...NONE, smtpUtf8: true },
    }],
    ["RCPT TO:<a@b>", { verb: "RCPT", to: AB, international: false, parameters: {} }],
    ["rcpt to: <@x:a@b> ", { verb: "RCPT", to: AB, international: false, parameters: {} }],
    ["RCPT TO:<Postmaster>", {
      verb: "RCPT",
      to: { local: "Postmaster", domain: "" },
      international: false,
      parameters: {},
    }],
    ["RCPT TO:<a@b> NOTIFY=NEVER", {
      verb: "RCPT",
      to: AB,
      international: false,
      parameters: { notify: ["never"] },
    }],
    ["DATA", { verb: "DATA" }],
    ["data  ", { verb: "DATA" }],
    ["MAIL FROM:<a@b> BODY=BinaryMIME", {
      verb: "MAIL",
      from: AB,
      international: false,
      parameters: { ...NONE, body: "binarymime" },
    }],
    ["BDAT 0", { verb: "BDAT", size: 0, last: false }],
    ["bdat 00012  last ", { verb: "BDAT", size: 12, last: true }],
    ["ETRN Example.ORG", { verb: "ETRN", domain: "example.org", below: false }],
    ["etrn @bücher.example", { verb: "ETRN", domain: "xn--bcher-kva.example", below: true }],
    ["RSET", { verb: "RSET" }],
    ["NOOP", { verb: "NOOP" }],
    ["NOOP anything goes", { verb: "NOOP" }],
    ["VRFY someone", { verb: "VRFY" }],
    ["EXPN list", { verb: "EXPN" }],
    ["HELP", { verb: "HELP" }],
    ["HELP MAIL", { verb: "HELP" }],
    ["QUIT", { verb: "QUIT" }],
    ["StartTLS", { verb: "STARTTLS" }],
    ["AUTH PLAIN", { verb: "AUTH", mechanism: "PLAIN", initial: null }],
    ["AUTH  login =", { verb: "AUTH", mechanism: "LOGIN", initial: utf8("=") }],
    ["AUTH PLAIN AGEAYg==", { verb: "AUTH", mechanism: "PLAIN", initial: utf8("AGEAYg==") }],
  ];
  for (const [text, value] of table) assertEquals(parseCommand(utf8(text)), { ok: true, value }, text);
});

Deno.test("parseCommand() says what is wrong with the rest", () => {
  const table: [string, CommandFault][] = [
    ["", "unknown"],
    [" ", "unknown"],
    [" EHLO x", "unknown"],
    ["EHLOx", "unknown"],
    ["XYZZY", "unknown"],
    ["MAILFROM:<a@b>", "unknown"],
    ["ETRN", "syntax"],
    ["ETRN @", "syntax"],
    ["ETRN #x", "syntax"],
    ["ETRN a b", "syntax"],
    ["BDAT", "bad-chunk"],
    ["BDAT LAST", "bad-chunk"],
    ["BDAT -1", "bad-chunk"],
    ["BDAT 1x", "bad-chunk"],
    ["BDAT 0x10", "bad-chunk"],
    ["BDAT 1 LAST x", "bad-chunk"],
    ["BDAT 1LAST", "bad-chunk"],
    ["BDAT 1234567890123456", "bad-chunk"],
    ["MAIL\tFROM:<a@b>", "unknown"],
    ["GET / HTTP/1.1", "foreign"],
    ["post /x", "foreign"],
    ["PRI * HTTP/2.0", "foreign"],
    ["EHLO", "syntax-hello"],
    ["EHLO ", "syntax-hello"],
    ["HELO a b", "syntax-hello"],
    ["EHLO ä", "syntax-hello"],
    [`EHLO ${"x".repeat(256)}`, "syntax-hello"],
    ["MAIL", "syntax-mail"],
    ["MAIL FROM", "syntax-mail"],
    ["MAIL FROM:", "syntax-mail"],
    ["MAIL FROM:a@b", "syntax-mail"],
    ["MAIL TO:<a@b>", "syntax-mail"],
    ["MAIL FROM <a@b>", "syntax-mail"],
    ["MAIL FROM:<a>", "bad-sender"],
    ["MAIL FROM:<postmaster>", "bad-sender"],
    ["MAIL FROM:<a@b", "bad-sender"],
    ["MAIL FROM:<a@b>SIZE=1", "bad-parameter"],
    ["MAIL FROM:<a@b> SIZE", "bad-parameter"],
    ["MAIL FROM:<a@b> SIZE=", "bad-parameter"],
    ["MAIL FROM:<a@b> SIZE=-1", "bad-parameter"],
    ["MAIL FROM:<a@b> SIZE=123456789012345678901", "bad-parameter"],
    ["MAIL FROM:<a@b> SIZE=1 size=1", "bad-parameter"],
    ["MAIL FROM:<a@b> BODY=BINARY", "bad-parameter"],
    ["MAIL FROM:<a@b> BODY", "bad-parameter"],
    ["MAIL FROM:<a@b> SMTPUTF8=1", "bad-parameter"],
    ["MAIL FROM:<a@b> AUTH=a+zz", "bad-parameter"],
    ["MAIL FROM:<a@b> -X=1", "bad-parameter"],
    ["MAIL FROM:<a@b> X=a=b", "bad-parameter"],
    ["MAIL FROM:<a@b> NOTIFY=NEVER", "unknown-parameter"],
    ["MAIL FROM:<a@b> X", "unknown-parameter"],
    ["RCPT", "syntax-rcpt"],
    ["RCPT TO:", "syntax-rcpt"],
    ["RCPT TO:a@b", "syntax-rcpt"],
    ["RCPT FROM:<a@b>", "syntax-rcpt"],
    ["RCPT TO:<>", "bad-recipient"],
    ["RCPT TO:<a>", "bad-recipient"],
    ["RCPT TO:<a@b> RET=FULL", "unknown-parameter"],
    ["RCPT TO:<a@b> NOTIFY=NEVER,FAILURE", "bad-parameter"],
    ["RCPT TO:<a@b> =", "bad-parameter"],
    ["DATA x", "no-argument"],
    ["RSET x", "no-argument"],
    ["QUIT now", "no-argument"],
    ["STARTTLS x", "no-argument"],
    ["VRFY", "syntax"],
    ["EXPN ", "syntax"],
    ["AUTH", "syntax"],
    ["AUTH PLAIN a b", "syntax"],
    ["AUTH PL*N", "syntax"],
    ["NOOP \0", "bad-text"],
    ["NOOP \x7f", "bad-text"],
    ["\x01", "bad-text"],
  ];
  for (const [text, error] of table) {
    assertEquals(parseCommand(utf8(text)), { ok: false, error }, JSON.stringify(text));
  }
  assertEquals(parseCommand(new Uint8Array([0x4e, 0x4f, 0x4f, 0x50, 0x20, 0xff])), {
    ok: false,
    error: "bad-text",
  });
});

Deno.test("parseCommand() lets no control character into a host or an address", () => {
  for (let c = 0; c < 256; c++) {
    for (const [head, tail] of [["EHLO x", "y"], ["MAIL FROM:<a", "@b>"], ["RCPT TO:<a@b", "c>"]] as const) {
      const line = new Uint8Array([...utf8(head), c, ...utf8(tail)]);
      const read = parseCommand(line);
      if (c < 0x21 || c >= 0x7f) assert(!read.ok, `${head} ${c}`);
    }
  }
});

/** Addresses as they can be written: whatever stands in the local part. */
const ADDRESS = fc.tuple(fc.string({ minLength: 1, maxLength: 20, unit: "binary" }), fc.domain()).map((
  [local, domain],
): Address => ({ local, domain: domain.toLowerCase() })).filter((a) => {
  const read = parseAddress(formatAddress(a));
  return read.ok && read.value.local === a.local;
});
const VERBS = ["MAIL FROM:", "RCPT TO:", "EHLO ", "BDAT ", "ETRN ", "AUTH ", "VRFY ", "DATA", ""];

Deno.test("parseCommand() reads back every address, in any case of the keywords and with any blanks", () => {
  const blanks = fc.constantFrom("", " ", "   ");
  const command = fc.constantFrom("MAIL FROM:", "mail from:", "Mail From:", "RCPT TO:", "rCPT tO:");
  fc.assert(fc.property(ADDRESS, command, blanks, blanks, (address, words, before, after) => {
    const parsed = parseCommand(utf8(`${words}${before}<${formatAddress(address)}>${after}`));
    assert(parsed.ok, formatAddress(address));
    const { value } = parsed;
    assert(value.verb === "MAIL" || value.verb === "RCPT");
    assertEquals(value.verb === "MAIL" ? value.from : value.to, address);
    assertEquals(value.international, /[^\0-\x7f]/.test(formatAddress(address)));
  }));
});

Deno.test("parseCommand() takes any octets, and no address from among controls", () => {
  const octets = fc.oneof(
    fc.uint8Array({ maxLength: 80 }),
    fc.string({ maxLength: 60 }).map(utf8),
    fc.string({ maxLength: 60, unit: fc.constantFrom(...'<>@:," \\\t[]().%!=-ab0é\0\r\n') }).map(utf8),
  );
  fc.assert(
    fc.property(fc.constantFrom(...VERBS), octets, (verb, rest) => {
      const line = new Uint8Array([...utf8(verb), ...rest]);
      const parsed = parseCommand(line);
      if (!parsed.ok) return;
      assert(line.every((c) => c >= 0x20 && c !== 0x7f || c === 0x09), "controls");
      const { value } = parsed;
      const address = value.verb === "MAIL" ? value.from : value.verb === "RCPT" ? value.to : null;
      if (!address || address.domain === "") return;
      const again = parseAddress(formatAddress(address));
      assert(again.ok);
      assertEquals(again.value, address);
    }),
    { numRuns: 2000 },
  );
});
