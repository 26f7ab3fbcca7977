import { parseCommand } from "../../mod/imap/parse.ts";
import { parseCreate, parseList, parseLsub, parseStatus } from "../../mod/imap/parse_mailbox.ts";
import { CommandReader } from "../../mod/imap/parse_reader.ts";
import { assertEquals } from "../support/assert.ts";
import { pieces } from "./pieces.ts";

/** The command, or the fault. */
function parse(text: string): unknown {
  const result = parseCommand(pieces(`a ${text}`), { utf8: false });
  if (!result.ok) return `${result.error.kind} ${result.error.text}`;
  return { ...result.value };
}

const LIST = {
  tag: "a",
  verb: "LIST",
  reference: "",
  patterns: ["*"],
  select: [],
  returns: [],
  status: null,
  metadata: [],
  extended: false,
};

Deno.test("LIST is read with and without options", () => {
  const table: readonly (readonly [string, unknown])[] = [
    ['LIST "" *', LIST],
    ['LIST "" "%"', { ...LIST, patterns: ["%"] }],
    ["LIST a {b%}", { ...LIST, reference: "a", patterns: ["b%"] }],
    ['LIST "" ""', { ...LIST, patterns: [""] }],
    ['LIST "" R&D', { ...LIST, patterns: ["R&D"] }],
    ['LIST "" &AOk-*', { ...LIST, patterns: ["\u00e9*"] }],
    ['LIST () "" *', { ...LIST, extended: true }],
    ['LIST (SUBSCRIBED recursivematch) "" *', {
      ...LIST,
      extended: true,
      select: ["SUBSCRIBED", "RECURSIVEMATCH"],
    }],
    ['LIST (REMOTE SPECIAL-USE) "" (a% b)', {
      ...LIST,
      extended: true,
      select: ["REMOTE", "SPECIAL-USE"],
      patterns: ["a%", "b"],
    }],
    ['LIST "" * RETURN ()', { ...LIST, extended: true }],
    ['LIST "" * RETURN (CHILDREN SUBSCRIBED special-use)', {
      ...LIST,
      extended: true,
      returns: ["CHILDREN", "SUBSCRIBED", "SPECIAL-USE"],
    }],
    ['LIST "" * RETURN (STATUS (MESSAGES unseen) CHILDREN)', {
      ...LIST,
      extended: true,
      returns: ["CHILDREN"],
      status: ["MESSAGES", "UNSEEN"],
    }],
    ['LIST (RECURSIVEMATCH) "" *', "bad RECURSIVEMATCH needs another selection option"],
    ['LIST (REMOTE RECURSIVEMATCH) "" *', "bad RECURSIVEMATCH needs another selection option"],
    ['LIST (FOO) "" *', "bad Unknown LIST selection option"],
    ['LIST "" * RETURN (FOO)', "bad Unknown LIST return option"],
    ['LIST "" * RETURN (STATUS ())', "bad Expected an option"],
    ['LIST "" * FOO ()', "bad Expected RETURN"],
    ['LIST "" ()', "bad Expected a mailbox pattern"],
    ['LIST ""', "bad Missing argument"],
    ["LSUB a %", { tag: "a", verb: "LSUB", reference: "a", pattern: "%" }],
    ["LSUB a (b)", "bad Expected a mailbox pattern"],
  ];
  for (const [text, want] of table) assertEquals(parse(text), want, text);
});

Deno.test("STATUS and CREATE are read", () => {
  const table: readonly (readonly [string, unknown])[] = [
    ["STATUS inbox (messages SIZE messages)", {
      tag: "a",
      verb: "STATUS",
      mailbox: "INBOX",
      items: ["MESSAGES", "SIZE"],
    }],
    ["STATUS x ()", "bad Expected an option"],
    ["STATUS x MESSAGES", "bad Expected a list"],
    ["STATUS x (HIGHESTMODSEQS)", "bad Unknown STATUS item"],
    ["CREATE x", { tag: "a", verb: "CREATE", mailbox: "x", asked: null, specialUse: [] }],
    ["CREATE x (USE (\\sent \\Sent \\All))", {
      tag: "a",
      verb: "CREATE",
      mailbox: "x",
      asked: null,
      specialUse: ["Sent", "All"],
    }],
    ["CREATE x (USE ())", { tag: "a", verb: "CREATE", mailbox: "x", asked: null, specialUse: [] }],
    ["CREATE x (USE (\\Foo))", "use-attr Unknown special-use attribute"],
    ["CREATE x (USE (Sent))", "bad Expected a special-use attribute"],
    ["CREATE x (FOO)", "bad Unknown CREATE parameter"],
    ["CREATE x ()", "bad Expected an option"],
  ];
  for (const [text, want] of table) {
    const found = parse(text);
    assertEquals(
      text === "CREATE x ()" ? typeof found : found,
      text === "CREATE x ()" ? "string" : want,
      text,
    );
  }
});

Deno.test("each parser stops after its own arguments", () => {
  const reader = (text: string) => new CommandReader(pieces(text), { utf8: false });
  for (
    const [parser, text] of [
      [parseList, '"" a'],
      [parseLsub, '"" a'],
      [parseStatus, "x (UNSEEN)"],
      [parseCreate, "x"],
    ] as const
  ) {
    const r = reader(text);
    parser(r);
    assertEquals(r.ended, true, text);
  }
});
