import { concat, utf8 } from "../../mod/base/bytes.ts";
import { fetchMessages, writeFlagsFetch } from "../../mod/imap/fetch.ts";
import { parseFetchItems } from "../../mod/imap/parse_fetch.ts";
import { CommandReader } from "../../mod/imap/parse_reader.ts";
import { ResponseBuffer } from "../../mod/imap/response_buffer.ts";
import type { FetchItem } from "../../mod/imap/types.ts";
import type { ParsedTexts } from "../../mod/store/mail_index.ts";
import { assert, assertEquals, assertRejects } from "../support/assert.ts";
import { FakeMailbox, TextSink } from "./fake_mailbox.ts";
import { latin1, pieces, taken } from "./pieces.ts";

const SIMPLE = latin1("From: a@b.c\r\nSubject: hi\r\nX: 1\r\n\r\nHello\r\nWorld\r\n");
const WITH_NUL = latin1("A: b\0\r\n\r\nx\0y");
const MIXED = latin1(
  "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\none\r\n--b\r\nContent-Type: message/rfc822\r\n\r\n" +
    "Subject: inner\r\n\r\ntwo\r\n--b--\r\n",
);

function items(text: string): readonly FetchItem[] {
  return parseFetchItems(new CommandReader(pieces(text), { utf8: false }));
}

interface Extra {
  readonly uid?: boolean;
  readonly texts?: ParsedTexts;
  readonly tellFlags?: ReadonlySet<number>;
  readonly seqs?: readonly number[];
}

async function fetchAll(box: FakeMailbox, text: string, extra: Extra = {}) {
  const sink = new TextSink();
  let pauses = 0;
  let now = 0;
  const outcome = await fetchMessages({
    mailbox: box,
    view: box.view,
    seqs: box.view.map((_, i) => i + 1),
    items: items(text),
    uid: false,
    isRecent: (uid) => uid > 10,
    sink,
    clock: { monotonic: () => now += 5 },
    pause: () => {
      pauses++;
      return Promise.resolve();
    },
    ...extra,
  });
  return { text: sink.text(), pauses, largest: sink.largest, ...outcome };
}

/** A message, an item, and the octets it names: null for NIL. */
const SECTIONS: readonly (readonly [Uint8Array, string, string | null])[] = [
  [SIMPLE, "BODY[]", "From: a@b.c\r\nSubject: hi\r\nX: 1\r\n\r\nHello\r\nWorld\r\n"],
  [SIMPLE, "RFC822", "From: a@b.c\r\nSubject: hi\r\nX: 1\r\n\r\nHello\r\nWorld\r\n"],
  [SIMPLE, "BODY[HEADER]", "From: a@b.c\r\nSubject: hi\r\nX: 1\r\n\r\n"],
  [SIMPLE, "RFC822.HEADER", "From: a@b.c\r\nSubject: hi\r\nX: 1\r\n\r\n"],
  [SIMPLE, "BODY[TEXT]", "Hello\r\nWorld\r\n"],
  [SIMPLE, "RFC822.TEXT", "Hello\r\nWorld\r\n"],
  [SIMPLE, "BODY[1]", "Hello\r\nWorld\r\n"],
  [SIMPLE, "BODY[2]", null],
  [SIMPLE, "BODY[1.1]", null],
  [SIMPLE, "BODY[TEXT]<0.5>", "Hello"],
  // RFC 9051 4.3: no string holds NUL; the octets stay as many.
  [WITH_NUL, "BODY[]", "A: b\u20ac\r\n\r\nx\u20acy"],
  [WITH_NUL, "BODY[1]<1.1>", "\u20ac"],
  [WITH_NUL, "BODY[]<4.8>", "\u20ac\r\n\r\nx\u20acy"],
  [WITH_NUL, "RFC822.HEADER", "A: b\u20ac\r\n\r\n"],
  [WITH_NUL, "BODY[HEADER.FIELDS (A)]", "A: b\u20ac\r\n\r\n"],
  [SIMPLE, "BODY[TEXT]<7.100>", "World\r\n"],
  [SIMPLE, "BODY[TEXT]<14.5>", ""],
  [SIMPLE, "BODY[TEXT]<4294967295.4294967295>", ""],
  [SIMPLE, "BODY[2]<0.5>", null],
  [SIMPLE, "BODY[HEADER.FIELDS (subject FROM)]", "From: a@b.c\r\nSubject: hi\r\n\r\n"],
  [SIMPLE, "BODY[HEADER.FIELDS (subject)]<0.7>", "Subject"],
  [SIMPLE, "BODY[HEADER.FIELDS (none)]", "\r\n"],
  [SIMPLE, "BODY[HEADER.FIELDS.NOT (subject FROM)]", "X: 1\r\n\r\n"],
  [MIXED, "BODY[1]", "one"],
  [MIXED, "BODY[2.HEADER]", "Subject: inner\r\n\r\n"],
  [MIXED, "BODY[2.TEXT]", "two"],
  [MIXED, "BODY[2.1]", "two"],
  [MIXED, "BODY[2.MIME]", "Content-Type: message/rfc822\r\n\r\n"],
  [MIXED, "BODY[2.HEADER.FIELDS (subject)]", "Subject: inner\r\n\r\n"],
  [MIXED, "BODY[3]", null],
];

