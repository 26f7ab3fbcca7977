/** Aggregate reports held against their schema by libxml2, which knows nothing of us. */
import { formatDmarcReport } from "../../mod/auth/dmarc/report.ts";
import type { DkimResult, SpfResult } from "../../mod/auth/types.ts";
import { DmarcLedger } from "../../mod/report/dmarc_ledger.ts";
import { assert, assertEquals } from "../support/assert.ts";
import { judged } from "../support/judged.ts";

const SCHEMA = new URL("../support/dmarc_report.xsd", import.meta.url).pathname;

/** What xmllint has against a document; "" when nothing. */
async function faultsOf(xml: string): Promise<string> {
  const file = await Deno.makeTempFile({ suffix: ".xml" });
  try {
    await Deno.writeTextFile(file, xml);
    const { code, stderr } = await new Deno.Command("xmllint", {
      args: ["--noout", "--nonet", "--schema", SCHEMA, file],
      stdout: "null",
      stderr: "piped",
    }).output();
    return code === 0 ? "" : new TextDecoder().decode(stderr);
  } finally {
    await Deno.remove(file);
  }
}

Deno.test("aggregate reports keep to their schema, whatever is in them", async () => {
  const ledger = new DmarcLedger();
  const spf: readonly SpfResult[] = ["none", "fail", "neutral", "softfail", "temperror", "permerror", "pass"];
  const dkim: readonly DkimResult[] = ["none", "fail", "policy", "neutral", "temperror", "permerror", "pass"];
  const base = judged();
  for (const [i, result] of spf.entries()) {
    const bad = 'a "<b>" & \u0000\u{1f4ec}';
    const signature = {
      result: dkim[i] ?? "none",
      domain: bad,
      selector: bad,
      identity: "",
      algorithm: "",
      signature: "",
      reason: bad,
      testing: false,
      keyBits: null,
      unsigned: 0,
    };
    ledger.observe({
      ...base,
      address: i % 2 ? "2001:db8::1" : "::1",
      envelopeFrom: bad,
      spf: base.spf && { ...base.spf, domain: bad, result },
      dkim: [signature],
      disposition: (["none", "quarantine", "reject"] as const)[i % 3] ?? "none",
      override: i % 2 ? { type: "local_policy", comment: bad } : null,
    });
  }
  ledger.observe({ ...base, spf: null });
  const counted = ledger.report({ day: 10, domain: "a.example" });
  assert(counted);
  const head = {
    organization: "example.org",
    email: "postmaster@example.org",
    id: "1970-01-11_a.example@mail.example.org",
    begin: 864000_000,
    end: 950399_000,
    error: "5 more messages were not counted, for want of room",
    published: counted.published,
  };
  const xml = [...formatDmarcReport(head, counted.rows)].join("");
  assertEquals(await faultsOf(xml), "");
  assert((await faultsOf(xml.replace("<count>", "<count>-"))).includes("count"));
});
