import fc from "fast-check";
import { concat, utf8 } from "../../mod/base/bytes.ts";
import { formatHead, formatLine, parseHead, parseJournal } from "../../mod/queue/file_format.ts";
import type { JournalLine } from "../../mod/queue/record.ts";
import { assert, assertEquals } from "../support/assert.ts";
import { envelope } from "./rig.ts";

const HEAD = { id: "abc", created: 1234, size: 10, envelope: envelope(["a@x.test", 'ü "b@y.test']) };
const LINES: readonly JournalLine[] = [
  {
    kind: "attempt",
    at: 5,
    destination: "x.test",
    attempts: 2,
    next: 99,
    outcomes: [
      { recipient: 0, state: "pending", status: "4.2.0", why: "full\u2028", host: null, reply: null },
      { recipient: 1, state: "delivered", status: "2.0.0", why: "", host: "mx", reply: "250 OK" },
    ],
  },
  { kind: "reported", at: 6, recipients: [0, 1], bounces: 1 },
  { kind: "warned", at: 6, recipients: [0], bounces: 2 },
  { kind: "retry", at: 7 },
  { kind: "hold", at: 8 },
  { kind: "release", at: 9 },
  { kind: "bounce", at: 10 },
];

Deno.test("parseHead() reads what formatHead() wrote, and where the message begins", () => {
  const full = {
    ...HEAD,
    envelope: {
      ...HEAD.envelope,
      sender: null,
      ret: "headers" as const,
      envelopeId: "e+1",
      requireTls: true as const,
      tlsOptional: true as const,
      priority: -9,
      holdUntil: 99,
      deliverBy: { at: -7, mode: "return" as const, trace: true as const },
      arrival: { results: "mx;\r\n\tspf=pass", arc: "pass" as const },
      account: "me@home.test",
      recipients: [{
        address: { local: "a", domain: "x.test" },
        options: { notify: ["success" as const, "failure" as const], originalRecipient: "rfc822;A@x.test" },
      }, {
        address: { local: "team", domain: "x.test" },
        options: { deliverTo: { account: "a@x.test", detail: "lists" } },
      }, {
        address: { local: "b", domain: "x.test" },
        options: { deliverTo: { account: "b@x.test", detail: null } },
      }],
    },
  };
  for (const head of [HEAD, full]) {
    const bytes = formatHead(head);
    const parsed = parseHead(concat([bytes, utf8("Subject: x\r\n\r\n")]));
    assertEquals(parsed, { ok: true, value: { ...head, offset: bytes.length } });
    for (let n = 1; n < bytes.length; n++) {
      assertEquals(parseHead(bytes.subarray(0, n)), { ok: false, error: "more" });
    }
  }
});

Deno.test("parseHead() tells broken from newer", () => {
  const raw = JSON.parse(new TextDecoder().decode(formatHead(HEAD)));
  const cases: readonly (readonly [unknown, string])[] = [
    [{ ...raw, version: 2 }, "newer"],
    [{ version: 7 }, "newer"],
    [{ ...raw, id: 5 }, "broken"],
    [{ ...raw, created: "x" }, "broken"],
    [{ ...raw, size: -1 }, "broken"],
    [{ ...raw, sender: "text" }, "broken"],
    [{ ...raw, recipients: [] }, "broken"],
    [{ ...raw, recipients: [{ address: { local: "a" } }] }, "broken"],
    [{ ...raw, recipients: "a" }, "broken"],
    [{ ...raw, traceId: undefined }, "broken"],
    [[], "broken"],
    [null, "broken"],
  ];
  for (const [value, error] of cases) {
    assertEquals(parseHead(utf8(JSON.stringify(value) + "\n")), { ok: false, error } as never);
  }
  assertEquals(parseHead(new Uint8Array(50)), { ok: false, error: "broken" });
  assertEquals(parseHead(utf8("Subject: a message\r\n")), { ok: false, error: "broken" });
  assertEquals(parseHead(new Uint8Array(0)), { ok: false, error: "broken" });
});

Deno.test("parseJournal() reads what formatLine() wrote", () => {
  const bytes = concat(LINES.map(formatLine));
  assertEquals(parseJournal(bytes), { lines: LINES, broken: 0, newer: false });
  assertEquals(parseJournal(new Uint8Array(0)), { lines: [], broken: 0, newer: false });
  assertEquals(parseJournal(concat([bytes, utf8('\n{"version":2,"kind":"x"}\n')])).newer, true);
});

Deno.test("parseJournal() loses only the torn line, wherever it is torn", () => {
  const [first, second] = [formatLine(LINES[0] as JournalLine), formatLine(LINES[1] as JournalLine)];
  for (let n = 0; n < first.length - 1; n++) {
    const zeros = new Uint8Array(first.length);
    zeros.set(first.subarray(0, n));
    for (const torn of [first.subarray(0, n), zeros]) {
      const { lines, broken } = parseJournal(concat([formatLine({ kind: "retry", at: 1 }), torn, second]));
      assertEquals(lines, [{ kind: "retry", at: 1 }, LINES[1] as JournalLine], `torn at ${n}`);
      assert(broken <= 1);
    }
  }
});

Deno.test("parseHead() and parseJournal() take anything", () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), fc.json(), (bytes, json) => {
    parseHead(bytes);
    parseJournal(bytes);
    parseHead(utf8(json + "\n"));
    parseJournal(utf8(`{"version":1,"at":1,"kind":"attempt","outcomes":${json}}\n${json}`));
  }));
});
