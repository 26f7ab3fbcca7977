/** The public RFC 7208 suite, where it is at hand: every case, with the preferred result. */
import { checkHost } from "../../../mod/auth/spf/check.ts";
import { assertEquals } from "../../support/assert.ts";
import { FakeClock } from "../../support/fake_clock.ts";
import { readSpfSuite, SPF_SUITE } from "../../support/spf_suite.ts";
import { zone } from "../../support/zone.ts";

const cases = await readSpfSuite();

if (cases === null) {
  console.log(`the RFC 7208 suite is not at ${SPF_SUITE.pathname}: its 203 cases are not run`);
} else {
  const wrong: string[] = [];
  for (const c of cases) {
    const steps: string[] = [];
    const got = await checkHost(c, {
      resolver: zone(c.zone),
      clock: new FakeClock(),
      hostname: "receiver.example.net",
      watch: (step) => steps.push(step.text),
    });
    const told = c.explanation === undefined || got.explanation === c.explanation;
    if (got.result === c.result && told) continue;
    wrong.push(
      `${c.name}: ${got.result} ("${got.explanation}"), wanted ${c.result} ("${c.explanation}"); ${got.why}; ${
        steps.join(" | ")
      }`,
    );
  }
  const right = cases.length - wrong.length;
  Deno.test(`the RFC 7208 suite: ${right} of ${cases.length} cases pass with the preferred result`, () => {
    assertEquals(wrong, []);
    assertEquals(cases.length, 203);
  });
}
