import fc from "fast-check";
import { formatMail, formatRcpt } from "../../mod/smtp/client_envelope.ts";
import { NO_EXTENSIONS } from "../../mod/smtp/client_hello.ts";
import {
  type MailParameters,
  parseMailParameters,
  parseRecipientParameters,
  type RecipientParameters,
} from "../../mod/smtp/parameters.ts";
import { assert, assertEquals } from "../support/assert.ts";

const NONE: MailParameters = { size: null, body: null, smtpUtf8: false };

const MAIL: readonly (readonly [string, Partial<MailParameters> | string])[] = [
  ["", {}],
  [" ", {}],
  [" RET=FULL", { ret: "full" }],
  [" ret=hdrs", { ret: "headers" }],
  [" RET", "bad-parameter"],
  [" RET=BODY", "bad-parameter"],
  [" RET=FULL RET=FULL", "bad-parameter"],
  [" ENVID=QQ314159", { envelopeId: "QQ314159" }],
  [" ENVID=a+2Bb", { envelopeId: "a+b" }],
  [" ENVID=a+2b", "bad-parameter"],
  [" ENVID=+0D+0A", "bad-parameter"],
  [` ENVID=${"x".repeat(100)}`, { envelopeId: "x".repeat(100) }],
  [` ENVID=${"x".repeat(101)}`, "bad-parameter"],
  [" ENVID=ä", "bad-parameter"],
  [" REQUIRETLS", { requireTls: true }],
  [" REQUIRETLS=1", "bad-parameter"],
  [" MT-PRIORITY=3", { priority: 3 }],
  [" mt-priority=-9", { priority: -9 }],
  [" MT-PRIORITY=0", { priority: 0 }],
  [" MT-PRIORITY=10", "bad-parameter"],
  [" MT-PRIORITY=+3", "bad-parameter"],
  [" MT-PRIORITY=-0", "bad-parameter"],
  [" MT-PRIORITY=03", "bad-parameter"],
  [" MT-PRIORITY", "bad-parameter"],
  [" BY=60;R", { by: { seconds: 60, mode: "return" } }],
  [" BY=+120;nT", { by: { seconds: 120, mode: "notify", trace: true } }],
  [" by=-5;N", { by: { seconds: -5, mode: "notify" } }],
  [" BY=0;N", { by: { seconds: 0, mode: "notify" } }],
  [" BY=999999999;RT", { by: { seconds: 999_999_999, mode: "return", trace: true } }],
  [" BY=0;R", "bad-parameter"],
  [" BY=-5;R", "bad-parameter"],
  [" BY=1234567890;N", "bad-parameter"],
  [" BY=60", "bad-parameter"],
  [" BY=60;", "bad-parameter"],
  [" BY=60;T", "bad-parameter"],
  [" BY=60;RN", "bad-parameter"],
  [" BY=60;R;T", "bad-parameter"],
  [" BY=6.5;R", "bad-parameter"],
  [" BY=;R", "bad-parameter"],
  [" BY", "bad-parameter"],
  [" BY=60;R BY=60;R", "bad-parameter"],
  [" HOLDFOR=1", { hold: { kind: "for", ms: 1000 } }],
  [" HOLDFOR=999999999", { hold: { kind: "for", ms: 999_999_999_000 } }],
  [" HOLDFOR=0", "bad-parameter"],
  [" HOLDFOR=01", "bad-parameter"],
  [" HOLDFOR=1234567890", "bad-parameter"],
  [" HOLDFOR=-1", "bad-parameter"],
  [" HOLDFOR", "bad-parameter"],
  [" HOLDUNTIL=2026-01-02T03:04:05Z", { hold: { kind: "until", ms: Date.UTC(2026, 0, 2, 3, 4, 5) } }],
  [" HOLDUNTIL=2026-01-02T03:04:05.5Z", { hold: { kind: "until", ms: Date.UTC(2026, 0, 2, 3, 4, 5, 500) } }],
  [" HOLDUNTIL=2026-02-30T03:04:05Z", "bad-parameter"],
  [" HOLDUNTIL=2026-01-02T25:04:05Z", "bad-parameter"],
  [" HOLDUNTIL=2026-01-02T03:04:05+01:00", "bad-parameter"],
  [" HOLDUNTIL=2026-01-02", "bad-parameter"],
  [" HOLDUNTIL=tomorrow", "bad-parameter"],
  [" HOLDFOR=1 HOLDUNTIL=2026-01-02T03:04:05Z", "bad-parameter"],
  [" HOLDUNTIL=2026-01-02T03:04:05Z HOLDFOR=1", "bad-parameter"],
  [" NOTIFY=NEVER", "unknown-parameter"],
  [" XYZ", "unknown-parameter"],
  [" __PROTO__=1", "bad-parameter"],
  [" CONSTRUCTOR=1", "unknown-parameter"],
  ["RET=FULL", "bad-parameter"],
];

