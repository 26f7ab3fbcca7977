import fc from "fast-check";
import { utf8 } from "../../mod/base/bytes.ts";
import { parseAppendHead, parseCommand } from "../../mod/imap/parse.ts";
import type { Piece } from "../../mod/imap/types.ts";
import { assert, assertEquals } from "../support/assert.ts";
import { pieces } from "./pieces.ts";

const PLAIN = { utf8: false };

/** The command without its tag, as JSON; or "BAD text", "name text" and so on. */
function parse(text: string, options = PLAIN): string {
  const result = parseCommand(pieces(`a1 ${text}`), options);
  if (!result.ok) return `${result.error.kind} ${result.error.text}`;
  const { tag, ...rest } = result.value;
  assertEquals(tag, "a1");
  return JSON.stringify(rest);
}

Deno.test("parseCommand() reads each verb", () => {
  const table: readonly (readonly [string, unknown])[] = [
    ["CAPABILITY", { verb: "CAPABILITY" }],
    ["noop", { verb: "NOOP" }],
    ["LOGOUT", { verb: "LOGOUT" }],
    ["STARTTLS", { verb: "STARTTLS" }],
    ["NAMESPACE", { verb: "NAMESPACE" }],
    ["IDLE", { verb: "IDLE" }],
    ["CHECK", { verb: "CHECK" }],
    ["CLOSE", { verb: "CLOSE" }],
    ["UNSELECT", { verb: "UNSELECT" }],
    ["UNAUTHENTICATE", { verb: "UNAUTHENTICATE" }],
    ['GETQUOTA ""', { verb: "GETQUOTA", root: "" }],
    ["GETQUOTAROOT inbox", { verb: "GETQUOTAROOT", mailbox: "INBOX" }],
    ["UID REPLACE 4 Drafts (\\Seen) {*5}", {
      verb: "REPLACE",
      uid: true,
      set: { ranges: [{ from: 4, to: 4 }] },
      mailbox: "Drafts",
      message: { flags: { system: 1, keywords: [] }, internalDate: null, size: 5, binary: false },
    }],
    ["EXPUNGE", { verb: "EXPUNGE", uid: false, set: null }],
    ["UID EXPUNGE 1:3", { verb: "EXPUNGE", uid: true, set: { ranges: [{ from: 1, to: 3 }] } }],
    ["AUTHENTICATE plain", { verb: "AUTHENTICATE", mechanism: "PLAIN", initial: null }],
    ["AUTHENTICATE PLAIN AGEAYg==", { verb: "AUTHENTICATE", mechanism: "PLAIN", initial: "AGEAYg==" }],
    ["AUTHENTICATE SCRAM-SHA-256 =", { verb: "AUTHENTICATE", mechanism: "SCRAM-SHA-256", initial: "=" }],
    ['LOGIN me "p\\"w\\\\ \u00e9"', { verb: "LOGIN", user: "me", password: 'p"w\\ \u00e9' }],
    ["LOGIN {a b} {p\u00e9}", { verb: "LOGIN", user: "a b", password: "p\u00e9" }],
    ['LOGIN "" ]', { verb: "LOGIN", user: "", password: "]" }],
    ["ENABLE condstore UTF8=ACCEPT", { verb: "ENABLE", capabilities: ["CONDSTORE", "UTF8=ACCEPT"] }],
    ["ID nil", { verb: "ID", fields: null }],
    ["ID ()", { verb: "ID", fields: [] }],
    ['ID ("name" "x" "os" NIL)', {
      verb: "ID",
      fields: [{ name: "name", value: "x" }, { name: "os", value: null }],
    }],
    ["SELECT inbox", { verb: "SELECT", mailbox: "INBOX", condstore: false, resync: null }],
    ['EXAMINE "&AOk-"', { verb: "EXAMINE", mailbox: "\u00e9", condstore: false, resync: null }],
    ["DELETE {a b}", { verb: "DELETE", mailbox: "a b" }],
    ["RENAME a b", { verb: "RENAME", from: "a", to: "b" }],
    ["SUBSCRIBE a", { verb: "SUBSCRIBE", mailbox: "a" }],
    ["UNSUBSCRIBE a", { verb: "UNSUBSCRIBE", mailbox: "a" }],
    ["COPY 1,3:* Sent", {
      verb: "COPY",
      uid: false,
      set: { ranges: [{ from: 1, to: 1 }, { from: 3, to: 0 }] },
      mailbox: "Sent",
    }],
    ["UID MOVE 7 Trash", {
      verb: "MOVE",
      uid: true,
      set: { ranges: [{ from: 7, to: 7 }] },
      mailbox: "Trash",
    }],
    ["STORE 1 +FLAGS.silent (\\seen x X)", {
      verb: "STORE",
      uid: false,
      set: { ranges: [{ from: 1, to: 1 }] },
      action: "add",
      silent: true,
      flags: { system: 1, keywords: ["x"] },
      unchangedSince: null,
    }],
    ["UID STORE * FLAGS \\Deleted $Junk", {
      verb: "STORE",
      uid: true,
      set: { ranges: [{ from: 0, to: 0 }] },
      action: "replace",
      silent: false,
      flags: { system: 8, keywords: ["$Junk"] },
      unchangedSince: null,
    }],
    ["STORE 1 -FLAGS ()", {
      verb: "STORE",
      uid: false,
      set: { ranges: [{ from: 1, to: 1 }] },
      action: "remove",
      silent: false,
      flags: { system: 0, keywords: [] },
      unchangedSince: null,
    }],
    ["UID FETCH 1 FAST", {
      verb: "FETCH",
      uid: true,
      set: { ranges: [{ from: 1, to: 1 }] },
      items: [{ kind: "FLAGS" }, { kind: "INTERNALDATE" }, { kind: "RFC822.SIZE" }],
      changedSince: null,
    }],
    ["UID SEARCH ALL", {
      verb: "SEARCH",
      uid: true,
      returns: null,
      save: false,
      update: false,
      partial: null,
      key: { kind: "all" },
    }],
  ];
  for (const [text, want] of table) assertEquals(JSON.parse(parse(text)), want, text);
});

