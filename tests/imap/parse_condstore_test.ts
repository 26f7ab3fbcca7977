import { parseCommand } from "../../mod/imap/parse.ts";
import { assertEquals } from "../support/assert.ts";
import { pieces } from "./pieces.ts";

function parse(text: string): unknown {
  const parsed = parseCommand(pieces(`a ${text}`), { utf8: false });
  return parsed.ok ? parsed.value : `${parsed.error.kind} ${parsed.error.text}`;
}

const set = (from: number, to = from) => ({ ranges: [{ from, to }] });

Deno.test("SELECT and EXAMINE: CONDSTORE and QRESYNC are read", () => {
  const select = { verb: "SELECT", mailbox: "INBOX", tag: "a", condstore: true };
  const resync = { uidValidity: 67890007, modSeq: 20050715194045000 };
  const table: readonly (readonly [string, unknown])[] = [
    ["SELECT INBOX (CONDSTORE)", { ...select, resync: null }],
    ["EXAMINE INBOX (condstore)", { ...select, verb: "EXAMINE", resync: null }],
    // RFC 7162 3.2.5.1 and 3.2.5.2
    ["SELECT INBOX (QRESYNC (67890007 20050715194045000))", {
      ...select,
      resync: { ...resync, known: null },
    }],
    ["SELECT INBOX (QRESYNC (67890007 20050715194045000 41:211))", {
      ...select,
      resync: { ...resync, known: set(41, 211) },
    }],
    ["SELECT INBOX (QRESYNC (67890007 20050715194045000 41:211 (1:2 4:5)))", {
      ...select,
      resync: { ...resync, known: set(41, 211), numbered: true },
    }],
    ["SELECT INBOX (QRESYNC (67890007 20050715194045000 (1:2 4:5)) CONDSTORE)", {
      ...select,
      resync: { ...resync, known: null, numbered: true },
    }],
    ["SELECT INBOX ()", "bad Expected a parameter"],
    ["SELECT INBOX (QRESYNC)", "bad Expected a space"],
    ["SELECT INBOX (QRESYNC (0 5))", "bad Expected a UIDVALIDITY above 0"],
    ["SELECT INBOX (QRESYNC (1 0))", "bad Invalid mod-sequence"],
    ["SELECT INBOX (QRESYNC (1 5 1:*))", 'bad "*" is not allowed here'],
    ["SELECT INBOX (QRESYNC (1 5 1 (1)))", "bad Expected a space"],
    ["SELECT INBOX (QRESYNC (1 5 ))", "bad Invalid message set"],
    ["SELECT INBOX (QRESYNC (1 99999999999999999999))", "bad Invalid mod-sequence"],
    ["SELECT INBOX (OTHER)", "bad Unknown SELECT parameter"],
  ];
  for (const [text, want] of table) assertEquals(parse(text), want, text);
});

Deno.test("FETCH and STORE: modifiers are read", () => {
  const fetch = { verb: "FETCH", uid: true, set: set(1, 0), items: [{ kind: "FLAGS" }], tag: "a" };
  const store = { verb: "STORE", uid: false, set: set(7), action: "add", silent: true, tag: "a" };
  const table: readonly (readonly [string, unknown])[] = [
    ["UID FETCH 1:* (FLAGS) (CHANGEDSINCE 12345)", {
      ...fetch,
      changedSince: { modSeq: 12345, vanished: false },
    }],
    ["UID FETCH 1:* FLAGS (VANISHED CHANGEDSINCE 12345)", {
      ...fetch,
      changedSince: { modSeq: 12345, vanished: true },
    }],
    ["UID FETCH 1:* FLAGS (VANISHED)", "bad VANISHED needs CHANGEDSINCE"],
    ["UID FETCH 1:* FLAGS (CHANGEDSINCE -1)", "bad Invalid mod-sequence"],
    ["UID FETCH 1:* FLAGS (CHANGEDSINCE x)", "bad Invalid mod-sequence"],
    ["UID FETCH 1:* FLAGS (OTHER)", "bad Unknown FETCH modifier"],
    ["STORE 7 (UNCHANGEDSINCE 0) +FLAGS.SILENT (\\Seen)", {
      ...store,
      flags: { system: 1, keywords: [] },
      unchangedSince: 0,
    }],
    ["STORE 7 (UNCHANGEDSINCE -1) +FLAGS.SILENT (\\Seen)", "bad Invalid mod-sequence"],
    ["STORE 7 (OTHER 1) +FLAGS.SILENT (\\Seen)", "bad Unknown STORE modifier"],
    ["STORE 7 (UNCHANGEDSINCE 1)", "bad Missing argument"],
  ];
  for (const [text, want] of table) assertEquals(parse(text), want, text);
});
