import { messageIds } from "../../mod/imap/message_ids.ts";
import { THREAD_REFERENCES } from "../../mod/base/limits.ts";
import { assertEquals } from "../support/assert.ts";
import { latin1 } from "./pieces.ts";

const references = (text: string) => messageIds(undefined, latin1(text), undefined).references;

Deno.test("messageIds() reads IDs as RFC 5256 compares them", () => {
  const table: readonly (readonly [string, readonly string[]])[] = [
    ["<a@b>", ["a@b"]],
    [" <a@b>\r\n\t<c@d> (e) <f@g>", ["a@b", "c@d", "f@g"]],
    ["<a@b><c@d>", ["a@b", "c@d"]],
    ['<"01KF8JCEOCBS0045PS"@xxx.yyy.com>', ["01KF8JCEOCBS0045PS@xxx.yyy.com"]],
    ["<01KF8JCEOCBS0045PS@xxx.yyy.com>", ["01KF8JCEOCBS0045PS@xxx.yyy.com"]],
    ['<"a\\"b"@c>', ['a"b@c']],
    ['<"a>b"@c>', ["a>b@c"]],
    ["< a @ b >", ["a@b"]],
    ["<A@B>", ["A@B"]],
    ["<a@[127.0.0.1]>", ["a@[127.0.0.1]"]],
    ["<no at> <a@b>", ["a@b"]],
    ["<unclosed <a@b>", ["a@b"]],
    ["a@b", []],
    ["<a@b", []],
    ['<"a@b>', []],
    ["", []],
    ["<>", []],
  ];
  for (const [text, want] of table) assertEquals(references(text), want, text);
});

Deno.test("messageIds() takes the first of Message-ID and In-Reply-To, of References the first and the newest", () => {
  const ids = messageIds(latin1("<a@b> <c@d>"), undefined, latin1("x <bad> <e@f> <g@h>"));
  assertEquals(ids, { own: "a@b", references: [], inReplyTo: "e@f" });
  const many = Array.from({ length: THREAD_REFERENCES + 5 }, (_, i) => `${i}@x`);
  assertEquals(references(many.map((id) => `<${id}>`).join(" ")), [...many.slice(0, 1), ...many.slice(6)]);
});
