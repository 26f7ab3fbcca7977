import fc from "fast-check";
import { fromUtf8, utf8 } from "../../mod/base/bytes.ts";
import { FIELDS_KEPT } from "../../mod/base/limits.ts";
import {
  keepFields,
  keepHeader,
  KeptHeader,
  readHeaderFacts,
  writeHeaderFacts,
} from "../../mod/imap/header_facts.ts";
import { assert, assertEquals } from "../support/assert.ts";
import { ODD_MAILS } from "../interop/odd_mails.ts";
import { latin1 } from "./pieces.ts";

const HEADER = latin1(
  "Date: Mon, 1 Jan 2024 23:30:00 -0500\r\nFrom: =?utf-8?q?J=C3=BCrgen?= <J@Example.DE>, b@c\r\nTo: <Bob@example.net>\r\n" +
    "Cc: friends: a@b;\r\nSubject: One\r\n two\r\nSubject: three\r\nMessage-ID: <A@b>\r\nReferences: <x@y> <Z@y>\r\nIn-Reply-To: <q@r>\r\n\r\nTo: body\r\n",
);

Deno.test("readHeaderFacts() reads what SEARCH, SORT and THREAD ask", () => {
  const { values, ...facts } = readHeaderFacts(HEADER);
  assertEquals(facts, {
    sent: Date.UTC(2024, 0, 2, 4, 30),
    sentDay: 19723,
    subject: "one two",
    from: "j",
    to: "bob",
    cc: "friends",
    displayFrom: "ju\u0308rgen",
    displayTo: "bob@example.net",
    ids: { own: "A@b", references: ["x@y", "Z@y"], inReplyTo: "q@r" },
  });
  assertEquals(values?.[0], ["one two", "three"]);
  assertEquals(values?.[5], ["<a@b>"]);
  const none = readHeaderFacts(latin1("\r\n"));
  assertEquals([none.sent, none.sentDay, none.subject, none.from, none.displayTo], [null, 0, "", "", ""]);
});

Deno.test("KeptHeader gives back what was kept, of odd mails too", () => {
  for (const mail of [...ODD_MAILS, 'Subject: "\\ =?utf-8?q?=0a=00?=\r\n\r\n']) {
    const facts = readHeaderFacts(latin1(mail));
    const kept = writeHeaderFacts(facts);
    if (kept === null) continue;
    const read = new KeptHeader(kept);
    assertEquals(read.sentDay, facts.sentDay);
    assertEquals(read.facts, facts);
  }
});

Deno.test("KeptHeader looks for text in one field only, and knows which it has", () => {
  const kept = writeHeaderFacts(readHeaderFacts(HEADER));
  assert(kept);
  const has = (field: string, text: string, inJson = true) =>
    new KeptHeader(kept).has({ field, text, inJson });
  assertEquals([has("subject", "three"), has("subject", "bob"), has("to", "bob@")], [true, false, true]);
  assertEquals([has("subject", ""), has("bcc", "")], [true, false]);
  assertEquals([has("subject", '"', false), has("date", "2024"), has("x", "")], [false, null, null]);
  const broken = new KeptHeader(utf8('[1,"subject'));
  assertEquals([broken.has({ field: "subject", text: "", inJson: true }), broken.facts], [null, null]);
});

Deno.test("readHeaderFacts() takes its time with no header", () => {
  const long = Array.from({ length: 60_000 }, (_, i) => `<${i}@x>`).join(", ");
  const header = latin1(
    `Subject: ${"[a]".repeat(200_000)}\r\nTo: ${long}\r\nReferences: ${long}\r\nDate: ${
      "(".repeat(500_000)
    }\r\n\r\n`,
  );
  const start = performance.now();
  const { values, ids, to } = readHeaderFacts(header);
  assert(performance.now() - start < 100);
  assertEquals([values, to, ids.references.at(-1)], [null, "0", "59999@x"]);
});

