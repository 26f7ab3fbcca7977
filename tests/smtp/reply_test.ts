import { formatReply, internalError, queuedAs, refuses, REPLY, reply } from "../../mod/smtp/reply.ts";
import { assert, assertEquals, assertMatch } from "../support/assert.ts";

Deno.test("formatReply() puts code and enhanced code into every line", () => {
  assertEquals(formatReply(REPLY.ok), "250 2.0.0 OK\r\n");
  assertEquals(formatReply(reply(250, null, "a", "b", "c")), "250-a\r\n250-b\r\n250 c\r\n");
  assertEquals(formatReply(reply(214, "2.0.0", "a", "b")), "214-2.0.0 a\r\n214 2.0.0 b\r\n");
  assertEquals(formatReply(queuedAs("x1")), "250 2.0.0 OK: queued as x1\r\n");
});

Deno.test("REPLY holds lines of printable ASCII, with enhanced codes of the same class (RFC 2034 4)", () => {
  for (const [name, r] of [...Object.entries(REPLY), ["internalError", internalError("x")] as const]) {
    if (r.enhanced !== null) assert(r.enhanced.startsWith(`${Math.floor(r.code / 100)}.`), name);
    else assert(r.code >= 300 && r.code < 400, name);
    for (const line of formatReply(r).split("\r\n").slice(0, -1)) {
      assertMatch(line, /^\d{3}[ -][ -~]+$/, name);
      assert(line.length < 510, name); // RFC 5321 4.5.3.1.5
    }
  }
  assert(refuses(REPLY.timeout) && refuses(REPLY.tooBig) && !refuses(REPLY.startData));
});