Deno.test("parseCommand() refuses what is not in the grammar", () => {
  const table: readonly (readonly [string, string])[] = [
    ["", "bad Expected a command"],
    ["FOO", "bad Unknown command"],
    ["toString", "bad Unknown command"],
    ["UID", "bad Missing argument"],
    ["UID NOOP", "bad Unknown UID command"],
    ["NOOP x", "bad Unexpected argument"],
    ["NOOP ", "bad Unexpected argument"],
    [" NOOP", "bad Expected a command"],
    ["LOGIN a", "bad Missing argument"],
    ["LOGIN  a b", "bad Expected a user name"],
    ["LOGIN a  b", "bad Expected a password"],
    ["LOGIN a b ", "bad Unexpected argument"],
    ['LOGIN "a b', "bad Missing '\"'"],
    ['LOGIN "a\\n" b', "bad Invalid escape in a quoted string"],
    ["LOGIN \u00e9 b", "bad 8-bit octets in an atom"],
    ["LOGIN ~{a} b", "bad Binary literal not allowed here"],
    ["LOGIN {a\0} b", "bad NUL in a literal"],
    ["LOGIN a{b}", "bad Expected a space"],
    ['SELECT "&AOk"', "name Mailbox name is not valid mUTF-7"],
    ['SELECT "\u00e9"', "name Mailbox name is not valid mUTF-7"],
    ["SELECT a (CONDSTORE) x", "bad Unexpected argument"],
    ["STORE 1 FLAG x", "bad Unknown STORE item"],
    ["STORE 1 FLAGS.SILENT.SILENT x", "bad Unknown STORE item"],
    ["STORE 1 FLAGS (\\Recent)", "bad Invalid system flag"],
    ["STORE 1 FLAGS (\\*)", "bad Expected a flag"],
    ["STORE 1 FLAGS (\\Foo)", "bad Invalid system flag"],
    ["STORE 1 FLAGS (a  b)", "bad Expected a flag"],
    ["STORE 0 FLAGS a", "bad Invalid message set"],
    ["COPY 4294967296 a", "bad Invalid message set"],
    ['ID ("a")', "bad Expected a space"],
    ["ID (a b)", "bad Expected a field name as a string"],
    ["ENABLE", "bad Missing argument"],
    ["EXPUNGE 1", "bad Unexpected argument"],
    ["UID EXPUNGE", "bad Missing argument"],
  ];
  for (const [text, want] of table) assertEquals(parse(text), want, text);
});

