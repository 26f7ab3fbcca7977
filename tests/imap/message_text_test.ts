import { INDEX_TEXT } from "../../mod/base/limits.ts";
import { readWordText } from "../../mod/imap/message_text.ts";
import { findInMemory, fold, lowerOf } from "../../mod/imap/search_text.ts";
import { Slice } from "../../mod/imap/slice.ts";
import { scanStructure } from "../../mod/mail/structure.ts";
import { ODD_MAILS } from "../interop/odd_mails.ts";
import { assert, assertEquals } from "../support/assert.ts";
import { FakeMailbox } from "./fake_mailbox.ts";
import { latin1 } from "./pieces.ts";

const TEXTS = { get: () => null, put: () => {} };
const slice = new Slice({ monotonic: () => 0 }, () => Promise.resolve());

Deno.test("readWordText() gives all that SEARCH TEXT finds, however the message is read", async () => {
  let kept = 0;
  const texts = { get: () => null, put: () => void kept++ };
  const words = ["one", "body", "content-type", "a@b", "\u00e4", "inner", "x", "subject: "];
  const large = `Subject: large\r\n\r\n${"filler \r\n".repeat(40_000)}body`;
  for (const mail of [...ODD_MAILS, large]) {
    const bytes = latin1(mail);
    const needles = words.map((text) => ({ text: fold(text), headers: true }));
    const found = findInMemory(bytes, lowerOf(bytes), scanStructure(bytes), needles);
    for (const how of ["now", "later"] as const) {
      const box = new FakeMailbox(bytes);
      box.how = how;
      const [message] = box.view;
      assert(message);
      const read = await readWordText(box, texts, message, slice);
      assertEquals(read?.whole, true);
      for (const [i, { text }] of needles.entries()) {
        const texts = [...read?.headers ?? [], ...read?.body ?? []];
        if (found[i]) {
          assert(texts.some((t) => t.includes(text)), JSON.stringify([how, text, mail.slice(0, 200)]));
        }
      }
      assertEquals(box.open, 0);
    }
  }
  assertEquals(kept, 2 * (ODD_MAILS.length + 1));
});

Deno.test("readWordText() gives the beginning of what is too long, and null for what has vanished", async () => {
  const box = new FakeMailbox(latin1(`\r\n${"words ".repeat(INDEX_TEXT / 5)}`));
  const [message] = box.view;
  assert(message);
  const read = await readWordText(box, TEXTS, message, slice);
  assertEquals([read?.whole, read?.body[0]?.length], [false, INDEX_TEXT]);
  box.how = "gone";
  assertEquals(await readWordText(box, TEXTS, message, slice), null);
});
