import fc from "fast-check";
import { utf8 } from "../../../mod/base/bytes.ts";
import { parseDmarcRecords } from "../../../mod/auth/dmarc/record.ts";
import type { DmarcRecord } from "../../../mod/auth/dmarc/types.ts";
import { assert, assertEquals } from "../../support/assert.ts";

const PLAIN: DmarcRecord = {
  policy: "none",
  subdomains: null,
  nonexistent: null,
  strictDkim: false,
  strictSpf: false,
  testing: false,
  percent: 100,
  psd: "u",
  aggregate: [],
  failure: [],
  failureOptions: ["0"],
};

const read = (...texts: string[]) => parseDmarcRecords(texts.map(utf8));

Deno.test("parseDmarcRecords() reads every tag, in any order and with any white space", () => {
  const table: readonly (readonly [string, Partial<DmarcRecord>])[] = [
    ["v=DMARC1; p=none", {}],
    ["v=DMARC1;p=REJECT;", { policy: "reject" }],
    ["v = DMARC1 ; P = Quarantine ;", { policy: "quarantine" }],
    ["v=DMARC1; sp=reject; np=none; p=quarantine", {
      policy: "quarantine",
      subdomains: "reject",
      nonexistent: "none",
    }],
    ["v=DMARC1; p=none; adkim=s; aspf=S; t=y; pct=20; psd=n; fo=1:d:x", {
      strictDkim: true,
      strictSpf: true,
      testing: true,
      percent: 20,
      psd: "n",
      failureOptions: ["1", "d"],
    }],
    // Values that are none are as if they were not there, and so are tags nobody knows.
    ["v=DMARC1; p=none; adkim=x; aspf=; t=1; pct=200%; psd=maybe; x-y; =; zz=1", {}],
    ["v=DMARC1; p=none; pct=999", { percent: 100 }],
    ["v=DMARC1; p=none; p=reject", {}],
    // RFC 9989 4.7: no policy that can be followed, but somebody who wants reports.
    ["v=DMARC1", { policy: null }],
    ["v=DMARC1; p=rejected", { policy: null }],
    ["v=DMARC1; p=reject; sp=x", { policy: null }],
    ["v=DMARC1; p=reject; np=x", { policy: null }],
    ["v=DMARC1; psd=y", { policy: null, psd: "y" }],
  ];
  for (const [text, expected] of table) assertEquals(read(text), { ...PLAIN, ...expected }, text);
  const rua = read("v=DMARC1; p=oops; rua=mailto:a@b.example!10m,ftp://x; ruf=mailto:c@d.example");
  assertEquals(rua?.policy, "none");
  assertEquals(rua?.aggregate, [{
    kind: "mail",
    address: { local: "a", domain: "b.example" },
    most: 10 * 2 ** 20,
  }]);
  assertEquals(rua?.failure.length, 1);
});

Deno.test("parseDmarcRecords() wants one record, and passes over what is none", () => {
  for (
    const none of [
      "",
      "v=DMARC2; p=none",
      "v=dmarc1; p=none",
      "p=none; v=DMARC1",
      " v=DMARC1; p=none",
      "v=DMARC10",
      "v=spf1 -all",
    ]
  ) {
    assertEquals(read(none), null, none);
  }
  assertEquals(read(), null);
  assertEquals(read("v=spf1", "v=DMARC1; p=none"), PLAIN);
  assertEquals(read("v=DMARC1; p=none", "v=DMARC1; p=none"), null);
  assertEquals(read(`v=DMARC1; p=none; ${"x".repeat(9000)}`), null);
});

Deno.test("parseDmarcRecords() takes any octets", () => {
  const piece = fc.constantFrom(
    "p=none",
    "sp=",
    ";",
    "=",
    "rua=mailto:",
    "a@b.c",
    "!1k",
    ",",
    "%",
    "\0",
    "é",
    " ",
    "psd=y",
  );
  fc.assert(fc.property(fc.array(piece).map((p) => `v=DMARC1;${p.join("")}`), (text) => assert(read(text))));
  fc.assert(fc.property(fc.array(fc.uint8Array()), (records) => void parseDmarcRecords(records)));
});
