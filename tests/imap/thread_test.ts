import fc from "fast-check";
import { fromAscii } from "../../mod/base/bytes.ts";
import { writeThread } from "../../mod/imap/format_thread.ts";
import { ResponseBuffer } from "../../mod/imap/response_buffer.ts";
import { type Thread, threadMessages } from "../../mod/imap/thread.ts";
import type { ThreadAlgorithm } from "../../mod/imap/types.ts";
import { assert, assertEquals } from "../support/assert.ts";
import { FakeMailbox } from "./fake_mailbox.ts";
import { latin1 } from "./pieces.ts";

/** "id <refs subject": a mail of its ID ("-" for none), what it refers to, its subject. Each is sent a minute after the one before. */
function mail(text: string, i: number): Uint8Array {
  const [id = "-", references = "", ...subject] = text.split(" ");
  const lines = [
    `Date: 1 Jan 2024 ${String(Math.floor(i / 60)).padStart(2, "0")}:${
      String(i % 60).padStart(2, "0")
    }:00 +0000`,
  ];
  if (id !== "-") lines.push(`Message-ID: <${id}@x>`);
  const ids = references.slice(1).split(",").filter((r) => r !== "").map((r) => `<${r}@x>`);
  if (ids.length > 0) {
    lines.push(`${references.startsWith("~") ? "In-Reply-To" : "References"}: ${ids.join(" ")}`);
  }
  if (subject.length > 0) lines.push(`Subject: ${subject.join(" ")}`);
  return latin1(`${lines.join("\r\n")}\r\n\r\n`);
}

async function threads(mails: readonly string[], algorithm: ThreadAlgorithm): Promise<readonly Thread[]> {
  const mailbox = new FakeMailbox(...mails.map(mail));
  return await threadMessages({
    mailbox,
    view: mailbox.view,
    seqs: mails.map((_, i) => i + 1),
    algorithm,
    clock: { monotonic: () => 0 },
    pause: () => Promise.resolve(),
  });
}

function shown(list: readonly Thread[]): string {
  const out = new ResponseBuffer();
  for (const thread of list) writeThread(out, thread, (seq) => seq);
  return fromAscii(out.take());
}

interface Row {
  readonly why: string;
  readonly mails: readonly string[];
  readonly references: string;
  readonly refs?: string;
}

const TABLE: readonly Row[] = [
  { why: "nothing", mails: [], references: "" },
  { why: "by themselves", mails: ["a", "b"], references: "(1)(2)" },
  { why: "a chain", mails: ["a", "b <a", "c <a,b"], references: "(1 2 3)" },
  { why: "In-Reply-To where there are no References", mails: ["a", "b ~a"], references: "(1 2)" },
  {
    why: "only the first of In-Reply-To",
    mails: ["a", "b", "c ~a,b"],
    references: "(1 3)(2)",
    refs: "(2)(1 3)",
  },
  { why: "answers before what they answer", mails: ["c <a,b", "b <a", "a"], references: "(3 2 1)" },
  { why: "branches by date", mails: ["a", "b <a", "c <a", "d <b"], references: "(1 (2 4)(3))" },
  { why: "a gap is closed", mails: ["a", "c <a,b"], references: "(1 2)" },
  { why: "two of a lost one", mails: ["b <a", "c <a"], references: "((1)(2))" },
  { why: "one of a lost one", mails: ["c <a,b", "d"], references: "(1)(2)" },
  {
    why: "lost in the middle, of a lost one",
    mails: ["c <a,b", "d <a,b", "e <a"],
    references: "((1)(2)(3))",
  },
  { why: "loops are not made", mails: ["a <b", "b <a"], references: "(2 1)" },
  { why: "no parent of itself", mails: ["a <a"], references: "(1)" },
  { why: "its own word counts more than others'", mails: ["c <b,a", "a", "b"], references: "(2 1)(3)" },
  {
    why: "the second of an ID is by itself",
    mails: ["a", "a", "b <a"],
    references: "(1 3)(2)",
    refs: "(2)(1 3)",
  },
  { why: "none without ID is above another", mails: ["-", "- <a", "b <a"], references: "(1)((2)(3))" },
  { why: "the same subject", mails: ["a <x one", "b < one"], references: "((1)(2))", refs: "(1)(2)" },
  { why: "an answer by its subject", mails: ["a < one", "b < Re: one"], references: "(1 2)", refs: "(1)(2)" },
  { why: "the answer came first", mails: ["b < Re: one", "a < one"], references: "(2 1)", refs: "(1)(2)" },
  { why: "two answers", mails: ["a < Re: one", "b < re: one"], references: "((1)(2))", refs: "(1)(2)" },
  { why: "no subject", mails: ["a < Re:", "b <"], references: "(1)(2)" },
  {
    why: "to a lost one by its children's subject",
    mails: ["b <a one", "c <a one", "d < one"],
    references: "((1)(2)(3))",
    refs: "((1)(2))(3)",
  },
  {
    why: "two lost ones",
    mails: ["b <a one", "c <a one", "e <d one", "f <d one"],
    references: "((1)(2)(3)(4))",
    refs: "((1)(2))((3)(4))",
  },
  {
    why: "three of a subject",
    mails: ["a < one", "b < one", "c < one"],
    references: "((1)(2)(3))",
    refs: "(1)(2)(3)",
  },
  {
    why: "newest last",
    mails: ["a", "b", "c <a"],
    references: "(1 3)(2)",
    refs: "(2)(1 3)",
  },
];

