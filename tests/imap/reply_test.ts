import { FsError } from "../../mod/base/fs.ts";
import { bad, faultReply, no, okay, REPLIES } from "../../mod/imap/reply.ts";
import { assertEquals } from "../support/assert.ts";

Deno.test("faultReply() tells a full disk from one that fails, and both from a bug", () => {
  assertEquals(faultReply(new FsError("full", "write", "/x")), REPLIES.diskFull);
  for (const code of ["io", "read-only", "denied", "too-many-open", "not-found"] as const) {
    assertEquals(faultReply(new FsError(code, "write", "/x")), REPLIES.unavailable);
  }
  assertEquals(faultReply(new TypeError("x")), null);
});

Deno.test("replies are plain values, in one line of ASCII", () => {
  assertEquals([okay("a"), no("X", "b"), bad("c")], [
    { status: "OK", code: null, text: "a" },
    { status: "NO", code: "X", text: "b" },
    { status: "BAD", code: null, text: "c" },
  ]);
  for (const { text } of Object.values(REPLIES)) assertEquals(/^[ -~]+$/.test(text), true);
});