Deno.test("keepHeader() keeps a header once, and none that is too large", () => {
  const kept = new Map<number, string>();
  const texts = {
    get: ({ uid }: { uid: number }) => kept.has(uid) ? utf8(kept.get(uid) ?? "") : null,
    put: ({ uid }: { uid: number }, _: string, text: Uint8Array) => void kept.set(uid, fromUtf8(text)),
  };
  keepHeader(texts, { uid: 1 }, HEADER);
  const first = kept.get(1);
  keepHeader(texts, { uid: 1 }, latin1("\r\n"));
  assertEquals(kept.get(1), first);
  keepHeader(texts, { uid: 2 }, latin1(`Subject: ${"x".repeat(FIELDS_KEPT)}\r\n\r\n`));
  assertEquals([...kept.keys()], [1]);
});

Deno.test("fields that are kept as they are tell the same as what was made of them", () => {
  const folded =
    "Subject: One\r\n two\r\n\tTHREE\r\nFrom: a\rb@c\r\nTo: x\r\nX-Other: subject\r\n\r\nSubject: body\r\n";
  const needles = [
    "",
    "one two three",
    "e",
    "a",
    "a b",
    "\u00fc",
    "u\u0308",
    "@",
    "subject",
    "body",
    "\ufffd",
    "=?",
    " ",
    "0",
  ];
  for (
    const mail of [...ODD_MAILS, folded, "Subject: no end", "To: \u001b$B\r\n\r\n", "Subject: a\0b\r\n\r\n"]
  ) {
    const kept = new Map<string, Uint8Array>();
    const texts = {
      get: (_: unknown, kind: string) => kept.get(kind) ?? null,
      put: (_: unknown, kind: string, text: Uint8Array) => void kept.set(kind, text.slice()),
    };
    keepFields(texts, { uid: 1 }, latin1(mail));
    const fields = kept.get("FIELDS");
    const facts = readHeaderFacts(latin1(mail));
    const made = writeHeaderFacts(facts);
    if (!fields || !made) continue;
    assertEquals([new KeptHeader(fields).raw, new KeptHeader(made).raw], [true, false]);
    assertEquals(new KeptHeader(fields).facts, facts);
    assertEquals(new KeptHeader(fields).sentDay, facts.sentDay);
    for (const field of ["subject", "from", "to", "cc", "bcc", "message-id", "in-reply-to", "date"]) {
      for (const text of needles) {
        const needle = { field, text, inJson: true };
        assertEquals(
          new KeptHeader(fields).has(needle),
          new KeptHeader(made).has(needle),
          `${field} ${text}: ${mail}`,
        );
      }
    }
    keepFields(texts, { uid: 1 }, latin1("Subject: other\r\n\r\n"));
    assertEquals(kept.get("FIELDS"), fields);
  }
});

Deno.test("fields that are too long are not kept as they are", () => {
  const put = () => assert(false, "kept");
  keepFields({ get: () => null, put }, { uid: 1 }, latin1(`Subject: ${"x".repeat(FIELDS_KEPT)}\r\n\r\n`));
});

Deno.test("KeptHeader finds the same in fields as they are as in fields that were worked upon", () => {
  const piece = fc.constantFrom(
    ..."aAb \t.=?_",
    "\r\n ",
    "\r\n\t",
    "\n ",
    "=?utf-8?q?a=20b?=",
    "=?x",
    "\xfc",
    "\r",
  );
  const value = fc.array(piece, { maxLength: 12 }).map((all) => all.join(""));
  const needle = fc.array(fc.constantFrom(..."ab \t.=?_", "u\u0308"), { maxLength: 4 }).map((all) =>
    all.join("")
  );
  fc.assert(fc.property(fc.array(value, { minLength: 1, maxLength: 3 }), needle, (values, text) => {
    const mail = latin1(values.map((v) => `Subject: ${v}x\r\nX-Other: ab\r\n`).join("") + "\r\n");
    const kept = new Map<string, Uint8Array>();
    keepFields(
      { get: () => null, put: (_, kind, octets) => void kept.set(kind, octets.slice()) },
      { uid: 1 },
      mail,
    );
    const fields = kept.get("FIELDS");
    const made = writeHeaderFacts(readHeaderFacts(mail));
    assert(fields && made);
    const wanted = { field: "subject", text, inJson: false };
    assertEquals(new KeptHeader(fields).has(wanted), new KeptHeader(made).has(wanted), `${text}: ${values}`);
  }));
});
