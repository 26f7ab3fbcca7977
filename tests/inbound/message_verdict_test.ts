import {
  dispositionOf,
  judgeMessage,
  type Measure,
  type VerdictTable,
} from "../../mod/inbound/message_verdict.ts";
import type {
  ArcOutcome,
  AuthFindings,
  DkimOutcome,
  DmarcOutcome,
  SpfOutcome,
} from "../../mod/auth/types.ts";
import { assert, assertEquals, assertMatch } from "../support/assert.ts";

const TABLE: VerdictTable = {
  dmarcReject: "reject",
  dmarcQuarantine: "junk",
  spfFail: "deliver",
  noAuthor: "junk",
};

interface Case {
  /** "fail reject" */
  readonly dmarc?: string;
  readonly domain?: string;
  readonly spf?: SpfOutcome["result"];
  readonly dkim?: string;
  readonly arc?: Partial<ArcOutcome>;
  readonly table?: Partial<VerdictTable>;
  readonly trusted?: boolean;
}

function findings(c: Case): AuthFindings {
  const [result = "none", policy = null] = (c.dmarc ?? "none").split(" ");
  const domain = c.domain ?? "bank.example";
  return {
    spf: {
      result: c.spf ?? "none",
      identity: "mailfrom",
      domain: "sender.example",
      explanation: c.spf === "fail" ? "use our\r\nservers" : null,
      mechanism: null,
      why: "",
      lookups: 0,
    },
    spfHelo: null,
    dkim: c.dkim ? [{ result: "pass", domain: c.dkim } as DkimOutcome] : [],
    arc: c.arc
      ? {
        result: "pass",
        instances: 1,
        sealer: "list.example",
        sealers: ["list.example"],
        claims: "",
        reason: "",
        ...c.arc,
      }
      : null,
    dmarc: {
      result: result as DmarcOutcome["result"],
      domain,
      policyDomain: domain,
      policy: policy as DmarcOutcome["policy"],
      spfAligned: false,
      dkimAligned: false,
      reason: "because",
    },
    iprev: null,
  };
}

function judge(c: Case) {
  return judgeMessage(findings(c), { ...TABLE, ...c.table }, "192.0.2.1", c.trusted ?? false);
}

const short = (c: Case) => {
  const { measure, reply, override } = judge(c);
  return [measure, reply ? `${reply.code} ${reply.enhanced}` : "", override?.type ?? ""].filter((t) =>
    t !== ""
  ).join(" ");
};