Deno.test("threadMessages() follows RFC 5256's REFERENCES step by step, and Dovecot's REFS", async () => {
  for (const { why, mails, references, refs = references } of TABLE) {
    assertEquals(shown(await threads(mails, "REFERENCES")), references, why);
    assertEquals(shown(await threads(mails, "REFS")), refs, why);
  }
});

Deno.test("threadMessages() puts subjects together in ORDEREDSUBJECT", async () => {
  const mails = ["a < two", "b < one", "c < Re: two", "d < two (fwd)", "e <", "f < Re: one"];
  assertEquals(shown(await threads(mails, "ORDEREDSUBJECT")), "(1 (3)(4))(2 6)(5)");
});

function* all(list: readonly Thread[]): Generator<Thread> {
  for (const thread of list) {
    yield thread;
    yield* all(thread.children);
  }
}

Deno.test("threadMessages() tells each message once, and keeps none that is not there but above several", async () => {
  const id = fc.constantFrom("a", "b", "c", "d", "e", "-");
  const made = fc.tuple(
    id,
    fc.array(fc.constantFrom("a", "b", "c", "d", "e", "z"), { maxLength: 4 }),
    fc.constantFrom("", "one", "Re: one", "x"),
  )
    .map(([own, refs, subject]) => `${own} <${refs.join(",")} ${subject}`.trim());
  await fc.assert(
    fc.asyncProperty(
      fc.array(made, { maxLength: 12 }),
      fc.constantFrom<ThreadAlgorithm>("REFERENCES", "REFS", "ORDEREDSUBJECT"),
      async (mails, algorithm) => {
        const list = await threads(mails, algorithm);
        const seqs = [...all(list)].map((t) => t.seq).filter((seq) => seq > 0);
        assertEquals(seqs.sort((a, b) => a - b), mails.map((_, i) => i + 1));
        for (const top of list) {
          assert(top.seq > 0 || top.children.length > 1);
          for (const below of all(top.children)) assert(below.seq > 0);
        }
      },
    ),
    { numRuns: 300, seed: 4 },
  );
});

Deno.test("threadMessages() is quick with threads as deep and as broad as they come", async () => {
  const start = performance.now();
  const deep = await threads(Array.from({ length: 3000 }, (_, i) => `${i} <${i - 1}`), "REFERENCES");
  assert(deep.length < 5);
  const broad = await threads(Array.from({ length: 3000 }, (_, i) => `${i} <top`), "REFS");
  assertEquals(broad.map((t) => t.children.length), [3000]);
  assert(performance.now() - start < 4000);
});
