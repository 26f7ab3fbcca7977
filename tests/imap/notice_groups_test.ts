import { compileGroups, eventsIn } from "../../mod/imap/notice_groups.ts";
import type { EventGroup, NotifyEvent } from "../../mod/imap/notify_types.ts";
import { assertEquals } from "../support/assert.ts";

function group(mailboxes: EventGroup["mailboxes"], ...events: NotifyEvent[]): EventGroup {
  return { mailboxes, events: new Set(events) };
}

Deno.test("eventsIn() adds groups up; NONE takes away; what is personal is never another's", () => {
  const groups = compileGroups([
    group({ kind: "personal" }, "MailboxName"),
    group({ kind: "inboxes" }, "MessageExpunge"),
    group({ kind: "subtree", names: ["a", "shared"] }, "MessageNew"),
    group({ kind: "subscribed" }, "FlagChange"),
    group({ kind: "mailboxes", names: ["a/none"] }),
  ], "/");
  for (
    const [name, subscribed, others, expected] of [
      ["x", false, false, ["MailboxName", "MessageExpunge"]],
      ["x", true, false, ["MailboxName", "MessageExpunge", "FlagChange"]],
      ["a/b", false, false, ["MailboxName", "MessageExpunge", "MessageNew"]],
      ["a/none", true, false, []],
      ["shared/bob@x.test/Team", false, true, ["MessageNew"]],
      ["shared/bob@x.test/Team", true, true, ["MessageNew", "FlagChange"]],
      ["x", false, true, []],
    ] as const
  ) {
    assertEquals(
      [...eventsIn(groups, name, subscribed, others)],
      [...expected],
      `${name} ${subscribed} ${others}`,
    );
  }
});
