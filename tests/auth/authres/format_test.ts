import fc from "fast-check";
import { fromUtf8 } from "../../../mod/base/bytes.ts";
import { formatAuthResults } from "../../../mod/auth/authres/format.ts";
import { parseAuthResults } from "../../../mod/auth/authres/parse.ts";
import type { AuthFindings, DkimOutcome, SpfOutcome } from "../../../mod/auth/types.ts";
import { scanHeader } from "../../../mod/mail/header.ts";
import { assert, assertEquals } from "../../support/assert.ts";

const NOTHING: AuthFindings = { spf: null, spfHelo: null, dkim: [], arc: null, dmarc: null, iprev: null };

function spf(o: Partial<SpfOutcome> = {}): SpfOutcome {
  return {
    result: "pass",
    identity: "mailfrom",
    domain: "far.example",
    explanation: null,
    mechanism: null,
    why: "",
    lookups: 0,
    ...o,
  };
}

function dkim(o: Partial<DkimOutcome> = {}): DkimOutcome {
  return {
    result: "pass",
    domain: "far.example",
    selector: "s1",
    identity: "@far.example",
    algorithm: "rsa-sha256",
    signature: "AbCd/+12",
    reason: "",
    testing: false,
    keyBits: 2048,
    unsigned: 0,
    ...o,
  };
}

function field(findings: Partial<AuthFindings>, sender = "ann@far.example", address = "192.0.2.1"): string {
  const at = sender.lastIndexOf("@");
  return fromUtf8(formatAuthResults("mx.example.org", { ...NOTHING, ...findings }, {
    address,
    sender: sender === "" ? null : { local: sender.slice(0, at), domain: sender.slice(at + 1) },
  }));
}

Deno.test("formatAuthResults() tells every check", () => {
  assertEquals(
    field({
      spf: spf(),
      spfHelo: spf({ identity: "helo", domain: "mail.far.example", result: "none" }),
      dkim: [dkim(), dkim({ result: "fail", reason: "body was changed", identity: "ann@far.example" })],
      arc: {
        result: "pass",
        instances: 2,
        sealer: "l.example",
        sealers: ["l.example"],
        claims: "",
        reason: "",
      },
      dmarc: {
        result: "pass",
        domain: "far.example",
        policyDomain: "far.example",
        policy: "reject",
        spfAligned: true,
        dkimAligned: true,
        reason: "",
      },
      iprev: { result: "pass", name: "mail.far.example" },
    }),
    [
      "Authentication-Results: mx.example.org;",
      "\tspf=pass smtp.mailfrom=ann@far.example;",
      "\tspf=none smtp.helo=mail.far.example;",
      "\tdkim=pass (2048-bit key) header.d=far.example header.s=s1",
      '\theader.a=rsa-sha256 header.b="AbCd/+12";',
      '\tdkim=fail (2048-bit key) reason="body was changed"',
      "\theader.d=far.example header.s=s1 header.i=ann@far.example",
      '\theader.a=rsa-sha256 header.b="AbCd/+12";',
      "\tarc=pass (2 sets) smtp.remote-ip=192.0.2.1;",
      "\tdmarc=pass header.from=far.example policy.dmarc=reject;",
      "\tiprev=pass (mail.far.example) policy.iprev=192.0.2.1",
      "",
    ].join("\r\n"),
  );
  assertEquals(field({}), "Authentication-Results: mx.example.org;\r\n\tdkim=none\r\n");
});

Deno.test("formatAuthResults() lets nothing out of its place", () => {
  const parsed = (text: string) =>
    parseAuthResults(new TextEncoder().encode(text.slice(text.indexOf(":") + 1)));
  const nasty = [
    'x"; dkim=pass header.d=bank.example; y="',
    "a\r\nSubject: injected",
    "dkim=pass",
    'dmarc= "pass"',
    "x (never ends",
    "é\u2028\0",
    "a;b=c",
  ];
  for (const text of nasty) {
    const written = field({
      spf: spf({ result: "fail", why: text, domain: text }),
      dkim: [
        dkim({
          result: "fail",
          reason: text,
          domain: text,
          selector: text,
          identity: text,
          signature: text,
          algorithm: text,
        }),
      ],
      iprev: { result: "fail", name: text },
    }, `${text}@far.example`);
    const read = parsed(written);
    assertEquals(
      read?.results.map((r) => `${r.method}=${r.result}`),
      ["spf=fail", "dkim=fail", "iprev=fail"],
      text,
    );
    assertEquals(scanHeader(new TextEncoder().encode(written)).fields.length, 1);
    assert(!/(?:dkim|dmarc)=\s*"?pass/i.test(written), written);
    assert(!/[^\x20-\x7e\r\n\t]/.test(written) && written.split("\r\n").every((l) => !/[\r\n]/.test(l)));
  }
});

Deno.test("formatAuthResults() names the sender as far as ASCII goes", () => {
  const of = (sender: string) => /smtp\.mailfrom=([^;]*);/.exec(field({ spf: spf() }, sender))?.[1];
  assertEquals(of("SRS0=a=b=c=d@far.example"), "SRS0=a=b=c=d@far.example");
  assertEquals(of("dkim=pass@far.example"), "far.example");
  assertEquals(of("a b@far.example"), "far.example");
  assertEquals(of("jürgen@far.example"), "far.example");
  assertEquals(of(""), "far.example");
  assertEquals(
    /policy\.iprev=(.*)\r\n$/.exec(field({ iprev: { result: "fail", name: null } }, "", "2001:db8::1"))?.[1],
    '"2001:db8::1"',
  );
});

Deno.test("formatAuthResults() names few of many signatures, those that passed first", () => {
  const many = Array.from(
    { length: 1000 },
    (_, i) => dkim({ result: i === 999 ? "pass" : "fail", selector: `s${i}` }),
  );
  const written = field({ dkim: many });
  assertEquals(written.match(/dkim=/g)?.length, 20);
  assert(written.includes("header.s=s999") && written.indexOf("dkim=pass") < written.indexOf("dkim=fail"));
});

Deno.test("formatAuthResults() is read back as it was meant", () => {
  const text = fc.string({ unit: "binary", maxLength: 60 });
  fc.assert(
    fc.property(text, text, text, (a, b, c) => {
      const written = field({
        spf: spf({ result: "softfail", domain: a, why: b }),
        dkim: [dkim({ result: "permerror", domain: b, selector: c, reason: a })],
      }, `${c}@far.example`);
      const read = parseAuthResults(new TextEncoder().encode(written.slice(written.indexOf(":") + 1)));
      assertEquals(read?.results.map((r) => `${r.method}=${r.result}`), ["spf=softfail", "dkim=permerror"]);
      assertEquals(read?.id, "mx.example.org");
    }),
  );
});
