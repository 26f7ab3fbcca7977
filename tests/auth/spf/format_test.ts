import fc from "fast-check";
import { formatReceivedSpf } from "../../../mod/auth/spf/format.ts";
import type { SpfOutcome, SpfResult } from "../../../mod/auth/types.ts";
import { utf8 } from "../../../mod/base/bytes.ts";
import { assert, assertEquals } from "../../support/assert.ts";

const FACTS = { ip: "192.0.2.1", helo: "mail.a.test", mailFrom: "you@a.test", hostname: "mx.b.test" };

function outcome(result: SpfResult, more: Partial<SpfOutcome> = {}): SpfOutcome {
  const rest = { identity: "mailfrom", domain: "a.test", explanation: null, mechanism: null } as const;
  return { result, ...rest, why: "", lookups: 0, ...more };
}

Deno.test("formatReceivedSpf() writes what RFC 7208 9.1 wants", () => {
  assertEquals(
    formatReceivedSpf(outcome("pass", { mechanism: "ip4:192.0.2.0/24" }), FACTS),
    "Received-SPF: pass\r\n\t(mx.b.test: a.test designates 192.0.2.1 as permitted sender)" +
      '\r\n\treceiver=mx.b.test;\r\n\tidentity=mailfrom;\r\n\tclient-ip=192.0.2.1;\r\n\tenvelope-from="you@a.test";' +
      '\r\n\thelo=mail.a.test;\r\n\tmechanism="ip4:192.0.2.0/24"\r\n',
  );
  const none = formatReceivedSpf(outcome("none", { identity: "helo" }), {
    ...FACTS,
    ip: "2001:db8::1",
    mailFrom: "",
  });
  assert(none.includes('client-ip="2001:db8::1";') && none.includes('envelope-from="";'));
  assert(none.includes("identity=helo;") && !none.includes("problem") && !none.includes("mechanism"));
  const broken = formatReceivedSpf(
    outcome("permerror", { why: 'record of a.test: "a:" lacks a domain' }),
    FACTS,
  );
  assert(broken.includes('problem="record of a.test: \\"a:\\" lacks a domain"\r\n'));
  for (const result of ["fail", "softfail", "neutral", "temperror"] as const) {
    assert(formatReceivedSpf(outcome(result), FACTS).startsWith(`Received-SPF: ${result}\r\n\t(mx.b.test: `));
  }
});

Deno.test("formatReceivedSpf() lets nothing out of a value", () => {
  const text = fc.string({
    unit: fc.constantFrom(...'ab.\r\n\t\0"\\();=\u0085\u2028\ud800\u00fc \u{1f600}'),
  });
  fc.assert(fc.property(text, text, text, (helo, mailFrom, why) => {
    const field = formatReceivedSpf(outcome("permerror", { why, mechanism: why, domain: helo }), {
      ...FACTS,
      helo,
      mailFrom,
    });
    const lines = field.split("\r\n");
    assertEquals(lines.pop(), "");
    assertEquals(lines.length, 9);
    for (const line of lines.slice(1)) assert(/^\t[^\p{Cc}\p{Cs}\u2028]+$/u.test(line), line);
    const [comment = "", ...pairs] = lines.slice(1);
    assert(/^\t\((?:[^()\\]|\\.)*\)$/.test(comment), comment);
    for (const pair of pairs) assert(/^\t[a-z-]+=(?:[^"\s]+|"(?:[^"\\]|\\.)*");?$/.test(pair), pair);
  }));
  for (const unit of ["\u20ac", '"', "x"]) {
    const long = formatReceivedSpf(outcome("none"), { ...FACTS, helo: unit.repeat(3000) });
    assert(long.split("\r\n").every((line) => utf8(line).length <= 998));
  }
});