Deno.test("judgeMessage() follows the domains' wishes, and the table", () => {
  const claims = "i=1; list.example; dmarc=pass header.from=bank.example";
  const table: readonly (readonly [Case, string])[] = [
    [{}, "deliver"],
    [{ dmarc: "pass reject" }, "deliver"],
    [{ dmarc: "fail reject" }, "reject 550 5.7.1"],
    [{ dmarc: "fail quarantine" }, "junk"],
    [{ dmarc: "fail none" }, "deliver"],
    [{ dmarc: "fail reject", table: { dmarcReject: "junk" } }, "junk local_policy"],
    [{ dmarc: "fail reject", table: { dmarcReject: "deliver" } }, "deliver local_policy"],
    [{ dmarc: "fail quarantine", table: { dmarcQuarantine: "reject" } }, "reject 550 5.7.1"],
    [{ dmarc: "fail quarantine", table: { dmarcQuarantine: "deliver" } }, "deliver local_policy"],
    // What could not be asked.
    [{ dmarc: "temperror" }, "deliver"],
    [{ dmarc: "temperror reject" }, "defer 451 4.7.0"],
    [{ dmarc: "temperror reject", table: { dmarcReject: "junk" } }, "deliver"],
    [{ dmarc: "temperror quarantine" }, "deliver"],
    // From that names nobody, or a broken record.
    [{ dmarc: "permerror", domain: "" }, "junk"],
    [{ dmarc: "permerror", domain: "", table: { noAuthor: "reject" } }, "reject 550 5.6.0"],
    [{ dmarc: "permerror" }, "deliver"],
    // SPF alone.
    [{ spf: "fail" }, "deliver"],
    [{ spf: "fail", table: { spfFail: "junk" } }, "junk"],
    [{ spf: "fail", table: { spfFail: "reject" } }, "reject 550 5.7.23"],
    [{ spf: "softfail", table: { spfFail: "reject" } }, "deliver"],
    [{ spf: "fail", dkim: "sender.example", table: { spfFail: "reject" } }, "deliver"],
    [{ spf: "fail", dkim: "bank.example", table: { spfFail: "reject" } }, "deliver"],
    [{ spf: "fail", dkim: "evil.example", table: { spfFail: "reject" } }, "reject 550 5.7.23"],
    [{ spf: "fail", dmarc: "pass reject", table: { spfFail: "reject" } }, "deliver"],
    [{ spf: "fail", dmarc: "fail none", table: { spfFail: "reject" } }, "deliver"],
    [{ spf: "fail", dmarc: "permerror", table: { spfFail: "junk" } }, "junk"],
    [{ spf: "fail", dmarc: "permerror", domain: "", table: { spfFail: "reject" } }, "reject 550 5.7.23"],
    // Forwarders we trust.
    [{ dmarc: "fail reject", arc: { claims } }, "deliver trusted_forwarder"],
    [
      { dmarc: "fail reject", arc: { claims: "i=1; x; dkim=pass header.d=bank.example" } },
      "deliver trusted_forwarder",
    ],
    [{ dmarc: "fail reject", arc: { claims: "i=1; x; dmarc=pass" } }, "deliver trusted_forwarder"],
    [
      { dmarc: "fail reject", arc: { claims: "i=1; x; dmarc=pass header.from=other.example" } },
      "reject 550 5.7.1",
    ],
    [
      { dmarc: "fail reject", arc: { claims: "i=1; x; dmarc=fail header.from=bank.example; spf=pass" } },
      "reject 550 5.7.1",
    ],
    [
      { dmarc: "fail reject", arc: { claims: "i=1; x; dkim=pass header.d=evil.example" } },
      "reject 550 5.7.1",
    ],
    [{ dmarc: "fail reject", arc: { claims: "i=1; x; arc=pass" } }, "reject 550 5.7.1"],
    [{ dmarc: "fail reject", arc: { claims: "broken" } }, "reject 550 5.7.1"],
    [{ dmarc: "fail reject", arc: { claims: "" } }, "reject 550 5.7.1"],
    [{ dmarc: "fail reject", arc: { claims, result: "fail" } }, "reject 550 5.7.1"],
    [{ dmarc: "fail reject", arc: { claims, result: "temperror" } }, "defer 451 4.7.0"],
    [{ dmarc: "fail reject", arc: { claims: "", result: "temperror" } }, "reject 550 5.7.1"],
    [{ dmarc: "fail quarantine", arc: { claims, result: "temperror" } }, "junk"],
    // Networks we trust.
    [{ dmarc: "fail reject", trusted: true }, "deliver local_policy"],
    [{ dmarc: "temperror reject", trusted: true }, "deliver local_policy"],
    [{ dmarc: "permerror", domain: "", trusted: true }, "deliver local_policy"],
  ];
  for (const [c, expected] of table) assertEquals(short(c), expected, JSON.stringify(c));
});

Deno.test("judgeMessage() says why, to people and to the sender", () => {
  const { reasons, reply } = judge({ dmarc: "fail reject" });
  assertEquals(reasons, ["DMARC of bank.example (p=reject): because"]);
  assertMatch(reply?.lines.join(" ") ?? "", /bank\.example.*because.*DKIM/);
  const spf = judge({ spf: "fail", table: { spfFail: "reject" } });
  assertEquals(spf.reply?.lines, [
    "sender.example does not let 192.0.2.1 send its mail (SPF): use the domain's servers",
    "sender.example explains: use our?servers",
  ]);
  assertEquals(judge({ dmarc: "fail reject", trusted: true }).reasons.length, 2);
});

Deno.test("dispositionOf() tells reports what was done", () => {
  const table: readonly (readonly [Measure, string])[] = [["deliver", "none"], ["junk", "quarantine"], [
    "reject",
    "reject",
  ]];
  for (const [measure, expected] of table) {
    const verdict = { measure, reasons: [], reply: null, override: null };
    assertEquals(dispositionOf(verdict), expected as "none");
  }
  assert(dispositionOf(judge({ dmarc: "temperror reject" })) === "none");
});
