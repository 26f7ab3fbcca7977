import { nullRecords } from "../../mod/app/dns_records.ts";
import { formatZone } from "../../mod/app/zone_file.ts";
import { assertEquals } from "../support/assert.ts";

function zoneOf(value: string): string[] {
  const record = { name: "a.b.test", type: "TXT", value, role: "spf", need: "must", why: "" } as const;
  const zone = { domain: "b.test", nameServer: "ns.b.test", serial: 7, notes: [] };
  return formatZone({ ...zone, records: [record] }).split("\n").slice(5);
}

Deno.test("formatZone() makes a whole zone; what belongs elsewhere is a comment", () => {
  const records = [...nullRecords("b.test").slice(0, 2), ...nullRecords("xb.test").slice(0, 1)];
  const notes = ["read me"];
  assertEquals(
    formatZone({ domain: "b.test", nameServer: "ns.b.test", serial: 2 ** 32 + 7, records, notes }),
    `$ORIGIN b.test.
$TTL 3600
; The next two lines are the name server's: write its name into them.
@ IN SOA ns.b.test. postmaster.b.test. 7 3600 900 1209600 3600
@ IN NS ns.b.test.
b.test. IN MX 0 .
b.test. IN TXT "v=spf1 -all"
; read me
; In the zones of these names:
;   xb.test. IN MX 0 .
`,
  );
});

Deno.test("formatZone() quotes text and cuts it at 255 octets", () => {
  const long = "x".repeat(300);
  assertEquals(zoneOf(`${long}"`), [`a.b.test. IN TXT "${"x".repeat(255)}" "${"x".repeat(45)}\\""`, ""]);
  assertEquals(zoneOf('a"b\\c\né'), [`a.b.test. IN TXT "a\\"b\\\\c\\010\\195\\169"`, ""]);
  assertEquals(zoneOf(""), ['a.b.test. IN TXT ""', ""]);
  assertEquals(zoneOf("y".repeat(510)), [`a.b.test. IN TXT "${"y".repeat(255)}" "${"y".repeat(255)}"`, ""]);
});