Deno.test("parseCommand() takes UTF-8 mailbox names once they are enabled", () => {
  assertEquals(parse('DELETE "\u00e9&"', { utf8: true }), '{"verb":"DELETE","mailbox":"\u00e9&"}');
  const broken: Piece[] = [
    { kind: "text", bytes: utf8("a SELECT ") },
    { kind: "literal", bytes: new Uint8Array([0xff]), binary: false },
    { kind: "text", bytes: utf8("") },
  ];
  const result = parseCommand(broken, { utf8: true });
  assert(!result.ok && result.error.kind === "name");
});

Deno.test("parseCommand() tells a missing tag", () => {
  for (const text of ["", "NOOP", "* NOOP", "+ NOOP", " a NOOP", "(a NOOP"]) {
    const result = parseCommand([{ kind: "text", bytes: utf8(text) }], PLAIN);
    assert(!result.ok && result.error.tag === null, text);
  }
});

Deno.test("parseAppendHead() tells a message from other literals", () => {
  const head = (text: string) => {
    const all = pieces(`a ${text}`);
    const result = parseAppendHead(all, PLAIN);
    if (!result) return null;
    return result.ok ? { ...result.value } : result.error.text;
  };
  const flags = { system: 0, keywords: [] };
  const plain = { tag: "a", mailbox: "x", before: [], parts: null, flags, internalDate: null };
  const own = { utf8: false, catenate: false };
  assertEquals(head("APPEND x "), { ...plain, ...own });
  assertEquals(head('append {x y} (\\Seen k) "01-Jan-1970 00:00:01 +0000" '), {
    ...plain,
    ...own,
    mailbox: "x y",
    flags: { system: 1, keywords: ["k"] },
    internalDate: 1000,
  });
  const first = { flags: { system: 0, keywords: ["a"] }, internalDate: null, size: 5, binary: false };
  assertEquals(head("APPEND x (a) {*5} (b) "), {
    ...plain,
    ...own,
    before: [first],
    flags: { system: 0, keywords: ["b"] },
  });
  assertEquals(head("APPEND "), null);
  assertEquals(head("LOGIN "), null);
  assertEquals(head("APPENDX x "), null);
  assertEquals(head("APPEND &x "), "Mailbox name is not valid mUTF-7");
  assertEquals(head("APPEND x (\\Recent) "), "Invalid system flag");
  assertEquals(head("APPEND x y "), "Expected a message literal");
});

Deno.test("parseAppendHead() tells a text from a URL within CATENATE, and what came before it", () => {
  const head = (text: string, utf8 = false) => {
    const result = parseAppendHead(pieces(`a ${text}`), { utf8 });
    if (!result) return null;
    if (!result.ok) return result.error.text;
    return { before: result.value.before.length, parts: result.value.parts, utf8: result.value.utf8 };
  };
  const url = { kind: "url", url: "/x" } as const;
  const text = { kind: "text", size: 5, binary: false } as const;
  assertEquals(head("APPEND x CATENATE (TEXT "), { before: 0, parts: [], utf8: false });
  assertEquals(head("APPEND x (a) catenate (url /x text {*5} TEXT "), {
    before: 0,
    parts: [url, text],
    utf8: false,
  });
  assertEquals(head("APPEND x {*5} CATENATE (URL {/x}) CATENATE (TEXT "), {
    before: 2,
    parts: [],
    utf8: false,
  });
  assertEquals(head("UID REPLACE 1 x CATENATE (URL /x UTF8 (", true), {
    before: 0,
    parts: [url],
    utf8: true,
  });
  assertEquals(head("APPEND x CATENATE (URL "), null);
  assertEquals(head("APPEND x CATENATE (TEXT {*5} URL "), null);
  assertEquals(head("APPEND x CATENATE (URL {/x}) "), { before: 1, parts: null, utf8: false });
  assertEquals(head("APPEND x CATENATE (URLS "), "Expected TEXT or URL");
  assertEquals(head("APPEND x CATENATE (TEXT {*5}URL "), "Expected a space or the end of the list");
  assertEquals(head("APPEND x CATENATE (UTF8 ("), "Enable UTF8=ACCEPT first");
});

