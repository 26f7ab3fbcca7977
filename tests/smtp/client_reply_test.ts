import fc from "fast-check";
import { utf8 } from "../../mod/base/bytes.ts";
import { parseReplyLine, readReply, replyText } from "../../mod/smtp/client_reply.ts";
import { ByteReader } from "../../mod/wire/byte_reader.ts";
import { assert, assertEquals } from "../support/assert.ts";
import { ScriptConn } from "../support/script_conn.ts";

Deno.test("parseReplyLine() reads lines and nothing else", () => {
  const cases: readonly (readonly [string, unknown])[] = [
    ["250 OK", { code: 250, last: true, text: "OK" }],
    ["250-SIZE 10", { code: 250, last: false, text: "SIZE 10" }],
    ["250", { code: 250, last: true, text: "" }],
    ["599 ", { code: 599, last: true, text: "" }],
    ["250\tOK", null],
    ["2500 OK", null],
    ["150 early", null],
    ["600 late", null],
    ["25", null],
    ["", null],
    ["OK 250", null],
    ["220 \u001b[2Jx\u202ey", { code: 220, last: true, text: "?[2Jx?y" }],
  ];
  for (const [line, expected] of cases) assertEquals<unknown>(parseReplyLine(utf8(line)), expected, line);
});

Deno.test("readReply() reads replies in every chunking", async () => {
  const cases: readonly (readonly [string, unknown])[] = [
    ["250 2.1.0 Fine\r\n", { ok: true, value: { code: 250, status: "2.1.0", lines: ["Fine"] } }],
    ["550-5.1.1 No\r\n550 5.1.1 such user\r\n", {
      ok: true,
      value: { code: 550, status: "5.1.1", lines: ["No", "such user"] },
    }],
    ["550 2.0.0 what?\r\n", { ok: true, value: { code: 550, status: null, lines: ["2.0.0 what?"] } }],
    ["450-slow\r\n450 4.2.0\r\n", { ok: true, value: { code: 450, status: "4.2.0", lines: ["slow", ""] } }],
    ["550 5.1.1234 x\r\n", { ok: true, value: { code: 550, status: null, lines: ["5.1.1234 x"] } }],
    ["250-a\r\n251 b\r\n", { ok: false, error: "garbage" }],
    ["250-a\r\nhello\r\n", { ok: false, error: "garbage" }],
    ["HTTP/1.1 400 Bad Request\r\n", { ok: false, error: "garbage" }],
    ["\u0016\u0003\u0001\r\n", { ok: false, error: "garbage" }],
    [`220 ${"x".repeat(5000)}\r\n`, { ok: false, error: "garbage" }],
    ["220 cut", { ok: false, error: "closed" }],
    ["", { ok: false, error: "closed" }],
  ];
  for (const [text, expected] of cases) {
    for (const size of [1, 2, 7, Infinity]) {
      const conn = new ScriptConn().feed(text, size).end();
      assertEquals<unknown>(await readReply(new ByteReader(conn)), expected, text.slice(0, 40));
    }
  }
});

Deno.test("readReply() has an end with a peer that has none", async () => {
  const conn = new ScriptConn().feed("250-more\r\n".repeat(10_000));
  assertEquals(await readReply(new ByteReader(conn)), { ok: false, error: "garbage" });
  const long = new ScriptConn().feed(`250-${"x".repeat(1000)}\r\n`.repeat(90) + "250 end\r\n");
  const read = await readReply(new ByteReader(long));
  assert(read.ok);
  assert(read.value.lines.join("").length <= 2000);
});

Deno.test("readReply() takes any octets", async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 60 }), async (bytes) => {
      await readReply(new ByteReader(new ScriptConn().feed(bytes).feed("\r\n250 x\r\n").end()));
    }),
    { numRuns: 300, seed: 1 },
  );
});

Deno.test("replyText() is one line", () => {
  assertEquals(replyText({ code: 550, status: "5.1.1", lines: ["No", "such"] }), "550 5.1.1 No such");
  assertEquals(replyText({ code: 550, status: null, lines: [""] }), "550");
});
