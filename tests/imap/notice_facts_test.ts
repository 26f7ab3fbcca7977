import { attributesOf, namesIn, valueOf } from "../../mod/imap/notice_facts.ts";
import { assertEquals } from "../support/assert.ts";

const COUNTS = { messages: 1, uidNext: 2, uidValidity: 3, unseen: 4 };

Deno.test("namesIn() gives the mailboxes of each event", () => {
  assertEquals(namesIn({ kind: "overflow" }), []);
  assertEquals(namesIn({ kind: "renamed", from: "a", to: "b" }), ["a", "b"]);
  assertEquals(namesIn({ kind: "annotated", mailbox: "c", entries: [] }), ["c"]);
  assertEquals(namesIn({ kind: "subscribed", name: "d", on: true }), ["d"]);
  assertEquals(namesIn({ kind: "counts", name: "e", before: null, now: COUNTS }), ["e"]);
});

Deno.test("valueOf() and attributesOf() tell a mailbox, there or not", () => {
  assertEquals((["MESSAGES", "UIDNEXT", "UIDVALIDITY", "UNSEEN"] as const).map((i) => valueOf(COUNTS, i)), [
    1,
    2,
    3,
    4,
  ]);
  const entry = { name: "a", exists: true, hasChildren: true, subscribed: true, specialUse: "Sent" as const };
  assertEquals(attributesOf(entry, false), ["HasChildren", "Subscribed", "Sent"]);
  assertEquals(attributesOf(undefined, true), ["NonExistent", "HasNoChildren", "Subscribed"]);
  assertEquals(attributesOf({ ...entry, exists: false, hasChildren: false, subscribed: false }, true), [
    "NonExistent",
    "HasNoChildren",
    "Sent",
  ]);
});
