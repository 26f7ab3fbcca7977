import { DmarcTree, namesUpFrom } from "../../../mod/auth/dmarc/tree.ts";
import { assertEquals } from "../../support/assert.ts";
import { zone, type ZoneData } from "../../support/zone.ts";

async function walk(domain: string, records: Record<string, string>) {
  const data: Record<string, ZoneData[string]> = {};
  for (const [name, text] of Object.entries(records)) {
    data[`_dmarc.${name}`] = text === "TEMP" ? "servfail" : { TXT: [text] };
  }
  const found = await new DmarcTree(zone(data)).walk(domain);
  return found.kind === "temp"
    ? "temp"
    : `${found.organization}: ${found.found.map((f) => f.domain).join(" ")}`.trim();
}

Deno.test("namesUpFrom() goes up label by label, and from long names straight to the last seven", () => {
  assertEquals(namesUpFrom("example"), ["example"]);
  assertEquals(namesUpFrom("a.example.org"), ["a.example.org", "example.org", "org"]);
  assertEquals(namesUpFrom("a.b.c.d.e.f.g.h"), [
    "a.b.c.d.e.f.g.h",
    "b.c.d.e.f.g.h",
    "c.d.e.f.g.h",
    "d.e.f.g.h",
    "e.f.g.h",
    "f.g.h",
    "g.h",
    "h",
  ]);
  assertEquals(namesUpFrom("a.b.c.d.e.f.g.h.i.j").slice(0, 2), ["a.b.c.d.e.f.g.h.i.j", "d.e.f.g.h.i.j"]);
  assertEquals(namesUpFrom("x.".repeat(120) + "y").length, 8);
});

Deno.test("DmarcTree finds the organization (RFC 9989 4.10.2)", async () => {
  const p = "v=DMARC1; p=none";
  const table: readonly (readonly [string, Record<string, string>, string])[] = [
    ["a.example.org", {}, "a.example.org:"],
    ["a.example.org", { "a.example.org": p }, "a.example.org: a.example.org"],
    ["a.example.org", { "example.org": p }, "example.org: example.org"],
    ["a.example.org", { "a.example.org": p, "example.org": p }, "example.org: a.example.org example.org"],
    // psd=n: the walk is over, even at its start.
    ["a.example.org", { "a.example.org": `${p}; psd=n`, "example.org": p }, "a.example.org: a.example.org"],
    ["a.b.example.org", { "b.example.org": `${p}; psd=n`, "example.org": p }, "b.example.org: b.example.org"],
    // psd=y: the name below is the organization, unless the walk began there.
    ["a.example.org", { "org": `${p}; psd=y` }, "example.org: org"],
    ["a.b.example.co.uk", { "co.uk": `${p}; psd=y`, uk: p }, "example.co.uk: co.uk"],
    ["co.uk", { "co.uk": `${p}; psd=y` }, "co.uk: co.uk"],
    ["a.example.org", { "a.example.org": p, "org": `${p}; psd=y` }, "example.org: a.example.org org"],
    ["a.example.org", { "org": p }, "org: org"],
    // What does not answer counts only as far as the walk goes.
    ["a.example.org", { "example.org": "TEMP" }, "temp"],
    [
      "a.example.org",
      { "a.example.org": `${p}; psd=n`, "example.org": "TEMP" },
      "a.example.org: a.example.org",
    ],
  ];
  for (const [domain, records, expected] of table) {
    assertEquals(await walk(domain, records), expected, domain);
  }
});

Deno.test("DmarcTree asks each name once", async () => {
  const dns = zone({ "_dmarc.example.org": { TXT: ["v=DMARC1; p=none"] } });
  const tree = new DmarcTree(dns);
  await Promise.all([tree.walk("a.example.org"), tree.walk("b.example.org"), tree.recordAt("a.example.org")]);
  assertEquals([...dns.calls].sort(), [
    "TXT _dmarc.a.example.org",
    "TXT _dmarc.b.example.org",
    "TXT _dmarc.example.org",
    "TXT _dmarc.org",
  ]);
});
