import fc from "fast-check";
import { utf8 } from "../../../mod/base/bytes.ts";
import { DmarcCheck } from "../../../mod/auth/dmarc/evaluate.ts";
import type { DkimOutcome, DmarcOutcome, SpfOutcome } from "../../../mod/auth/types.ts";
import { assert, assertEquals } from "../../support/assert.ts";
import { zone, type ZoneData } from "../../support/zone.ts";

interface Case {
  readonly from?: string;
  /** "pass far.example" */
  readonly spf?: string | null;
  readonly dkim?: readonly string[];
  readonly dmarc?: Record<string, string>;
  readonly zone?: ZoneData;
  readonly roll?: number;
}

function spfOf(text: string | null | undefined): SpfOutcome | null {
  if (!text) return null;
  const [result = "", domain = ""] = text.split(" ");
  return {
    result: result as SpfOutcome["result"],
    identity: "mailfrom",
    domain,
    explanation: null,
    mechanism: null,
    why: "",
    lookups: 0,
  };
}

/** "pass far.example", or "pass+9 far.example" where l= leaves nine octets unsigned. */
function dkimOf(text: string): DkimOutcome {
  const [, result = "", unsigned = "0", domain = ""] = /^([a-z]+)(?:\+(\d+))? (.*)$/.exec(text) ?? [];
  return {
    result: result as DkimOutcome["result"],
    domain,
    selector: "s",
    identity: `@${domain}`,
    algorithm: "rsa-sha256",
    signature: "",
    reason: "",
    testing: false,
    keyBits: null,
    unsigned: Number(unsigned),
  };
}

async function evaluate(c: Case): Promise<DmarcOutcome> {
  const data: Record<string, ZoneData[string]> = { ...c.zone };
  for (const [name, text] of Object.entries(c.dmarc ?? { "example.org": "v=DMARC1; p=reject" })) {
    data[`_dmarc.${name}`] = text === "TEMP" ? "timeout" : { TXT: [text] };
  }
  const header = utf8(`From: ${c.from ?? "a@example.org"}\r\n\r\n`);
  const { outcome } = await new DmarcCheck(header, zone(data)).finish({
    spf: spfOf(c.spf),
    dkim: (c.dkim ?? []).map(dkimOf),
    roll: c.roll ?? 0,
  });
  return outcome;
}

async function short(c: Case): Promise<string> {
  const { result, policy, policyDomain, spfAligned, dkimAligned } = await evaluate(c);
  const aligned = `${spfAligned ? " spf" : ""}${dkimAligned ? " dkim" : ""}`;
  return `${result} ${policy ?? "-"} ${policyDomain || "-"}${aligned}`;
}

const P = "v=DMARC1; p=reject";

Deno.test("DmarcCheck: who vouches for the domain of From", async () => {
  const table: readonly (readonly [Case, string])[] = [
    [{}, "fail reject example.org"],
    [{ spf: "pass example.org" }, "pass reject example.org spf"],
    [{ dkim: ["pass example.org"] }, "pass reject example.org dkim"],
    [
      { spf: "pass example.org", dkim: ["fail x.org", "pass example.org"] },
      "pass reject example.org spf dkim",
    ],
    [{ spf: "softfail example.org" }, "fail reject example.org"],
    [
      { spf: "neutral example.org", dkim: ["fail example.org", "policy example.org"] },
      "fail reject example.org",
    ],
    [{ spf: "pass evil.org", dkim: ["pass evil.org"] }, "fail reject example.org"],
    // Relaxed: the same organization, up and down and aside.
    [{ spf: "pass a.example.org" }, "pass reject example.org spf"],
    [{ from: "a@b.example.org", dkim: ["pass example.org"] }, "pass reject example.org dkim"],
    [{ from: "a@b.example.org", dkim: ["pass c.d.example.org"] }, "pass reject example.org dkim"],
    [{ dkim: ["pass badexample.org"] }, "fail reject example.org"],
    [{ dkim: ["pass org"] }, "fail reject example.org"],
    // Strict: the very same.
    [{ dmarc: { "example.org": `${P}; aspf=s` }, spf: "pass a.example.org" }, "fail reject example.org"],
    [{ dmarc: { "example.org": `${P}; adkim=s` }, dkim: ["pass a.example.org"] }, "fail reject example.org"],
    [{ dmarc: { "example.org": `${P}; adkim=s` }, spf: "pass a.example.org" }, "pass reject example.org spf"],
    [
      { dmarc: { "example.org": `${P}; aspf=s; adkim=s` }, spf: "pass example.org" },
      "pass reject example.org spf",
    ],
    // psd= draws the borders.
    [
      { dmarc: { "example.org": P, "b.example.org": `${P}; psd=n` }, dkim: ["pass b.example.org"] },
      "fail reject example.org",
    ],
    [
      { dmarc: { "example.org": `${P}; psd=y` }, from: "a@b.example.org", dkim: ["pass c.example.org"] },
      "fail reject example.org",
    ],
    [
      { dmarc: { "example.org": `${P}; psd=y` }, from: "a@b.example.org", dkim: ["pass c.b.example.org"] },
      "pass reject example.org dkim",
    ],
    // A signature over part of the body vouches for nothing.
    [{ dkim: ["pass+9 example.org"] }, "fail reject example.org"],
  ];
  for (const [c, expected] of table) assertEquals(await short(c), expected, JSON.stringify(c));
});

