import { parseMultiSearch } from "../../mod/imap/parse_multisearch.ts";
import { CommandReader, ParseFault } from "../../mod/imap/parse_reader.ts";
import { assertEquals } from "../support/assert.ts";
import { pieces } from "./pieces.ts";

function read(text: string): string {
  try {
    const reader = new CommandReader(pieces(text), { utf8: false });
    const { sources, returns, key } = parseMultiSearch(reader);
    reader.end();
    const shown = sources?.map((s) => "names" in s ? `${s.kind}=${s.names.join("+")}` : s.kind).join(" ");
    return [shown ?? "-", returns?.join(" ") ?? "-", key.kind].join(" | ");
  } catch (fault) {
    if (fault instanceof ParseFault) return `${fault.kind} ${fault.message}`;
    throw fault;
  }
}

Deno.test("parseMultiSearch() reads sources, results and keys (RFC 7377 4)", () => {
  const table: readonly (readonly [string, string])[] = [
    ['IN (mailboxes "folder1" subtree "folder2") unseen', "mailboxes=folder1 subtree=folder2 | - | flag"],
    [
      'in (mailboxes ("folder1" folder2) subtree-one inbox) subject "chad"',
      "mailboxes=folder1+folder2 subtree-one=INBOX | - | header",
    ],
    [
      "IN (PERSONAL subscribed inboxes selected) RETURN (MIN COUNT) CHARSET UTF-8 ALL UNSEEN",
      "personal subscribed inboxes selected | MIN COUNT | and",
    ],
    ["RETURN () ALL", "- | ALL | all"],
    ["UNSEEN", "- | - | flag"],
    ["IN () ALL", "bad Expected mailboxes"],
    ["IN (selected-delayed) ALL", "bad Unknown mailbox filter"],
    ["IN (mailboxes) ALL", "bad Expected a space"],
    ["IN (mailboxes ()) ALL", "bad Expected a mailbox name"],
    ["IN (personal (depth 1)) ALL", "bad Scope options are not known"],
    ["IN (personal)", "bad Missing argument"],
    ['IN (mailboxes "&bad") ALL', "name Mailbox name is not valid mUTF-7"],
  ];
  for (const [text, want] of table) assertEquals(read(text), want, text);
});
