/** SEARCH gives the same answers whatever an index knows. */
import fc from "fast-check";
import { utf8 } from "../../mod/base/bytes.ts";
import { INDEX_LAG, INDEX_QUIET, INDEX_REST } from "../../mod/base/limits.ts";
import { CommandReader } from "../../mod/imap/parse_reader.ts";
import { parseSearch } from "../../mod/imap/parse_search.ts";
import { readWordText } from "../../mod/imap/message_text.ts";
import { searchMessages } from "../../mod/imap/search.ts";
import { Slice } from "../../mod/imap/slice.ts";
import { Indexes } from "../../mod/index/indexes.ts";
import type { MailboxIndex } from "../../mod/store/mail_index.ts";
import { ODD_MAILS } from "../interop/odd_mails.ts";
import { assert, assertEquals } from "../support/assert.ts";
import { IndexBench } from "../support/index_ports.ts";
import { MemFolder } from "../support/mem_folder.ts";
import { latin1, pieces } from "./pieces.ts";

const WORDS = [
  "one",
  "body",
  "over",
  "a@b",
  "subject",
  "\u00e4",
  "e",
  "xx",
  '"',
  "=?",
  "\\",
  "n d",
  "Text",
  "1 2",
];

const word = fc.constantFrom(...WORDS).map((w) => `{${w}}`);
const leaf = fc.oneof(
  fc.tuple(fc.constantFrom("SUBJECT", "FROM", "TO", "CC", "BCC", "BODY", "TEXT"), word).map((p) =>
    p.join(" ")
  ),
  fc.tuple(fc.constantFrom("Message-ID", "In-Reply-To", "Date", "Content-Type", "Subject"), word)
    .map(([field, w]) => `HEADER ${field} ${w}`),
  fc.constantFrom("SENTON 1-Jan-2024", "SENTBEFORE 2-Jan-2024", "SEEN", "2:9", 'HEADER Bcc ""', "LARGER 99"),
);
const key = fc.letrec<{ key: string }>((tie) => ({
  key: fc.oneof(
    { maxDepth: 3 },
    leaf,
    tie("key").map((k) => `NOT ${k}`),
    fc.tuple(tie("key"), tie("key")).map(([a, b]) => `OR ${a} ${b}`),
    fc.tuple(tie("key"), tie("key")).map(([a, b]) => `(${a} ${b})`),
  ),
})).key;

const headerLine = fc.oneof(
  fc.tuple(fc.constantFrom("Subject", "From", "To", "Cc", "Bcc", "Message-ID", "X"), word)
    .map(([name, w]) => `${name}: ${w.slice(1, -1)}\r\n`),
  fc.constantFrom(
    "Subject: =?utf-8?q?=C3=A4_one?=\r\n",
    "Date: Mon, 1 Jan 2024 00:00:00 +0000\r\n",
    "Date: some day\r\n",
    "Content-Transfer-Encoding: base64\r\n",
    "Content-Type: text/plain; charset=iso-8859-1\r\n",
    "To: <a@b>,\r\n\tOver <c@d>\r\n",
  ),
);
const made = fc.tuple(fc.array(headerLine, { maxLength: 5 }), fc.array(word, { maxLength: 4 })).map(
  ([lines, words]) => `${lines.join("")}\r\n${words.map((w) => w.slice(1, -1)).join(" ")}\r\n`,
);

async function folder(mails: readonly string[]): Promise<MemFolder> {
  const mailbox = new MemFolder("INBOX", 1, () => null);
  await add(mailbox, mails);
  return mailbox;
}

async function add(mailbox: MemFolder, mails: readonly string[]): Promise<void> {
  const flags = { system: 0, keywords: [] };
  await mailbox.add(mails.map((mail) => ({ bytes: latin1(mail), flags, internalDate: 0 })));
}

const CLOCK = { monotonic: () => 0 };
const pause = () => Promise.resolve();

/** Has the full-text index fill for so many milliseconds. */
async function fill(mailbox: MemFolder, { texts, words }: MailboxIndex, bench: IndexBench, ms: number) {
  words?.fill((message) => readWordText(mailbox, texts, message, new Slice(CLOCK, pause)));
  for (let i = 0; i < INDEX_QUIET + ms; i++) await bench.clock.advance(1);
}

async function search(mailbox: MemFolder, text: string, index: MailboxIndex | null): Promise<string> {
  const { key } = parseSearch(new CommandReader(pieces(text), { utf8: false }));
  const found = await searchMessages({
    mailbox,
    view: mailbox.messages,
    key,
    isRecent: () => false,
    now: 0,
    clock: CLOCK,
    pause,
    ...(index ? { index } : {}),
  });
  return found.join(" ");
}

