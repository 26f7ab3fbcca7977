import { ANSWERED, SEEN } from "../../mod/store/store.ts";
import { MboxSource } from "../../mod/transfer/mbox_source.ts";
import { assert, assertEquals } from "../support/assert.ts";
import { allOf, disk, tally } from "./support.ts";

const FROM = "From a@b.test Sun Nov 22 10:00:00 2026\n";
const AT = Date.UTC(2026, 10, 22, 10);

Deno.test("an mbox gives its messages with CRLF, flags, dates, and without quoting", async () => {
  const text =
    `${FROM}Status: RO\nX-Status: A\nX-Keywords: work\nSubject: one\n\n>From me\n>>From you\nend\n\n` +
    `${FROM}Subject: no body\n\n${FROM}Content-Length: 13\nX: 1\n\nFrom all\n>Fro\n\n` +
    `From x undated\nDate: Mon, 23 Nov 2026 10:00:00 +0000\n\nlast`;
  const t = tally();
  const source = await MboxSource.open(disk({ "/m": text }), "/m", "/", t);
  assert(source);
  const told = await allOf(source);
  assertEquals(told.map((m) => m.text), [
    "Subject: one\r\n\r\nFrom me\r\n>From you\r\nend\r\n",
    "Subject: no body\r\n",
    "Content-Length: 13\r\nX: 1\r\n\r\nFrom all\r\n>Fro",
    "Date: Mon, 23 Nov 2026 10:00:00 +0000\r\n\r\nlast",
  ]);
  assertEquals(told.map((m) => [m.flags, m.keywords.join(), m.time]), [
    [SEEN | ANSWERED, "work", AT],
    [0, "", AT],
    [0, "", AT],
    [0, "", AT + 86_400_000],
  ]);
  assertEquals([t.report().lost, t.report().notes, source.done], [0, [], text.length]);
});

Deno.test("a folder of mbox files is as many folders; what is none is left alone", async () => {
  const message = `${FROM}Subject: x\n\nx\n\n`;
  const files = {
    "/t/Inbox": message,
    "/t/Inbox.msf": "// <!-- <mdb:mork",
    "/t/Work.mbox": message,
    "/t/Work.sbd/2.026": message,
    "/t/.hidden": message,
    "/t/notes.txt": "From the start\n".slice(1),
  };
  const t = tally();
  const source = await MboxSource.open(disk(files), "/t", "/", t);
  assert(source);
  assertEquals((await allOf(source)).map((m) => m.folder), ["INBOX", "Work", "Work/2_026"]);
  assertEquals(t.report().notes, ['/t/Work.sbd/2.026: becomes the folder "Work/2_026"']);
});

Deno.test("broken files cost what is broken, and say so", async () => {
  const expunged = `${FROM}X-Mozilla-Status: 0008\nSubject: x\n\nx\n\n`;
  const internal = `${FROM}Subject: DON'T DELETE THIS MESSAGE -- FOLDER INTERNAL DATA\nX-IMAP: 1 2\n\nx\n\n`;
  const t = tally();
  const source = await MboxSource.open(
    disk({ "/m": `junk\n\n${internal}${expunged}${FROM}${FROM}Subject: x\n\nx\n` }),
    "/m",
    "/",
    t,
  );
  assert(source);
  assertEquals((await allOf(source)).map((m) => m.text), ["Subject: x\r\n\r\nx\r\n"]);
  const { losses, notes } = t.report();
  assertEquals(losses.map((l) => `${l.what}: ${l.why}`), [
    "6 octets at the beginning: stand before the first message",
  ]);
  assert(notes.some((n) => n.includes("Thunderbird has removed")), notes.join());
  assertEquals(await MboxSource.open(disk({}), "/none", "/", tally()), null);
  assertEquals(await MboxSource.open(disk({}, ["/empty"]), "/empty", "/", tally()), null);
});
