import { HEADER_SIZE } from "../../mod/base/limits.ts";
import { LargeSource, MemorySource, readExactly, sectionSpan } from "../../mod/imap/fetch_content.ts";
import { Slice } from "../../mod/imap/slice.ts";
import type { Section } from "../../mod/imap/types.ts";
import { assertEquals, assertRejects, assertThrows } from "../support/assert.ts";
import { FakeMailbox } from "./fake_mailbox.ts";
import { latin1 } from "./pieces.ts";

const slice = new Slice({ monotonic: () => 0 }, () => Promise.resolve());
const HEADER: Section = { part: [], text: "HEADER", fields: [] };
const TEXT: Section = { part: [], text: "TEXT", fields: [] };
const MESSAGES = [
  "A: b\r\n\r\nbody",
  "A: b\r\n\r\n",
  "A: b\r\n",
  "A: b",
  "\r\nbody",
  "",
  "no header at all\r\n\r\nbody",
  "A: b\r\n more\r\n\tmore\r\n\r\n\r\nbody",
];

Deno.test("both sources agree about where the header ends", async () => {
  for (const text of MESSAGES) {
    const memory = new MemorySource(latin1(text));
    const content = await new FakeMailbox(latin1(text)).content(10);
    if (!content) throw new Error("no content");
    const large = await LargeSource.read(content, { header: true, structure: true }, slice);
    for (const section of [HEADER, TEXT]) {
      assertEquals(sectionSpan(large, section), sectionSpan(memory, section), JSON.stringify(text));
    }
    assertEquals(large.root, memory.root, JSON.stringify(text));
    const header = sectionSpan(memory, HEADER);
    assertEquals(header?.end, sectionSpan(memory, TEXT)?.start);
  }
});

Deno.test("LargeSource reads of an endless header no more than the cap", async () => {
  const box = new FakeMailbox(new Uint8Array(HEADER_SIZE * 3).fill(0x78));
  const content = await box.content(10);
  if (!content) throw new Error("no content");
  const source = await LargeSource.read(content, { header: true, structure: false }, slice);
  assertEquals(source.bodyStart, HEADER_SIZE);
  assertEquals(box.octetsRead <= HEADER_SIZE + 65536, true);
  assertThrows(() => source.root, "structure");
});

Deno.test("readExactly() throws when octets are missing", async () => {
  const content = await new FakeMailbox(latin1("abc")).content(10);
  if (!content) throw new Error("no content");
  assertEquals(await readExactly(content, 1, 3), latin1("bc"));
  await assertRejects(() => readExactly(content, 1, 4), "became shorter");
});