Deno.test("searchMessages() finds the same with an index, without, and while one fills, loses and forgets", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.oneof(made, fc.constantFrom(...ODD_MAILS).map((m) => m.replaceAll("\xe4", "a"))), {
        maxLength: 12,
      }),
      fc.array(
        fc.tuple(key, fc.constantFrom("write", "fill", "filled", "expunge", "add", "reopen", "break")),
        {
          minLength: 3,
          maxLength: 8,
        },
      ),
      async (mails, steps) => {
        await using bench = await IndexBench.make();
        bench.clock.tick = 1;
        const mailbox = await folder(mails);
        const path = `${bench.dir}/alice.sqlite`;
        let indexes = new Indexes(() => path, bench.ports());
        let index = await indexes.open("alice", mailbox);
        for (const [key, then] of steps) {
          const want = await search(mailbox, key, null);
          assertEquals(await search(mailbox, key, index), want, key);
          if (then === "write") await bench.clock.advance(INDEX_REST);
          if (then === "fill") await fill(mailbox, index, bench, 1);
          if (then === "filled") await fill(mailbox, index, bench, 50);
          if (then === "expunge") await mailbox.expunge(mailbox.messages.slice(2, 4).map((m) => m.uid));
          if (then === "add") await add(mailbox, mails.slice(0, 3));
          if (then !== "reopen" && then !== "break") continue;
          index.close();
          for (let i = 0; i < 5; i++) await bench.clock.advance(INDEX_REST);
          await indexes.close();
          if (then === "break") await Deno.writeTextFile(path, "nonsense");
          indexes = new Indexes(() => path, bench.ports());
          index = await indexes.open("alice", mailbox);
        }
        index.close();
        await bench.clock.advance(INDEX_REST);
        await indexes.close();
      },
    ),
    { numRuns: 25, seed: 5 },
  );
});

Deno.test("searchMessages() reads no message whose header is remembered", async () => {
  await using bench = await IndexBench.make();
  const mailbox = await folder(ODD_MAILS);
  const indexes = new Indexes(() => `${bench.dir}/alice.sqlite`, bench.ports());
  const index = await indexes.open("alice", mailbox);
  const want = await search(mailbox, "SUBJECT over", index);
  assert(want !== "");
  let reads = 0;
  const contentNow = mailbox.contentNow.bind(mailbox);
  mailbox.contentNow = (uid) => (reads++, contentNow(uid));
  assertEquals(await search(mailbox, "SUBJECT over", index), want);
  assertEquals(await search(mailbox, "OR FROM zz SENTON 1-Jan-1999", index), "");
  assertEquals(reads, 0);
  await search(mailbox, "HEADER X-Other over", index);
  assertEquals(reads, ODD_MAILS.length);
  index.close();
  await indexes.close();
});

Deno.test("searchMessages() reads only messages that may hold the text", async () => {
  await using bench = await IndexBench.make();
  const mailbox = await folder([...ODD_MAILS, "Subject: x\r\n\r\nneedle\r\n"]);
  const indexes = new Indexes(() => `${bench.dir}/alice.sqlite`, bench.ports());
  const index = await indexes.open("alice", mailbox);
  await fill(mailbox, index, bench, 100);
  assertEquals(index.words?.upTo, mailbox.uidNext - 1);
  let reads = 0;
  const contentNow = mailbox.contentNow.bind(mailbox);
  mailbox.contentNow = (uid) => (reads++, contentNow(uid));
  assertEquals(await search(mailbox, "TEXT NEEDLE", index), `${ODD_MAILS.length + 1}`);
  assertEquals(reads, 1);
  assertEquals(await search(mailbox, "BODY needleless", index), "");
  assertEquals(reads, 1);
  await search(mailbox, "BODY ne", index);
  assertEquals(reads, 2 + ODD_MAILS.length, "too short");
  await add(mailbox, ["\r\nneedless\r\n", "\r\nneed\r\n"]);
  await add(mailbox, Array.from({ length: INDEX_LAG }, () => "\r\nneed\r\n"));
  for (let i = 0; i < 40; i++) await bench.clock.advance(1);
  reads = 0;
  assertEquals(await search(mailbox, "BODY needless", index), `${ODD_MAILS.length + 2}`);
  assertEquals(reads, 1, "they come without being asked for");
  index.close();
  for (let i = 0; i < 10; i++) await bench.clock.advance(1);
  await indexes.close();
});

Deno.test("searchMessages() puts into the index what it reads, and reads it once", async () => {
  await using bench = await IndexBench.make();
  const large = `Subject: large\r\n\r\n${"filler \r\n".repeat(40_000)}needle`;
  const mailbox = await folder([...ODD_MAILS, large, "\r\nneedle", "\r\nneed"]);
  const indexes = new Indexes(() => `${bench.dir}/alice.sqlite`, bench.ports());
  const index = await indexes.open("alice", mailbox);
  const { words } = index;
  const release = words?.hold();
  let reads = 0;
  const content = mailbox.content.bind(mailbox);
  const now = mailbox.contentNow.bind(mailbox);
  const slow = () => null;
  mailbox.contentNow = slow;
  mailbox.content = (uid) => {
    reads++;
    mailbox.contentNow = now;
    const opened = content(uid);
    mailbox.contentNow = slow;
    return opened;
  };
  await fill(mailbox, index, bench, 100);
  assertEquals([words?.upTo, reads], [0, 0], "a client works with the mailbox");
  const count = ODD_MAILS.length;
  assertEquals(await search(mailbox, "BODY needle", index), `${count + 1} ${count + 2}`);
  assertEquals([words?.upTo, reads], [count + 3, count + 3]);
  assertEquals(await search(mailbox, "BODY needle", index), `${count + 1} ${count + 2}`);
  assertEquals(reads, count + 5);
  release?.();
  for (let i = 0; i < 100; i++) await bench.clock.advance(1);
  assertEquals(reads, count + 5, "nothing is left to be filled");
  index.close();
  await bench.clock.advance(INDEX_REST);
  await indexes.close();
});

