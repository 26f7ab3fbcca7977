import { fromUtf8 } from "../../../mod/base/bytes.ts";
import { digestMessage } from "../../../mod/auth/dkim/message_digest.ts";
import { assertEquals } from "../../support/assert.ts";
import { bodyOf, spooledBody } from "../../inbound/rig.ts";
import { bodyHash } from "./crafted.ts";

const HEADER = "From: a@b.test\r\nSubject: s\r\n\r\n";

Deno.test("digestMessage() gives header and hash, from memory and from a file in any pieces", async () => {
  const text = `${HEADER}a  b \r\n\r\n`;
  for (const body of [bodyOf(text), ...[1, 2, 7, 100].map((n) => spooledBody(text, n))]) {
    for (const [canon, canonical] of [["simple", "a  b \r\n"], ["relaxed", "a b\r\n"]] as const) {
      const digest = await digestMessage(body, canon);
      assertEquals(fromUtf8(digest?.header ?? new Uint8Array()), HEADER);
      assertEquals(digest?.bodyHash.toBase64(), bodyHash(canonical));
    }
  }
});

Deno.test("digestMessage() takes a message without body, and none whose header is too long", async () => {
  assertEquals(
    (await digestMessage(bodyOf("From: a@b.test\r\n"), "relaxed"))?.bodyHash.toBase64(),
    bodyHash(""),
  );
  assertEquals(await digestMessage(bodyOf(`X: ${"y".repeat(1 << 20)}\r\n\r\n`), "relaxed"), null);
});
