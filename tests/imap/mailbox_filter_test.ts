import { filterMailboxes } from "../../mod/imap/mailbox_filter.ts";
import type { MailboxFilter } from "../../mod/imap/types.ts";
import { assertEquals } from "../support/assert.ts";

const ENTRIES = ["INBOX", "a", "a.b", "a.b.c", "ab", "-none", "d"].map((name) => ({
  name: name.replace("-", ""),
  exists: !name.startsWith("-"),
  hasChildren: false,
  subscribed: name === "ab" || name === "-none",
  specialUse: null,
}));

Deno.test("filterMailboxes() gives the mailboxes that filters mean", () => {
  const table: readonly (readonly [readonly MailboxFilter[], string])[] = [
    [[{ kind: "personal" }], "INBOX a a.b a.b.c ab d"],
    [[{ kind: "inboxes" }], "INBOX a a.b a.b.c ab d"],
    [[{ kind: "subscribed" }], "ab"],
    [[{ kind: "selected" }], "d"],
    [[{ kind: "subtree", names: ["a"] }], "a a.b a.b.c"],
    [[{ kind: "subtree-one", names: ["a"] }], "a a.b"],
    [[{ kind: "mailboxes", names: ["a.b", "x", "none"] }], "a.b"],
    [[{ kind: "selected" }, { kind: "mailboxes", names: ["d", "INBOX"] }], "INBOX d"],
    [[], ""],
  ];
  for (const [filters, want] of table) {
    assertEquals(
      filterMailboxes(filters, { entries: ENTRIES, separator: ".", selected: "d" }).join(" "),
      want,
    );
  }
});