Deno.test("parseCommand() never throws, whatever stands in place of any octet", () => {
  const seeds = [
    'a APPEND "x" (\\Seen $F) " 1-Jan-2024 00:00:00 +0000" {*5}',
    "a UID FETCH 1:*,3 (FLAGS BODY.PEEK[1.2.HEADER.FIELDS (DATE FROM)]<0.10> ENVELOPE)",
    "a UID SEARCH RETURN (MIN COUNT) CHARSET UTF-8 OR (FROM {b} NOT SEEN) SENTSINCE 1-Feb-2024 1:3 UID 5",
    'a LIST (SUBSCRIBED) "" ("%" a*) RETURN (CHILDREN STATUS (MESSAGES UNSEEN))',
    'a ID ("name" NIL)',
    "a CREATE x (USE (\\Sent \\All))",
    "a STORE 1 -FLAGS.SILENT \\Seen",
    "a STATUS x (MESSAGES SIZE)",
    "a LSUB x {y}",
    'a SETQUOTA "" (STORAGE 5 MESSAGE 6)',
    "a GETMETADATA (DEPTH 1 MAXSIZE 9) x (/private/a /shared/b)",
    'a SETMETADATA "" (/private/a {v} /shared/b NIL)',
    'a LIST "" * RETURN (METADATA (/private/a) STATUS (MAILBOXID))',
    "a UID FETCH 1 (BINARY.PEEK[1.2]<0.5> BINARY.SIZE[] EMAILID SAVEDATE)",
    "a UID REPLACE 7 x (\\Seen) ~{*5}",
    'a APPEND x (\\Seen) CATENATE (URL "/y/;UID=1" TEXT {*5} URL {/z}) CATENATE (TEXT ~{*5})',
    "a COMPRESS DEFLATE",
  ];
  for (const seed of seeds) {
    const original = pieces(seed);
    assert(parseCommand(original, PLAIN).ok, seed);
    for (const piece of original) {
      if (piece.kind === "streamed") continue;
      for (let at = 0; at < piece.bytes.length; at++) {
        // A quarter of all octets at each place, another quarter at the next, for time's sake.
        for (let c = at % 4; c < 256; c += 4) {
          const bytes = piece.bytes.slice();
          bytes[at] = c;
          const mutated = original.map((p) => p === piece ? { ...piece, bytes } : p);
          const result = parseCommand(mutated, PLAIN);
          assert(result.ok || result.error.text !== "");
        }
        const cut = original.map((p) => p === piece ? { ...piece, bytes: piece.bytes.subarray(0, at) } : p);
        parseCommand(cut, PLAIN);
        parseAppendHead(cut, PLAIN);
      }
    }
  }
});

Deno.test("parseCommand() never throws on words in any order", () => {
  const word = fc.constantFrom(
    ...'SEARCH FETCH UID LIST STORE APPEND 1 1:* ( ) (( )) NOT OR ALL BODY[ ] BODY[] <0.1> HEADER.FIELDS " "" \\Seen'
      .split(" "),
    " ",
    "\u00e9",
  );
  fc.assert(
    fc.property(fc.array(word, { maxLength: 12 }), (words) => {
      parseCommand([{ kind: "text", bytes: utf8(`a ${words.join(" ")}`) }], PLAIN);
      parseCommand([{ kind: "text", bytes: utf8(`a ${words.join("")}`) }], PLAIN);
    }),
    { numRuns: 1000, seed: 1 },
  );
});
