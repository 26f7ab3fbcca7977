import { printableId, uniqueId } from "../../mod/pop3/unique_id.ts";
import { assertEquals } from "../support/assert.ts";

const NAMES = { uid: 271, uidValidity: 1_600_000_001, file: "16.M1P2.host,S=3,W=4", guid: "15.M9P8.host" };

Deno.test("uniqueId() writes what Dovecot writes", () => {
  const rows: [string, string][] = [
    ["%08Xu%08Xv", "0000010f5f5e1001"],
    ["%v.%u", "1600000001.271"],
    ["%v-%u", "1600000001-271"],
    ["UID%u-%v", "UID271-1600000001"],
    ["%u", "271"],
    ["%05u", "00271"],
    ["%Xu", "10f"],
    ["%f", "16.M1P2.host,S=3,W=4"],
    ["<%g>", "<15.M9P8.host>"],
    ["%f%u", "16.M1P2.host,S=3,W=4271"],
  ];
  for (const [format, expected] of rows) assertEquals(uniqueId(format, NAMES), expected, format);
  // What stands in a name is no format.
  assertEquals(uniqueId("%f", { ...NAMES, file: "%u%v" }), "%u%v");
});

Deno.test("printableId() makes a line of anything that a file may be called", () => {
  const rows = [["a,S=1", "a,S=1"], ["a b\tc", "a_b_c"], ["\r\n.\r\n", "__.__"], ["\u00e9\0", "__"], [
    "",
    "_",
  ]];
  for (const [id = "", expected] of rows) assertEquals(printableId(id), expected);
});