/** Words whose case, or whose form, is folded: sharp s, dotted I, final sigma, ligatures, wide letters, a script without spaces. */
const SCRIPTS = [
  "Stra\u00dfe STRASSE",
  "\u0130stanbul I\u015f\u0131k",
  "\u039f\u03b4\u03c5\u03c3\u03c3\u03b5\u03cd\u03c2 \u03a3",
  "\ufb01nd \uff21\uff22\uff23 \u00bd",
  "M\u00fcnchen e\u0301t\u00e9",
  "\u4f1a\u8b70\u306f\u6708\u66dc\u65e5",
  "\u041f\u0440\u0438\u0432\u0435\u0442 \u0439",
  "<p>A &amp; B</p>",
  "plain words = 3D \u{1f600}",
];

const octal = (bytes: Uint8Array) =>
  [...bytes].map((c) => `=${c.toString(16).toUpperCase().padStart(2, "0")}`).join("");
const base64 = (bytes: Uint8Array) => btoa(String.fromCharCode(...bytes));
const raw = (bytes: Uint8Array) => String.fromCharCode(...bytes);
const utf16 = (text: string) =>
  new Uint8Array(new Uint16Array([...text].flatMap((c) => c.split("").map((u) => u.charCodeAt(0)))).buffer);

/** Ways to write a text as a message. */
const WRITTEN: readonly ((text: string) => string)[] = [
  (text) => `Content-Type: text/plain; charset=utf-8\r\n\r\n${raw(utf8(text))}\r\n`,
  (text) =>
    `Content-Transfer-Encoding: quoted-printable\r\nContent-Type: text/html; charset=UTF-8\r\n\r\n${
      octal(utf8(text))
    }=\r\n\r\n`,
  (text) =>
    `Content-Transfer-Encoding: base64\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n${
      base64(utf8(text))
    }`,
  (text) =>
    `Content-Transfer-Encoding: base64\r\nContent-Type: text/plain; charset=utf-16le\r\n\r\n${
      base64(utf16(text))
    }`,
  (text) => `Content-Type: text/plain; charset=iso-8859-1\r\n\r\n${text.replaceAll(/[^\0-\xff]/g, "?")}`,
  (text) => `Subject: =?utf-8?B?${base64(utf8(text))}?= x\r\n\r\n`,
  (text) =>
    `Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nX: =?utf-8?Q?${
      octal(utf8(text))
    }?=\r\n\r\none\r\n--b\r\n\r\n${raw(utf8(text))}\r\n--b--\r\n`,
];

Deno.test("searchMessages() finds texts of all scripts, charsets and encodings the same with an index and without", async () => {
  await using bench = await IndexBench.make();
  const mailbox = await folder(SCRIPTS.flatMap((text) => WRITTEN.map((write) => write(text))));
  const indexes = new Indexes(() => `${bench.dir}/alice.sqlite`, bench.ports());
  const index = await indexes.open("alice", mailbox);
  await fill(mailbox, index, bench, 50);
  assertEquals(index.words?.upTo, mailbox.uidNext - 1);
  const find = async (kind: "body" | "text", text: string, known: MailboxIndex | null) =>
    (await searchMessages({
      mailbox,
      view: mailbox.messages,
      key: { kind, text },
      isRecent: () => false,
      now: 0,
      clock: CLOCK,
      pause,
      ...(known ? { index: known } : {}),
    })).join(" ");
  let found = 0;
  const cases = [(t: string) => t, (t: string) => t.toUpperCase(), (t: string) => t.toLowerCase()];
  for (const text of SCRIPTS) {
    for (let at = 0; at < text.length; at++) {
      for (const length of [1, 2, 3, 5, 40]) {
        const change = cases[(at + length) % 3] ?? String;
        const needle = change(text.slice(at, at + length));
        for (const kind of ["body", "text"] as const) {
          const want = await find(kind, needle, null);
          assertEquals(await find(kind, needle, index), want, JSON.stringify([kind, needle]));
          if (want !== "") found++;
        }
      }
    }
  }
  assert(found > 500, `${found}`);
  index.close();
  await bench.clock.advance(INDEX_REST);
  await indexes.close();
});
