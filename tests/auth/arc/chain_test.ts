import { utf8 } from "../../../mod/base/bytes.ts";
import { countSeals, readChain } from "../../../mod/auth/arc/chain.ts";
import { scanHeader } from "../../../mod/mail/header.ts";
import { assertEquals } from "../../support/assert.ts";
import { chainOf, NOW } from "./rig.ts";

Deno.test("readChain() puts sets in order wherever their fields stand", async () => {
  const message = await chainOf("one.example", "two.example");
  const header = scanHeader(utf8(message));
  const mixed = scanHeader(
    utf8(
      `${
        header.fields.map((f) => new TextDecoder().decode(header.bytes.subarray(f.start, f.end))).toReversed()
          .join("")
      }\r\n`,
    ),
  );
  for (const h of [header, mixed]) {
    const chain = readChain(h, NOW);
    assertEquals(
      chain.ok && chain.value.map((s) => [s.instance, s.seal.domain, s.seal.cv, s.message.names]),
      [
        [1, "one.example", "none", ["from", "to", "subject"]],
        [2, "two.example", "pass", ["from", "to", "subject"]],
      ],
    );
    assertEquals(countSeals(h), 2);
  }
});

Deno.test("readChain() finds none where there is none", () => {
  const header = scanHeader(utf8("From: a@b\r\nARC-Other: i=1\r\n\r\nARC-Seal: i=1\r\n"));
  assertEquals(readChain(header, NOW), { ok: true, value: [] });
  assertEquals(countSeals(header), 0);
});
