import { parseGetMetadata, parseSetMetadata } from "../../mod/imap/parse_metadata.ts";
import { CommandReader } from "../../mod/imap/parse_reader.ts";
import { assertEquals, assertThrows } from "../support/assert.ts";
import { pieces } from "./pieces.ts";

const reader = (text: string): CommandReader => new CommandReader(pieces(text), { utf8: false });

Deno.test("parseGetMetadata() takes options on either side of the mailbox", () => {
  const a = { verb: "GETMETADATA", mailbox: "INBOX", entries: ["/shared/a", "/private/b/c"] };
  const rows: [string, unknown][] = [
    [' inbox (/shared/A "/private/b/c")', { ...a, maxSize: null, depth: 0 }],
    [' (MAXSIZE 9 depth 1) inbox ("/shared/a" /private/b/c)', { ...a, maxSize: 9, depth: 1 }],
    [" INBOX (DEPTH infinity) (/shared/a /private/b/c)", { ...a, maxSize: null, depth: Infinity }],
    [' "" /shared/a', { ...a, mailbox: "", entries: ["/shared/a"], maxSize: null, depth: 0 }],
  ];
  for (const [text, expected] of rows) assertEquals<unknown>(parseGetMetadata(reader(text)), expected, text);
  for (
    const bad of [" x", " x y", " x /shared", " x /shared/", " x /shared/a/", " x ()", " (X 1) x /shared/a"]
  ) {
    assertThrows(() => parseGetMetadata(reader(bad)));
  }
  for (
    const bad of [
      ' x "/shared/a%"',
      " x /shared/\u00e4",
      ` x /shared/${"a".repeat(250)}`,
      " x (DEPTH 2) /shared/a",
    ]
  ) {
    assertThrows(() => parseGetMetadata(reader(bad)));
  }
});

Deno.test("parseSetMetadata() reads values and NIL", () => {
  const { mailbox, entries } = parseSetMetadata(reader(" a (/shared/x {v} /private/y nil)"));
  assertEquals([mailbox, [...entries.keys()], entries.get("/private/y")], [
    "a",
    ["/shared/x", "/private/y"],
    null,
  ]);
  assertEquals(entries.get("/shared/x")?.length, 1);
  for (const bad of [" a ()", " a (/shared/x)", " a (/shared/x y)", " a /shared/x y", " a"]) {
    assertThrows(() => parseSetMetadata(reader(bad)));
  }
});
