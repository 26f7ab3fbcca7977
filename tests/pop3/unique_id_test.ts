import { uniqueId } from "../../mod/pop3/unique_id.ts";
import { assertEquals } from "../support/assert.ts";

Deno.test("uniqueId() writes what Dovecot writes", () => {
  const rows: [string, string][] = [
    ["%08Xu%08Xv", "0000010f5f5e1001"],
    ["%v.%u", "1600000001.271"],
    ["UID%u-%v", "UID271-1600000001"],
    ["%u", "271"],
    ["%05u", "00271"],
    ["%Xu", "10f"],
  ];
  for (const [format, expected] of rows) {
    assertEquals(uniqueId(format, 271, 1_600_000_001), expected, format);
  }
});
