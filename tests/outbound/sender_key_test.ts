import type { Address } from "../../mod/mail/address.ts";
import { senderKey } from "../../mod/outbound/sender_key.ts";
import { assertEquals } from "../support/assert.ts";

Deno.test("senderKey() finds what the sender decides by, where the recipient does not", () => {
  const byDomain = new Set(["own.test"]);
  const bySender = new Set(["me@s.test", "s.test", "<>"]);
  const me = { local: "me", domain: "s.test" };
  const cases: readonly (readonly [string, Address | null, string | null])[] = [
    ["own.test", me, null],
    ["x.test", me, "me@s.test"],
    ["x.test", { ...me, local: "Me" }, "me@s.test"],
    ["x.test", { ...me, local: "you" }, "s.test"],
    ["x.test", { ...me, domain: "other.test" }, null],
    ["x.test", null, "<>"],
  ];
  for (const [destination, sender, key] of cases) {
    assertEquals(senderKey(destination, sender, byDomain, bySender), key);
    assertEquals(senderKey(destination, sender, byDomain, new Set()), null);
  }
});