Deno.test("DmarcCheck: which policy is applied", async () => {
  const below = "a@b.example.org";
  const here: ZoneData = { "b.example.org": { TXT: ["anything"] } };
  const alias: ZoneData = { "b.example.org": { CNAME: ["gone.example.net"] } };
  const table: readonly (readonly [Case, string])[] = [
    [{ dmarc: {} }, "none - -"],
    [{ from: below }, "fail reject example.org"],
    [{ from: below, dmarc: { "example.org": `${P}; sp=quarantine` } }, "fail quarantine example.org"],
    [{ dmarc: { "example.org": `${P}; sp=quarantine; np=none` } }, "fail reject example.org"],
    [
      { from: below, dmarc: { "example.org": `${P}; sp=quarantine; np=none` }, zone: here },
      "fail quarantine example.org",
    ],
    [{ from: below, dmarc: { "example.org": `${P}; sp=quarantine; np=none` } }, "fail none example.org"],
    [{ from: below, dmarc: { "example.org": `${P}; np=none` }, zone: here }, "fail reject example.org"],
    [{ from: below, dmarc: { "example.org": `${P}; np=none` }, zone: alias }, "fail reject example.org"],
    [
      { from: below, dmarc: { "example.org": `${P}; np=none` }, zone: { "b.example.org": "timeout" } },
      "fail reject example.org",
    ],
    [
      { from: below, dmarc: { "example.org": P, "b.example.org": "v=DMARC1; p=none" } },
      "fail none b.example.org",
    ],
    // A name between the author and the organization has no say.
    [
      { from: "a@c.b.example.org", dmarc: { "example.org": P, "b.example.org": "v=DMARC1; p=none" } },
      "fail reject example.org",
    ],
    // The public suffix is asked last.
    [{ dmarc: { org: "v=DMARC1; p=quarantine; psd=y" } }, "fail quarantine org"],
    [{ dmarc: { org: "v=DMARC1; p=reject; sp=none; psd=y" } }, "fail none org"],
    [{ dmarc: { org: "v=DMARC1; p=none; np=reject; psd=y" } }, "fail reject org"],
    // Trying, and part of the mail.
    [{ dmarc: { "example.org": `${P}; t=y` } }, "fail quarantine example.org"],
    [{ dmarc: { "example.org": "v=DMARC1; p=quarantine; t=y" } }, "fail none example.org"],
    [{ dmarc: { "example.org": "v=DMARC1; p=none; t=y" } }, "fail none example.org"],
    [{ dmarc: { "example.org": `${P}; pct=10` }, roll: 9 }, "fail reject example.org"],
    [{ dmarc: { "example.org": `${P}; pct=10` }, roll: 10 }, "fail quarantine example.org"],
    [{ dmarc: { "example.org": `${P}; pct=0` } }, "fail quarantine example.org"],
    // Nothing that can be followed.
    [{ dmarc: { "example.org": "v=DMARC1; p=x" }, spf: "pass example.org" }, "permerror - example.org"],
    [{ dmarc: { "example.org": "v=DMARC1; p=x; rua=mailto:a@b.c" } }, "fail none example.org"],
  ];
  for (const [c, expected] of table) assertEquals(await short(c), expected, JSON.stringify(c));
});

