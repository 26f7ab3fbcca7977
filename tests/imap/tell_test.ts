import { fromAscii, utf8 } from "../../mod/base/bytes.ts";
import { ResponseBuffer } from "../../mod/imap/response_buffer.ts";
import { Selected } from "../../mod/imap/selected.ts";
import { tellFlags, writeFlagLists, writeNewKeywords } from "../../mod/imap/tell.ts";
import { NO_FLAGS } from "../../mod/store/flags.ts";
import { assert, assertEquals } from "../support/assert.ts";
import { MemFolder } from "../support/mem_folder.ts";

Deno.test("tellFlags() shows the UID only where asked, and \\Recent only to whom it is", async () => {
  const folder = new MemFolder("INBOX", 1, () => null);
  await folder.add([{ bytes: utf8("x"), flags: NO_FLAGS, internalDate: 0 }]);
  const first = new Selected(folder, false, () => {});
  const second = new Selected(folder, false, () => {});
  const [message] = folder.messages;
  assert(message);
  const out = new ResponseBuffer();
  tellFlags(out, first, 1, message, true);
  tellFlags(out, second, 1, message, false);
  assertEquals(fromAscii(out.take()), "* 1 FETCH (UID 1 FLAGS (\\Recent))\r\n* 1 FETCH (FLAGS ())\r\n");
});

Deno.test("writeNewKeywords() tells of keywords once", async () => {
  const folder = new MemFolder("INBOX", 1, () => null);
  const box = new Selected(folder, true, () => {});
  const out = new ResponseBuffer();
  writeFlagLists(out, box);
  assertEquals(fromAscii(out.take()).split("\r\n")[1], "* OK [PERMANENTFLAGS ()] Read-only mailbox");
  writeNewKeywords(out, box);
  assertEquals(out.length, 0);
  await folder.keywordBits(["work"]);
  writeNewKeywords(out, box);
  assert(
    fromAscii(out.take()).startsWith("* FLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft work)\r\n"),
  );
  writeNewKeywords(out, box);
  assertEquals(out.length, 0);
});
