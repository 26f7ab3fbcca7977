/**
 * What is kept in the index was made by the version of Roost that read the message, and is believed by those that come after. So when the same mails
 * give other texts, other header fields or other words than before, VERSION (mod/index/schema.ts) must be raised, or searches of old mail would miss
 * some for ever.
 */
import { PIECES, VERSION } from "../../mod/index/schema.ts";
import { signaturesOf } from "../../mod/index/signature.ts";
import { fetchMessages } from "../../mod/imap/fetch.ts";
import { readWordText } from "../../mod/imap/message_text.ts";
import { Slice } from "../../mod/imap/slice.ts";
import type { FetchItem } from "../../mod/imap/types.ts";
import { concat, utf8 } from "../../mod/base/bytes.ts";
import type { ParsedTexts } from "../../mod/store/mail_index.ts";
import { corpus } from "../interop/corpus.ts";
import { assertEquals } from "../support/assert.ts";
import { FakeMailbox, TextSink } from "./fake_mailbox.ts";
import { latin1 } from "./pieces.ts";

/** SHA-256, in hex, of all that is kept of the mails, by the version that keeps it. */
const KEPT: Readonly<Record<number, string>> = {
  8: "7b043b79cd15efc0dcb2c51de6e6981592183b34330240bd6a9cea5d2882c944",
};

const clock = { monotonic: () => 0 };
const pause = () => Promise.resolve();
const KINDS = ["ENVELOPE", "BODY", "BODYSTRUCTURE", "PREVIEW"] as const;
const ITEMS: readonly FetchItem[] = KINDS.map((kind) =>
  kind === "PREVIEW" ? { kind, lazy: false } : { kind }
);

Deno.test("what the index keeps of a mail stays the same as long as its version does", async () => {
  const box = new FakeMailbox(...corpus(400).map(latin1));
  const kept: Uint8Array[] = [];
  const texts: ParsedTexts = {
    get: () => null,
    put: (message, kind, text, finish) =>
      void kept.push(utf8(`${message.uid} ${kind} `), (finish?.(text) ?? text).slice()),
  };
  const { view } = box;
  await fetchMessages({
    ...{ mailbox: box, view, seqs: view.map((_, i) => i + 1), items: ITEMS, uid: false },
    ...{ isRecent: () => false, sink: new TextSink(), clock, pause, texts },
  });
  const slice = new Slice(clock, pause);
  for (const message of view) {
    const words = await readWordText(box, texts, message, slice);
    if (words) kept.push(...signaturesOf(words, PIECES).signatures);
  }
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", concat(kept).slice()));
  assertEquals(
    digest.toHex(),
    KEPT[VERSION],
    "raise VERSION in mod/index/schema.ts, unless only the mails are others",
  );
});
