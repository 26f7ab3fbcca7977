import { configReference, formatReference } from "../../mod/config/reference.ts";
import { assert, assertEquals } from "../support/assert.ts";

Deno.test("configReference() has every key with its reason, kind and default", () => {
  const lines = configReference();
  const by = new Map(lines.map((l) => [l.key, l]));
  for (const line of lines) assert(line.doc !== "", line.key);
  assertEquals(by.get("limits.message_size")?.fallback, "50MB");
  assertEquals(by.get("network")?.allowed, "one of open, closed");
  assertEquals(by.get("network")?.fallback, "open");
  for (
    const key of [
      "hostname",
      "listen.smtp",
      "domains.NAME.aliases",
      "tls.certificates[].cert",
      "routes.NAME.to",
      "limits",
    ]
  ) {
    assert(by.has(key), key);
  }
  assert(formatReference().includes("limits.queue_lifetime\n"));
});