Deno.test("fetchMessages() gives every section, in memory and streamed alike", async () => {
  const tail = new Uint8Array(300_000).fill(0x78);
  for (const [bytes, item, octets] of SECTIONS) {
    const want = octets === null ? "NIL" : octets === "" ? '""' : `{${octets.length}}\r\n${octets}`;
    const label = item.replace(/<(\d+)\..*>/, "<$1>");
    const small = new FakeMailbox(bytes);
    assertEquals((await fetchAll(small, item)).text, `* 1 FETCH (${label} ${want})\r\n`, item);
    small.how = "later";
    assertEquals((await fetchAll(small, item)).text, `* 1 FETCH (${label} ${want})\r\n`, `${item} later`);
    assertEquals(small.open, 0);
    // The same with so much text after it that it is streamed.
    if (/\[\]|TEXT\]$|TEXT\]<7|^RFC822$|^RFC822.TEXT$|\[1\]$/.test(item) && bytes !== MIXED) continue;
    const large = new FakeMailbox(concat([bytes, tail]));
    large.how = "later";
    if (item.endsWith("<14.5>") || item.includes("<42")) continue;
    assertEquals((await fetchAll(large, item)).text, `* 1 FETCH (${label} ${want})\r\n`, `${item} large`);
    assertEquals(large.open, 0);
  }
});

Deno.test("fetchMessages() streams a large message with bounded memory and pauses", async () => {
  const body = "0123456789abcde\n".repeat(100_000);
  const box = new FakeMailbox(latin1(`Subject: x\r\n\r\n${body}`));
  box.how = "later";
  const whole = await fetchAll(box, "BODY.PEEK[]");
  assertEquals(whole.text, `* 1 FETCH (BODY[] {1600014}\r\nSubject: x\r\n\r\n${body})\r\n`);
  assert(whole.largest < 200_000 && whole.pauses > 1);
  box.octetsRead = 0;
  const part = await fetchAll(box, "BODY.PEEK[TEXT]<16.16>");
  assertEquals(part.text, "* 1 FETCH (BODY[TEXT]<16> {16}\r\n0123456789abcde\n)\r\n");
  const past = await fetchAll(box, "BODY.PEEK[TEXT]<1600001.16>");
  assertEquals(past.text, '* 1 FETCH (BODY[TEXT]<1600001> "")\r\n');
  assert(box.octetsRead < 140_000, "only the header and what was asked for are read");
});

Deno.test("fetchMessages() reads no octets for what the mailbox knows", async () => {
  const box = new FakeMailbox(SIMPLE, MIXED);
  box.view.forEach((m, i) => m.flags = i === 0 ? 1 : 8 | 32);
  const { text } = await fetchAll(box, "(FLAGS UID INTERNALDATE RFC822.SIZE)");
  assertEquals(
    text,
    '* 1 FETCH (FLAGS (\\Seen) UID 10 INTERNALDATE " 1-Jan-2024 12:00:00 +0000" RFC822.SIZE 48)\r\n' +
      `* 2 FETCH (FLAGS (\\Deleted \\Recent $One) UID 20 INTERNALDATE " 2-Jan-2024 12:00:00 +0000" RFC822.SIZE ${MIXED.length})\r\n`,
  );
  assertEquals(box.reads, 0);
  assertEquals(
    (await fetchAll(box, "FLAGS", { uid: true, seqs: [2] })).text,
    "* 2 FETCH (UID 20 FLAGS (\\Deleted \\Recent $One))\r\n",
  );
});

Deno.test("fetchMessages() tells which messages became seen", async () => {
  const box = new FakeMailbox(SIMPLE, SIMPLE);
  const [, second] = box.view;
  if (second) second.flags = 1;
  assertEquals((await fetchAll(box, "BODY[TEXT]")).seen, [10]);
  assertEquals((await fetchAll(box, "(BODY.PEEK[] RFC822.HEADER ENVELOPE BODYSTRUCTURE)")).seen, []);
  const told = await fetchAll(box, "BODY.PEEK[1]", { tellFlags: new Set([20]) });
  assertEquals(told.text.match(/ FLAGS \([^)]*\)/g), [" FLAGS (\\Seen \\Recent)"]);
});

Deno.test("fetchMessages() passes over messages that have vanished", async () => {
  const box = new FakeMailbox(SIMPLE);
  box.how = "gone";
  for (const item of ["BODY[]", "ENVELOPE", "RFC822.SIZE", "INTERNALDATE"]) {
    const { text, gone, seen } = await fetchAll(box, item);
    assertEquals([text, gone, seen], ["", [10], []], item);
  }
  assertEquals((await fetchAll(box, "FLAGS")).text, "* 1 FETCH (FLAGS ())\r\n");
});

