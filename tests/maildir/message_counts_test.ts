import { countMessages } from "../../mod/maildir/message_counts.ts";
import { DELETED, SEEN } from "../../mod/store/store.ts";
import { assertEquals } from "../support/assert.ts";

Deno.test("countMessages() counts by flags and UIDs, and sizes where they are wanted", () => {
  const messages = [SEEN, 0, SEEN | DELETED, DELETED].map((flags, i) => ({
    ...{ uid: i + 1, flags, size: 10 ** i, internalDate: -1 },
  }));
  const counts = { messages: 4, unseen: 2, deleted: 2, recent: 1 };
  assertEquals(countMessages(messages, 3, true), { ...counts, size: 1111, deletedSize: 1100 });
  assertEquals(countMessages(messages, 3, false), { ...counts, size: null, deletedSize: null });
});
