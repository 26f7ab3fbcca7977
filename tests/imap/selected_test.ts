import { Selected } from "../../mod/imap/selected.ts";
import { writeFlagLists, writeNews } from "../../mod/imap/tell.ts";
import { ResponseBuffer } from "../../mod/imap/response_buffer.ts";
import { fromAscii, utf8 } from "../../mod/base/bytes.ts";
import { NO_FLAGS } from "../../mod/store/flags.ts";
import { SEEN } from "../../mod/store/store.ts";
import { assertEquals } from "../support/assert.ts";
import { MemFolder } from "../support/mem_folder.ts";

const PART = { bytes: utf8("Subject: x\r\n\r\n"), flags: NO_FLAGS, internalDate: 0 };

Deno.test("Selected hears of changes until it is closed, and of its mailbox's end", async () => {
  const folder = new MemFolder("INBOX", 1, () => null);
  await folder.add([PART, PART]);
  let news = 0;
  const box = new Selected(folder, false, () => news++);
  await folder.setFlags([1], 0, SEEN, box.token);
  assertEquals(news, 0); // its own change
  await folder.setFlags([2], 0, SEEN, null);
  await folder.add([PART]);
  assertEquals([news, box.gone], [2, false]);
  folder.tell({ kind: "gone" });
  assertEquals([news, box.gone], [3, true]);
  box.close();
  await folder.add([PART]);
  assertEquals(news, 3);
});

Deno.test("Selected leaves what is recent to others when read-only", async () => {
  const folder = new MemFolder("INBOX", 1, () => null);
  await folder.add([PART, PART]);
  const looking = new Selected(folder, true, () => {});
  assertEquals(folder.recent, 2);
  const using = new Selected(folder, false, () => {});
  assertEquals([using.view.recent, folder.recent], [2, 0]);
  looking.close();
  using.close();
});

Deno.test("writeNews() tells removals, then counts, then keywords, then flags", async () => {
  const folder = new MemFolder("INBOX", 1, () => null);
  await folder.add([PART, PART, PART]);
  const box = new Selected(folder, false, () => {});
  await folder.setFlags([3], 0, await folder.keywordBits(["work"]), null);
  await folder.add([PART]);
  await folder.expunge([1]);
  const out = new ResponseBuffer();
  writeNews(out, box, true, true);
  writeNews(out, box, true, true);
  assertEquals(fromAscii(out.take()).split("\r\n"), [
    "* 1 EXPUNGE",
    "* 3 EXISTS",
    "* 3 RECENT",
    "* FLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft work)",
    "* OK [PERMANENTFLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft work \\*)] Flags permitted",
    "* 2 FETCH (UID 3 FLAGS (\\Recent work))",
    "",
  ]);
  box.close();
});

Deno.test("writeFlagLists() offers new keywords only while there is room", async () => {
  const folder = new MemFolder("INBOX", 1, () => null);
  await folder.keywordBits(Array.from({ length: 26 }, (_, i) => `k${i}`));
  const box = new Selected(folder, false, () => {});
  const out = new ResponseBuffer();
  writeFlagLists(out, box);
  const text = fromAscii(out.take());
  assertEquals([text.includes("k25"), text.includes("\\*")], [true, false]);
  box.close();
});
