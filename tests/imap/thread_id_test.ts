import { utf8 } from "../../mod/base/bytes.ts";
import { FIELDS_KEPT, THREAD_REFERENCES } from "../../mod/base/limits.ts";
import { KeptHeader, readHeaderFacts, writeHeaderFacts } from "../../mod/imap/header_facts.ts";
import { threadIdOf, threadIds } from "../../mod/imap/thread_id.ts";
import { assert, assertEquals, assertMatch } from "../support/assert.ts";
import { FakeClock } from "../support/fake_clock.ts";
import { FakeMailbox } from "./fake_mailbox.ts";
import fc from "fast-check";

/** Of a message with these header fields, from its octets and as an index remembers it. */
function idOf(header: string, emailId: string | null = "M1"): string | null {
  const facts = readHeaderFacts(utf8(`${header}\r\n\r\n`));
  const id = threadIdOf(facts.ids, emailId);
  const kept = writeHeaderFacts(facts);
  if (kept) assertEquals(threadIdOf(new KeptHeader(kept).facts?.ids ?? facts.ids, emailId), id);
  return id;
}

Deno.test("threadIdOf() is the same throughout a conversation", () => {
  const root = idOf("Message-ID: <a@b>");
  assertMatch(root ?? "", /^T[0-9a-f]{16}$/);
  const same = [
    "Message-ID: <c@d>\r\nReferences: <a@b>",
    "Message-ID: <e@f>\r\nReferences: <a@b>\r\n <c@d>\r\nIn-Reply-To: <c@d>",
    'References: <"a"@b> <x@y>',
    "In-Reply-To: your mail <a@b>",
    "References: none\r\nIn-Reply-To: <a@b>",
    "message-id:<a@b> (comment)",
  ];
  for (const header of same) assertEquals(idOf(header), root, header);
  for (
    const header of ["Message-ID: <A@b>", "Message-ID: <c@d>", "References: <c@d> <a@b>", "Subject: a@b"]
  ) {
    assert(idOf(header) !== root, header);
  }
});

Deno.test("threadIdOf() knows the beginning of very long conversations", () => {
  const root = idOf("Message-ID: <a@b>");
  const many = (count: number, pad: number) =>
    Array.from({ length: count }, (_, i) => `<${i}${"x".repeat(pad)}@y>`).join("\r\n ");
  for (
    const [count, pad] of [[THREAD_REFERENCES, 1], [3 * THREAD_REFERENCES, 1], [
      FIELDS_KEPT / 60,
      100,
    ]] as const
  ) {
    assertEquals(idOf(`References: <a@b> ${many(count, pad)}`), root);
  }
  // What is cut through where the field is too long to be looked at whole is no ID.
  const { ids } = readHeaderFacts(utf8(`References: <a@b> ${many(FIELDS_KEPT / 60, 100)}\r\n\r\n`));
  assert(ids.references.every((id) => id === "a@b" || /^\d+x{100}@y$/.test(id)));
});

Deno.test("threadIdOf() without any ID is of the message alone, and nothing where it is gone", () => {
  assertEquals(idOf("Subject: x", "M1") === idOf("Subject: y", "M1"), true);
  assertEquals(idOf("Subject: x", "M1") === idOf("Subject: x", "M2"), false);
  assertEquals(idOf("Subject: x", null), null);
  assert(idOf("Message-ID: <a@b>", null) !== null);
});

Deno.test("threadIdOf() never changes: clients keep it", () => {
  assertEquals(idOf("Message-ID: <a@b>"), "T5985274a86ee8ca6");
  assertEquals(idOf("Subject: x", "M123-4"), "T41c98cbeac987c3c");
});

Deno.test("threadIdOf() keeps IDs apart", () => {
  const seen = new Set<string | null>();
  for (let i = 0; i < 20_000; i++) {
    seen.add(threadIdOf({ own: `${i.toString(36)}@mail.example`, references: [], inReplyTo: null }, null));
  }
  assertEquals(seen.size, 20_000);
  fc.assert(fc.property(fc.string({ unit: "binary" }), fc.string(), (a, b) => {
    const ids = (own: string) => ({ own, references: [], inReplyTo: null });
    return (threadIdOf(ids(a), null) === threadIdOf(ids(b), null)) === (a === b);
  }));
});

Deno.test("threadIds() leaves out what has vanished", async () => {
  const mailbox = new FakeMailbox(utf8("Message-ID: <a@b>\r\n\r\n"), utf8("References: <a@b>\r\n\r\n"));
  const ports = { mailbox, clock: new FakeClock(), pause: () => Promise.resolve() };
  const ids = await threadIds(ports, mailbox.view);
  assertEquals([...ids.keys()], [10, 20]);
  assertEquals(new Set(ids.values()).size, 1);
  mailbox.how = "gone";
  assertEquals((await threadIds(ports, mailbox.view)).size, 0);
});