Deno.test("fetchMessages() throws rather than break a promised literal", async () => {
  const box = new FakeMailbox(new Uint8Array(400_000).fill(0x78));
  box.how = "later";
  const honest = box.content.bind(box);
  box.content = async (uid) => {
    const content = await honest(uid);
    return content && { ...content, read: (s, e) => content.read(s, Math.min(e, 300_000)) };
  };
  await assertRejects(() => fetchAll(box, "BODY[]"), "BrokenResponse");
  assertEquals(box.open, 0);
});

Deno.test("fetchMessages() leaves nothing of a response that a fault ended before it was sent", async () => {
  const box = new FakeMailbox(SIMPLE, SIMPLE);
  box.how = "later";
  const honest = box.content.bind(box);
  box.content = (uid) => uid === 20 ? Promise.reject(new Error("disk fault")) : honest(uid);
  const sink = new TextSink();
  const request = {
    mailbox: box,
    view: box.view,
    seqs: [1, 2],
    items: items("(UID BODY.PEEK[TEXT])"),
    uid: false,
    isRecent: () => false,
    sink,
    clock: { monotonic: () => 0 },
    pause: () => Promise.resolve(),
  };
  await assertRejects(() => fetchMessages(request), "disk fault");
  assertEquals(sink.text(), "* 1 FETCH (UID 10 BODY[TEXT] {14}\r\nHello\r\nWorld\r\n)\r\n");
});

Deno.test("fetchMessages() keeps parsed answers in the cache", async () => {
  const kept = new Map<string, Uint8Array>();
  const cache: ParsedTexts = {
    get: (m, kind) => kept.get(`${m.uid} ${kind}`) ?? null,
    put: (m, kind, text) => void kept.set(`${m.uid} ${kind}`, text.slice()),
  };
  const box = new FakeMailbox(SIMPLE, MIXED);
  const first = await fetchAll(box, "(ENVELOPE BODY BODYSTRUCTURE UID)", { texts: cache });
  assertEquals(kept.size, 8); // FIELDS too, for searches to come
  box.how = "gone";
  box.reads = 0;
  const second = await fetchAll(box, "(ENVELOPE BODY BODYSTRUCTURE UID)", { texts: cache });
  assertEquals(second.text, first.text);
  assertEquals(box.reads, 0);
});

Deno.test("fetchMessages() gets the date of who reads a header by the way, of others beforehand, or when it has to", async () => {
  const kept = new Map<number, Uint8Array>();
  const texts: ParsedTexts = {
    get: (m) => kept.get(m.uid) ?? null,
    put: (m, _, text) => void kept.set(m.uid, text.slice()),
  };
  const box = new FakeMailbox(SIMPLE, SIMPLE, SIMPLE, SIMPLE);
  const want = (await fetchAll(box, "(INTERNALDATE ENVELOPE)")).text;
  const prepared: number[] = [];
  const prepare = box.prepare.bind(box);
  box.prepare = (messages) => (prepared.push(...messages.map((m) => m.uid)), prepare(messages));
  kept.set(10, utf8(/ENVELOPE (.*)\)/.exec(want)?.[1] ?? ""));
  const heads: number[] = [];
  const headerNow = (uid: number) => {
    heads.push(uid);
    const message = box.view[uid / 10 - 1];
    // Of the third the date is not found out, the fourth has a long header.
    if (message && uid === 20) message.internalDate = Date.UTC(2024, 0, 2, 12);
    return uid === 40 ? null : SIMPLE;
  };
  const found = Object.assign(box, { headerNow });
  for (const message of box.view) message.internalDate = -1;
  assertEquals((await fetchAll(found, "(INTERNALDATE ENVELOPE)", { texts })).text, want);
  assertEquals([prepared, heads], [[10, 30, 40], [20, 30, 40]]);
});

Deno.test("fetchMessages() finds out a date though others put the header it was to come with into the index meanwhile", async () => {
  const box = Object.assign(new FakeMailbox(SIMPLE), { headerNow: () => SIMPLE });
  let asked = 0;
  const texts = { get: () => asked++ === 0 ? null : utf8("(known)"), put: () => {} };
  const { text, gone } = await fetchAll(box, "(INTERNALDATE ENVELOPE)", { texts });
  assertEquals(text, '* 1 FETCH (INTERNALDATE " 1-Jan-2024 12:00:00 +0000" ENVELOPE (known))\r\n');
  assertEquals(gone, []);
});

Deno.test("fetchMessages() gives others their turn among small messages", async () => {
  const box = new FakeMailbox(...Array.from({ length: 3000 }, () => SIMPLE));
  assert((await fetchAll(box, "FLAGS")).pauses > 2);
});

Deno.test("writeFlagsFetch() tells flags", () => {
  const out = new ResponseBuffer();
  const message = { uid: 7, flags: 32, size: 1, internalDate: 1 };
  writeFlagsFetch(out, 3, message, { uid: true, recent: true, keywords: ["k"] });
  writeFlagsFetch(out, 4, message, { uid: false, recent: false, keywords: ["k"] });
  assertEquals(taken(out), "* 3 FETCH (UID 7 FLAGS (\\Recent k))\r\n* 4 FETCH (FLAGS (k))\r\n");
});
