import fc from "fast-check";
import { canonicalLines, type LocalMessageFacts, prepareMessage } from "../../mod/app/local_message.ts";
import { concat, fromUtf8, utf8 } from "../../mod/base/bytes.ts";
import { parseConfig } from "../../mod/config/load.ts";
import { formatAddress } from "../../mod/mail/address.ts";
import { assert, assertEquals, assertThrows } from "../support/assert.ts";
import { CONFIG } from "../support/command.ts";

const parsed = parseConfig("/home/roost.yaml", CONFIG);
assert(parsed.ok);
const FACTS: LocalMessageFacts = {
  config: parsed.value.config,
  id: "id1",
  now: Date.UTC(2026, 0, 2, 3, 4, 5),
  user: "cron",
  sender: null,
  fullName: null,
  recipients: [],
  fromHeader: false,
  dotEnds: true,
};

function prepared(text: string, facts: Partial<LocalMessageFacts>) {
  const { message, envelope } = prepareMessage(utf8(text), { ...FACTS, ...facts });
  return {
    text: fromUtf8(concat(message)),
    from: envelope.sender === null ? "<>" : formatAddress(envelope.sender),
    to: envelope.recipients.map((r) => formatAddress(r.address)),
    envelope,
  };
}

Deno.test("canonicalLines() makes every line end CRLF and stops at a dot where it should", () => {
  const cases: [string, boolean, string][] = [
    ["", true, ""],
    ["a\nb\n", true, "a\r\nb\r\n"],
    ["a\r\nb\rc", true, "a\r\nb\r\nc\r\n"],
    ["\n\r\n\r", true, "\r\n\r\n\r\n"],
    ["a\n.\nb\n", true, "a\r\n"],
    ["a\n.\nb\n", false, "a\r\n.\r\nb\r\n"],
    ["a\n.", true, "a\r\n"],
    ["a\n..\n.x\n", true, "a\r\n..\r\n.x\r\n"],
  ];
  for (const [text, dot, lines] of cases) {
    assertEquals(fromUtf8(canonicalLines(utf8(text), dot)), lines, JSON.stringify(text));
  }
  assertThrows(() => canonicalLines(utf8("a\0b"), true), "NUL octet at offset 1");
  fc.assert(fc.property(fc.string({ unit: fc.constantFrom("a", ".", "\r", "\n") }), (text) => {
    const out = fromUtf8(canonicalLines(utf8(text), false));
    assert(!/\r(?!\n)|(?<!\r)\n/.test(out));
    assertEquals(fromUtf8(canonicalLines(utf8(out), false)), out);
  }));
});

Deno.test("prepareMessage() puts in what is missing and takes Bcc out", () => {
  const m = prepared(
    "From: a@example.test\nBcc: hidden@else.test\nTo: bob, Friend <f@else.test>\nSubject: x\n\nhi\n",
    { fromHeader: true },
  );
  assertEquals(m.from, "a@example.test");
  assertEquals(m.to, ["bob@example.test", "f@else.test", "hidden@else.test"]);
  assert(!m.text.includes("hidden"));
  assertEquals(
    m.text,
    "Received: by mail.example.test with local id id1;\r\n\tFri, 2 Jan 2026 03:04:05 +0000\r\n" +
      "Date: Fri, 2 Jan 2026 03:04:05 +0000\r\nMessage-ID: <id1@mail.example.test>\r\n" +
      "From: a@example.test\r\nTo: bob, Friend <f@else.test>\r\nSubject: x\r\n\r\nhi\r\n",
  );
});

Deno.test("prepareMessage() takes recipients and sender in all their forms", () => {
  const cases: [string, Partial<LocalMessageFacts>, string, string[]][] = [
    ["\nhi\n", { recipients: ["root"] }, "cron@example.test", ["root@example.test"]],
    ["\nhi\n", { recipients: ["a, b@else.test", "<c@else.test>", "a@example.test"] }, "cron@example.test", [
      "a@example.test",
      "b@else.test",
      "c@else.test",
    ]],
    ["\nhi\n", { recipients: ["a"], sender: "<>" }, "<>", ["a@example.test"]],
    ["\nhi\n", { recipients: ["a"], sender: "" }, "<>", ["a@example.test"]],
    ["\nhi\n", { recipients: ["a"], sender: "nas" }, "nas@example.test", ["a@example.test"]],
    [
      "To: undisclosed-recipients:;\nCc: g: x@else.test, y;\n\nhi\n",
      { fromHeader: true },
      "cron@example.test",
      [
        "x@else.test",
        "y@example.test",
      ],
    ],
  ];
  for (const [text, facts, from, to] of cases) {
    const m = prepared(text, facts);
    assertEquals([m.from, m.to], [from, to], JSON.stringify([text, facts.recipients]));
  }
});

Deno.test("prepareMessage() makes a whole message of whatever it is given", () => {
  for (
    const text of [
      "",
      "hi",
      "no header here\nat all\n",
      "Subject: only a header",
      "\n",
      "From x Mon\nSubject: y\n\nz",
    ]
  ) {
    const m = prepared(text, { recipients: ["a"], fullName: "Cron" });
    const head = m.text.slice(0, m.text.indexOf("\r\n\r\n"));
    assert(m.text.includes("\r\n\r\n"), JSON.stringify(text));
    for (const line of head.split("\r\n")) {
      assert(/^([!-9;-~]+:|\s)/.test(line), `${JSON.stringify(text)}: ${line}`);
    }
    assert(head.includes("From: Cron <cron@example.test>"), head);
  }
  assertEquals(prepared("Subject: ü\n\nü\n", { recipients: ["a"] }).envelope.eightBit, true);
  assertEquals(prepared("\nx\n", { recipients: ["ü@else.test"] }).envelope.smtpUtf8, true);
});

Deno.test("prepareMessage() refuses messages to nobody and wrong addresses", () => {
  assertThrows(() => prepared("\nhi\n", {}), "no recipient: name one");
  assertThrows(() => prepared("To: nobody at all\n\nhi\n", { fromHeader: true }), "no recipient");
  assertThrows(() => prepared("\nhi\n", { recipients: ["a b@x"] }), "is no address");
  assertThrows(
    () => prepared("\nhi\n", { recipients: Array.from({ length: 1001 }, (_, i) => `u${i}`) }),
    "more than 1000",
  );
});