Deno.test("DmarcCheck says temperror where DNS did not answer and it matters", async () => {
  const table: readonly (readonly [Case, string])[] = [
    [{ dmarc: { "example.org": "TEMP" } }, "temperror - -"],
    [{ from: "a@b.example.org", dmarc: { "example.org": "TEMP" } }, "temperror - -"],
    [
      { from: "a@b.example.org", dmarc: { "b.example.org": P, "example.org": "TEMP" } },
      "fail reject b.example.org",
    ],
    [
      {
        from: "a@b.example.org",
        dmarc: { "b.example.org": P, "example.org": "TEMP" },
        dkim: ["pass b.example.org"],
      },
      "pass reject b.example.org dkim",
    ],
    [
      {
        from: "a@b.example.org",
        dmarc: { "b.example.org": P, "example.org": "TEMP" },
        dkim: ["pass example.org"],
      },
      "temperror reject b.example.org",
    ],
    [{ spf: "temperror example.org" }, "temperror reject example.org"],
    [{ spf: "temperror evil.org" }, "fail reject example.org"],
    [{ dkim: ["temperror a.example.org", "fail example.org"] }, "temperror reject example.org"],
    [{ spf: "temperror example.org", dkim: ["pass example.org"] }, "pass reject example.org dkim"],
  ];
  for (const [c, expected] of table) assertEquals(await short(c), expected, JSON.stringify(c));
});

Deno.test("DmarcCheck lets no domain in From hide behind another", async () => {
  const dmarc = { "bank.example": P, "evil.example": "v=DMARC1; p=none", "odd.example": "v=DMARC1; p=x" };
  const table: readonly (readonly [string, string])[] = [
    ["a@evil.example", "pass none evil.example spf"],
    ["a@evil.example, ceo@bank.example", "fail reject bank.example"],
    ["ceo@bank.example, a@evil.example", "fail reject bank.example"],
    ["a@evil.example\r\nFrom: ceo@bank.example", "fail reject bank.example"],
    ["a@evil.example, b@unknown.example", "none - -"],
    ["a@evil.example, b@odd.example", "permerror - odd.example"],
    ["a@1.example, b@2.example, c@3.example, d@4.example", "permerror - -"],
    ["nobody", "permerror - -"],
    ["a@[192.0.2.1]", "none - -"],
  ];
  for (const [from, expected] of table) {
    assertEquals(await short({ from, dmarc, spf: "pass evil.example" }), expected, from);
  }
});

Deno.test("DmarcCheck tells people why", async () => {
  const why = async (c: Case) => (await evaluate(c)).reason;
  assertEquals(await why({}), "SPF was not checked, there is no DKIM signature");
  assertEquals(
    await why({ spf: "pass evil.org", dkim: ["fail example.org", "pass list.org"] }),
    "SPF passed for evil.org only, DKIM passed for list.org only",
  );
  assertEquals(
    await why({ spf: "fail x.org", dkim: ["fail example.org"] }),
    "SPF says fail, no DKIM signature is valid",
  );
  assertEquals(
    await why({ spf: "none x.org", dkim: ["pass+1 example.org"] }),
    "SPF says none, the DKIM signature of example.org covers only part of the message",
  );
});

Deno.test("DmarcCheck asks little, however many have signed", async () => {
  const dns = zone({ "_dmarc.example.org": { TXT: [P] } });
  const dkim = Array.from({ length: 1000 }, (_, i) => dkimOf(`pass s${i}.example.org`));
  const header = utf8("From: a@example.org\r\n\r\n");
  await new DmarcCheck(header, dns).finish({ spf: null, dkim, roll: 0 });
  assert(dns.calls.length <= 2 * (10 + 2), `${dns.calls.length}`);
  const usual = zone({ "_dmarc.example.org": { TXT: [P] } });
  await new DmarcCheck(header, usual).finish({
    spf: spfOf("pass esp.net"),
    dkim: [dkimOf("pass example.org"), dkimOf("pass esp.net")],
    roll: 0,
  });
  assertEquals(usual.calls, ["TXT _dmarc.example.org"]);
});

Deno.test("DmarcCheck never says pass without somebody of the same organization", async () => {
  const label = fc.constantFrom("a", "b", "example", "org");
  const name = fc.array(label, { minLength: 1, maxLength: 4 }).map((l) => l.join("."));
  const record = fc.constantFrom(P, `${P}; psd=n`, `${P}; psd=y`, `${P}; adkim=s`, "v=DMARC1", "TEMP");
  await fc.assert(
    fc.asyncProperty(name, name, name, fc.dictionary(name, record), async (from, spf, dkim, dmarc) => {
      const o = await evaluate({ from: `x@${from}`, spf: `pass ${spf}`, dkim: [`pass ${dkim}`], dmarc });
      assertEquals(o.result === "pass", o.spfAligned || o.dkimAligned);
      const related = (a: string, b: string) => a.split(".").at(-1) === b.split(".").at(-1);
      if (o.spfAligned) assert(related(spf, from));
      if (o.dkimAligned) assert(related(dkim, from));
    }),
  );
});
