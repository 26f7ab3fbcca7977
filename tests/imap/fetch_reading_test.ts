import { fromUtf8, utf8 } from "../../mod/base/bytes.ts";
import { AHEAD_FROM } from "../../mod/base/limits.ts";
import { planFetch } from "../../mod/imap/fetch_plan.ts";
import { FetchReading } from "../../mod/imap/fetch_reading.ts";
import type { FetchItem } from "../../mod/imap/types.ts";
import type { ParsedTexts } from "../../mod/store/mail_index.ts";
import type { Mailbox, Uid } from "../../mod/store/store.ts";
import { assertEquals } from "../support/assert.ts";

const BODY: FetchItem = {
  kind: "section",
  section: { part: [], text: "", fields: [] },
  partial: null,
  peek: true,
  name: "BODY",
};
const ENVELOPE: FetchItem = { kind: "ENVELOPE" };
const FLAGS: FetchItem = { kind: "FLAGS" };

/** A mailbox that notes who reads what. `known` are UIDs whose envelope is remembered. */
function made(count: number, items: readonly FetchItem[], known: (uid: Uid) => boolean = () => false) {
  const view = Array.from(
    { length: count },
    (_, i) => ({ uid: 10 * (i + 1), flags: 0, size: -1, internalDate: -1 }),
  );
  const notes: string[] = [];
  let drawn: Iterator<Uid> | null = null;
  const mailbox: Pick<Mailbox, "contentNow" | "headerNow" | "reading"> = {
    contentNow: () => utf8("whole"),
    headerNow: () => utf8("header"),
    reading(part, number, uids) {
      notes.push(`${part} ${number}`);
      drawn = null;
      return {
        comes(uid) {
          drawn ??= uids()[Symbol.iterator]();
          notes.push(`comes ${uid}`);
          return Promise.resolve();
        },
        contentNow: () => utf8("whole ahead"),
        headerNow: () => utf8("header ahead"),
        close: () => void notes.push("close"),
      };
    },
  };
  const texts: ParsedTexts = { get: ({ uid }) => known(uid) ? utf8("()") : null, put: () => {} };
  const seqs = view.map((_, i) => i + 1);
  const reading = new FetchReading({ mailbox, view, seqs, texts }, planFetch(items, false));
  /** Asks for messages in order as FETCH does; gives how each was read. */
  const run = (from: number, to: number) =>
    view.slice(from, to).map((message, i) => {
      const coming = reading.comes(from + i, message);
      const octets = reading.needed ? reading.now(message)?.bytes : null;
      return `${coming ? "waits " : ""}${octets ? fromUtf8(octets) : "-"}`;
    });
  return { notes, reading, run, view, uids: () => drawn };
}

Deno.test("FetchReading tells of many messages to be read, and hands on what comes", () => {
  const { notes, reading, run, uids } = made(AHEAD_FROM, [FLAGS, BODY]);
  assertEquals(run(0, 3), Array(3).fill("waits whole ahead"));
  assertEquals(notes, [`whole ${AHEAD_FROM}`, "comes 10", "comes 20", "comes 30"]);
  assertEquals([...{ [Symbol.iterator]: () => uids() ?? [].values() }].slice(0, 3), [30, 40, 50]);
  reading.close();
  reading.close();
  assertEquals(notes.filter((n) => n === "close"), ["close"]);
});

Deno.test("FetchReading tells nobody of a few messages, nor of items that need no octets", () => {
  const few = made(AHEAD_FROM - 1, [BODY]);
  assertEquals(few.run(0, 5), Array(5).fill("whole"));
  const flags = made(1000, [FLAGS]);
  assertEquals(flags.run(0, 5), Array(5).fill("-"));
  assertEquals([...few.notes, ...flags.notes], []);
});

Deno.test("FetchReading reads headers ahead once many in a row are not remembered, and stops where they are", () => {
  const all = made(200, [ENVELOPE], () => true);
  assertEquals(all.run(0, 200), Array(200).fill("-"));
  assertEquals(all.notes, []);
  const some = made(200, [ENVELOPE], (uid) => uid > 1000);
  const read = some.run(0, 200);
  assertEquals(read.slice(0, 31), Array(31).fill("header"));
  assertEquals(read.slice(31, 100), Array(69).fill("waits header ahead"));
  assertEquals(read.slice(100), Array(100).fill("-"));
  assertEquals([some.notes[0], some.notes.at(-1)], ["header 169", "close"]);
  const mixed = made(200, [ENVELOPE], (uid) => uid % 100 === 0);
  mixed.run(0, 200);
  assertEquals(mixed.notes, []);
});

Deno.test("FetchReading.needsHeader() is true where a header is all that is read", () => {
  const cases: readonly (readonly [FetchItem[], boolean, boolean])[] = [
    [[ENVELOPE], false, true],
    [[ENVELOPE], true, false],
    [[BODY], false, false],
    [[FLAGS], false, false],
  ];
  for (const [items, known, needs] of cases) {
    const { reading, view } = made(1, items, () => known);
    assertEquals(view.map((m) => reading.needsHeader(m)), [needs], JSON.stringify(items));
  }
});
