import { fromAscii } from "../../mod/base/bytes.ts";
import { writeThread } from "../../mod/imap/format_thread.ts";
import { ResponseBuffer } from "../../mod/imap/response_buffer.ts";
import type { Thread } from "../../mod/imap/thread.ts";
import { assertEquals } from "../support/assert.ts";

const t = (seq: number, ...children: Thread[]): Thread => ({ seq, children });

function written(thread: Thread): string {
  const out = new ResponseBuffer();
  writeThread(out, thread, (seq) => seq);
  return fromAscii(out.take());
}

Deno.test("writeThread() writes the threads of RFC 5256's examples", () => {
  const table: readonly (readonly [Thread, string])[] = [
    [t(166), "(166)"],
    [t(196, t(199)), "(196 199)"],
    [t(3, t(6, t(4, t(23)), t(44, t(7, t(96))))), "(3 6 (4 23)(44 7 96))"],
    [t(167, t(168), t(169), t(172)), "(167 (168)(169)(172))"],
    [t(0, t(196), t(199)), "((196)(199))"],
    [t(0, t(1, t(2), t(3)), t(4)), "((1 (2)(3))(4))"],
  ];
  for (const [thread, want] of table) assertEquals(written(thread), want);
});

Deno.test("writeThread() writes threads as deep as they come", () => {
  let deep = t(1);
  for (let i = 2; i <= 50_000; i++) deep = i % 2 ? t(i, deep, t(i)) : t(i, deep);
  assertEquals(written(deep).split("(").length, written(deep).split(")").length);
});
