import { parseSearch } from "../../mod/imap/parse_search.ts";
import { CommandReader } from "../../mod/imap/parse_reader.ts";
import { searchMessages } from "../../mod/imap/search.ts";
import { assert, assertEquals } from "../support/assert.ts";
import { FakeMailbox } from "./fake_mailbox.ts";
import { latin1, pieces } from "./pieces.ts";

async function search(box: FakeMailbox, text: string, now = Date.UTC(2024, 0, 3, 12)): Promise<string> {
  const { key } = parseSearch(new CommandReader(pieces(text), { utf8: false }));
  const found = await searchMessages({
    mailbox: box,
    view: box.view,
    key,
    isRecent: (uid) => uid >= 20,
    now,
    clock: { monotonic: () => 0 },
    pause: () => Promise.resolve(),
  });
  return found.join(" ");
}

const MESSAGES = [
  // 1: plain ASCII
  'Date: Mon, 01 Jan 2024 23:30:00 -0500\r\nFrom: "Alice" <alice@example.org>\r\nTo: bob@example.net\r\n' +
  "Subject: Quarterly\r\n report\r\n\r\nThe quick brown\r\nfox\r\n",
  // 2: encoded words and base64 UTF-8 ("Grüße aus München")
  "Date: Tue, 02 Jan 2024 00:30:00 +0000\r\nFrom: =?iso-8859-1?Q?J=FCrgen?= <j@example.de>\r\nCc: carol@example.org\r\n" +
  "Subject: =?utf-8?B?R3LDvMOfZQ==?=\r\nX-Empty:\r\nContent-Type: text/plain; charset=utf-8\r\n" +
  "Content-Transfer-Encoding: base64\r\n\r\nR3LDvMOfZSBhdXMgTcO8bmNoZW4=\r\n",
  // 3: multipart with quoted-printable koi8-r text and an attachment that is no text
  "From: dave@example.org\r\nSubject: mixed\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n" +
  "Content-Type: text/plain; charset=koi8-r\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n=F0=D2=C9=D7=C5=D4 wo=\r\nrld\r\n--b\r\n" +
  "Content-Type: application/octet-stream; name=secret.bin\r\n\r\nattachment quick\r\n--b--\r\n",
];

function box(): FakeMailbox {
  const made = new FakeMailbox(...MESSAGES.map(latin1));
  made.view.forEach((m, i) => m.flags = [1, 2 | 32, 64][i] ?? 0);
  return made;
}

/** Key, sequence numbers that match. */
const TABLE: readonly (readonly [string, string])[] = [
  ["ALL", "1 2 3"],
  ["2:*", "2 3"],
  ["UID 15:25", "2"],
  ["UID *", "3"],
  ["7:9", ""],
  ["SEEN", "1"],
  ["UNSEEN", "2 3"],
  ["ANSWERED", "2"],
  ["KEYWORD $ONE", "2"],
  ["KEYWORD none", ""],
  ["UNKEYWORD none", "1 2 3"],
  ["UNKEYWORD two", "1 2"],
  ["RECENT", "2 3"],
  ["NEW", "2 3"],
  ["OLD", "1"],
  ["NOT OR 1 2", "3"],
  ["OR 1 (2 UNSEEN)", "1 2"],
  ["BEFORE 2-Jan-2024", "1"],
  ["ON 2-Jan-2024", "2"],
  ["SINCE 2-Jan-2024", "2 3"],
  ["SENTON 1-Jan-2024", "1"],
  ["SENTSINCE 2-Jan-2024", "2"],
  ["SENTBEFORE 3-Jan-2024", "1 2 3"],
  ["NOT SENTSINCE 1-Jan-1990", "3"],
  ["SENTON 1-Jan-1970", "3"],
  ["YOUNGER 86400", "2 3"],
  ["OLDER 172800", "1"],
  [`LARGER ${MESSAGES[0]?.length}`, "2 3"],
  [`SMALLER ${MESSAGES[0]?.length}`, ""],
  ["FROM ALICE", "1"],
  ["FROM {j\u00fcrgen}", "2"],
  ["FROM {J\u00dcRGEN}", "2"],
  ["FROM jurgen", ""],
  ["FROM ju", "2"],
  ['SUBJECT "quarterly report"', "1"],
  ["SUBJECT {gr\u00fc\u00dfe}", "2"],
  ["TO bob CC carol", ""],
  ["CC carol", "2"],
  ["BCC x", ""],
  ['HEADER X-Empty ""', "2"],
  ['HEADER x-none ""', ""],
  ['HEADER DATE "jan 2024"', "1 2"],
  ["BODY quick", "1"],
  ['BODY "QUICK BROWN"', "1"],
  ['BODY "brown fox"', ""],
  ["BODY alice", ""],
  ["BODY {m\u00fcnchen}", "2"],
  ["BODY {\u043f\u0440\u0438\u0432\u0435\u0442}", "3"],
  ["BODY world", "3"],
  ["BODY secret", ""],
  ['BODY ""', "1 2 3"],
  ["TEXT alice", "1"],
  ["TEXT {gr\u00fc\u00dfe}", "2"],
  ["TEXT secret.bin", "3"],
  ['TEXT "quarterly report"', "1"],
  ['TEXT "from: dave"', "3"],
  ["TEXT attachment", ""],
  ["TEXT example BODY world", "3"],
  ["NOT BODY quick", "2 3"],
  ["OR BODY quick BODY world", "1 3"],
];

Deno.test("searchMessages() finds what Dovecot finds", async () => {
  for (const [key, want] of TABLE) {
    const now = box();
    assertEquals(await search(now, key), want, key);
    const later = box();
    later.how = "later";
    assertEquals(await search(later, key), want, `${key} later`);
    assertEquals(later.open, 0);
  }
});

Deno.test("searchMessages() reads only what cheap keys leave open", async () => {
  const b = box();
  assertEquals(await search(b, "BODY quick UID 99"), "");
  assertEquals(await search(b, "OR SEEN OR ANSWERED FROM dave"), "1 2 3");
  assertEquals(b.reads, 1);
});

Deno.test("searchMessages() leaves vanished messages out", async () => {
  const b = box();
  b.how = "gone";
  assertEquals(await search(b, "NOT BODY quick"), "");
  assertEquals(await search(b, "SEEN"), "1");
});

Deno.test("searchMessages() streams large messages and finds across chunks", async () => {
  const filler = "lorem ipsum\r\n".repeat(5041).slice(0, 65_530);
  const text = `Subject: large\r\n\r\n${filler}needle in hay\r\n${filler.repeat(4)}END`;
  const b = new FakeMailbox(latin1(text));
  b.how = "later";
  assert(text.length > 262_144);
  assertEquals(await search(b, 'BODY "NEEDLE IN HAY"'), "1");
  assertEquals(await search(b, "BODY end"), "1");
  assertEquals(await search(b, "BODY none"), "");
  assertEquals(await search(b, "SUBJECT large"), "1");
  assertEquals(await search(b, "TEXT subject:"), "1");
  b.octetsRead = 0;
  assertEquals(await search(b, "SUBJECT small BODY needle"), "");
  assert(b.octetsRead <= 65_536);
  assertEquals(b.open, 0);
});
