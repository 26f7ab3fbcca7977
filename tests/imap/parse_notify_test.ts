import { parseCommand } from "../../mod/imap/parse.ts";
import { assert, assertEquals } from "../support/assert.ts";
import { SeededRandom } from "../support/seeded_random.ts";
import { pieces } from "./pieces.ts";

function parse(text: string): unknown {
  const command = parseCommand(pieces(`a NOTIFY ${text}`), { utf8: false });
  if (!command.ok) return command.error.text;
  assert(command.value.verb === "NOTIFY");
  return command.value.set;
}

const NEW = ["MessageNew", "MessageExpunge"];

Deno.test("NOTIFY is read as RFC 5465 8 has it", () => {
  assertEquals(parse("none"), null);
  assertEquals(parse("SET STATUS (Selected (messagenew (uid FLAGS) MESSAGEEXPUNGE))"), {
    status: true,
    selected: {
      delayed: false,
      events: new Set(["MessageNew", "MessageExpunge"]),
      items: [{ kind: "UID" }, { kind: "FLAGS" }],
    },
    groups: [],
  });
  assertEquals(
    parse(
      "SET (selected-delayed NONE) (subtree (a {b c}) (MessageExpunge MessageNew FlagChange)) (personal NONE)",
    ),
    {
      status: false,
      selected: { delayed: true, events: new Set(), items: [] },
      groups: [
        {
          mailboxes: { kind: "subtree", names: ["a", "b c"] },
          events: new Set(["MessageExpunge", "MessageNew", "FlagChange"]),
        },
        { mailboxes: { kind: "personal" }, events: new Set() },
      ],
    },
  );
  const all = "MailboxName SubscriptionChange MailboxMetadataChange ServerMetadataChange";
  for (
    const [filter, mailboxes] of [
      ["inboxes", { kind: "inboxes" }],
      ["SUBSCRIBED", { kind: "subscribed" }],
      ["mailboxes inbox", { kind: "mailboxes", names: ["INBOX"] }],
      ["subtree-one x", { kind: "subtree-one", names: ["x"] }],
    ] as const
  ) {
    assertEquals(parse(`SET (${filter} (${all}))`), {
      status: false,
      selected: null,
      groups: [{ mailboxes, events: new Set(all.split(" ")) }],
    });
  }
});

Deno.test("NOTIFY: what RFC 5465 calls an error is one", () => {
  for (
    const [text, why] of [
      ["", "Expected SET or NONE"],
      ["SET", "Missing argument"],
      ["NONE x", "Unexpected argument"],
      ["SET STATUS", "Expected a list"],
      ["SET ()", "Expected mailboxes"],
      ["SET (personal)", "Expected a space"],
      ["SET (personal ())", "Expected an event"],
      ["SET (personal MessageNew)", "Expected a list of events or NONE"],
      ["SET (nobody NONE)", "Unknown mailbox filter"],
      ["SET (personal NONE) ", "Expected a list"],
      ["SET (personal NONE)(inboxes NONE)", "Unexpected argument"],
      ["SET (personal (MessageNew))", "MessageNew and MessageExpunge go together"],
      ["SET (personal (MessageExpunge))", "MessageNew and MessageExpunge go together"],
      ["SET (selected (FlagChange))", "Changes of flags need MessageNew and MessageExpunge"],
      ["SET (selected (AnnotationChange))", "Changes of flags need MessageNew and MessageExpunge"],
      ["SET (selected NONE) (selected NONE)", "SELECTED can only be given once"],
      ["SET (selected NONE) (selected-delayed NONE)", "SELECTED can only be given once"],
      [
        `SET (selected (${NEW.join(" ")} MailboxName))`,
        "Only events of messages are for the selected mailbox",
      ],
      ["SET (personal (MessageNew (UID) MessageExpunge))", "FETCH items are for the selected mailbox only"],
      ["SET (selected (MessageNew () MessageExpunge))", "Expected a FETCH item"],
      ["SET (selected (MessageNew (FAST) MessageExpunge))", "Unknown FETCH item FAST"],
      ["SET (selected (MessageNew (UID) (UID) MessageExpunge))", "Expected an event"],
      ["SET (selected (MessageExpunge (UID) MessageNew))", "Expected an event"],
      ["SET (selected ((UID) MessageNew MessageExpunge))", "Expected an event"],
      ["SET (mailboxes () NONE)", "Expected a mailbox name"],
      ["SET (mailboxes &x- NONE)", "Mailbox name is not valid mUTF-7"],
    ] as const
  ) assertEquals(parse(text), why, text);
  for (const event of ["AnnotationChange", "Foo", "messagenew2"]) {
    assertEquals(parse(`SET (personal (${NEW.join(" ")} ${event}))`), "bad-event");
  }
  assertEquals(parse("SET (selected (Foo))"), "bad-event");
  assertEquals(
    parse("SET (personal (Foo)) (inboxes (MessageNew))"),
    "MessageNew and MessageExpunge go together",
  );
});

Deno.test("NOTIFY: whatever comes is read or refused", () => {
  const random = new SeededRandom(3);
  const words = [
    "SET ",
    "STATUS ",
    "NONE",
    "(",
    ")",
    " ",
    "selected ",
    "personal ",
    "mailboxes ",
    "MessageNew",
    "MessageExpunge",
    "FlagChange",
    "UID",
    '"x"',
    "{y}",
    "\u0000",
    "BODY[",
    "]",
    "*",
    "é",
  ];
  for (let n = 0; n < 3000; n++) {
    let text = "SET (";
    for (let i = random.int(12); i > 0; i--) text += words[random.int(words.length)];
    parse(text);
  }
  assertEquals(typeof parse("SET " + "(".repeat(60_000)), "string");
  const names = Array.from({ length: 8000 }, (_, i) => `m${i}`).join(" ");
  assertEquals(typeof parse(`SET (mailboxes (${names}) (MessageNew MessageExpunge))`), "object");
});