Deno.test("parseMailParameters() keeps to the grammar of each", () => {
  for (const [text, want] of MAIL) {
    const read = parseMailParameters(text, 0);
    assertEquals(
      read.ok ? read.value : read.error,
      typeof want === "string" ? want : { ...NONE, ...want },
      text,
    );
  }
});

const RCPT: readonly (readonly [string, RecipientParameters | string])[] = [
  ["", {}],
  [" NOTIFY=NEVER", { notify: ["never"] }],
  [" notify=success,Failure,DELAY", { notify: ["success", "failure", "delay"] }],
  [" NOTIFY=NEVER,SUCCESS", "bad-parameter"],
  [" NOTIFY=SUCCESS,SUCCESS", "bad-parameter"],
  [" NOTIFY=SUCCESS,", "bad-parameter"],
  [" NOTIFY=", "bad-parameter"],
  [" NOTIFY", "bad-parameter"],
  [" NOTIFY=ALWAYS", "bad-parameter"],
  [" ORCPT=rfc822;Bob@example.net", { originalRecipient: "rfc822;Bob@example.net" }],
  [" ORCPT=rfc822;a+2Bb@example.net", { originalRecipient: "rfc822;a+b@example.net" }],
  [" ORCPT=x-other;a/b", { originalRecipient: "x-other;a/b" }],
  [" ORCPT=rfc822;", "bad-parameter"],
  [" ORCPT=;a@b", "bad-parameter"],
  [" ORCPT=a@b", "bad-parameter"],
  [" ORCPT=rfc822;a+0D@b", "bad-parameter"],
  [" ORCPT=rfc822;ä@b", "bad-parameter"],
  [" ORCPT=utf-8;ä@b", { originalRecipient: "utf-8;ä@b" }],
  [" ORCPT=UTF-8;\\x{E4}@b", { originalRecipient: "UTF-8;ä@b" }],
  [" ORCPT=utf-8;\\x{1F600}@b", { originalRecipient: "utf-8;\u{1f600}@b" }],
  [" ORCPT=utf-8;\\x{0A}@b", "bad-parameter"],
  [" ORCPT=utf-8;\\x{D800}@b", "bad-parameter"],
  [" ORCPT=utf-8;\\x{110000}@b", "bad-parameter"],
  [" ORCPT=utf-8;\\x{85}@b", "bad-parameter"],
  [" ORCPT=utf-8;\\x{2028}@b", "bad-parameter"],
  [" ORCPT=utf-8;a\\b@b", "bad-parameter"],
  [" ORCPT=utf-8;a+0Ab@b", "bad-parameter"],
  [` ORCPT=rfc822;${"x".repeat(494)}`, "bad-parameter"],
  [" RET=FULL", "unknown-parameter"],
];

Deno.test("parseRecipientParameters() keeps to the grammar of each", () => {
  for (const [text, want] of RCPT) {
    const read = parseRecipientParameters(text, 0);
    assertEquals(read.ok ? read.value : read.error, want, text);
  }
});

const ALL = { ...NO_EXTENSIONS, size: true, eightBit: true, smtpUtf8: true, dsn: true };

Deno.test("what a client writes a server reads back", () => {
  const printable = fc.string({ minLength: 1, maxLength: 30 }).map((t) => t.replace(/[^ -~]/g, "x"));
  const wide = fc.string({ unit: "grapheme", minLength: 1, maxLength: 20 })
    .map((t) => t.replace(/[\p{Cc}\u2028\u2029]/gu, "x"));
  const address = { local: "a", domain: "b" };
  fc.assert(fc.property(printable, printable, wide, (envelopeId, plain, utf8) => {
    const mail = formatMail(
      { sender: null, recipients: [], eightBit: false, smtpUtf8: true, ret: "full", envelopeId },
      7,
      true,
      ALL,
    );
    const read = parseMailParameters(mail.trimEnd(), "MAIL FROM:<>".length);
    assertEquals(read.ok && read.value, {
      size: 7,
      body: "8bitmime",
      smtpUtf8: true,
      ret: "full",
      envelopeId,
    });
    for (const originalRecipient of [`rfc822;${plain}`, `utf-8;${utf8}`]) {
      const rcpt = formatRcpt({ address, options: { notify: ["success", "delay"], originalRecipient } }, ALL);
      const wishes = parseRecipientParameters(rcpt.replace(/\r\n$/, ""), "RCPT TO:<a@b>".length);
      assertEquals(wishes.ok && wishes.value, { notify: ["success", "delay"], originalRecipient });
    }
  }));
});

Deno.test("no parameter lets a control character through", () => {
  fc.assert(fc.property(fc.string({ unit: "binary" }), (text) => {
    for (
      const read of [
        parseMailParameters(` ENVID=${text}`, 0),
        parseRecipientParameters(` ORCPT=utf-8;${text}`, 0),
      ]
    ) {
      if (!read.ok) continue;
      for (const value of Object.values(read.value)) {
        assert(typeof value !== "string" || !/\p{Cc}/u.test(value));
      }
    }
  }));
});
