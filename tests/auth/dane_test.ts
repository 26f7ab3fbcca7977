import { createHash, X509Certificate } from "node:crypto";
import fc from "fast-check";
import { checkDane, isUsableTlsa, publicKeyInfo } from "../../mod/auth/dane.ts";
import type { TlsaRecord } from "../../mod/dns/resolver.ts";
import { issueAuthority, issueServer } from "../../mod/tls/own_ca.ts";
import { assert, assertEquals } from "../support/assert.ts";
import { FakeClock } from "../support/fake_clock.ts";
import { SeededRandom } from "../support/seeded_random.ts";

const CLOCK = new FakeClock();
const NOW = CLOCK.now();
const YEARS = 10 * 365 * 86_400_000;
const RANDOM = new SeededRandom();

async function chainOf(name: string): Promise<readonly [Uint8Array, Uint8Array]> {
  const authority = await issueAuthority("test", CLOCK, RANDOM);
  const server = await issueServer(authority, { dns: [name], ip: [] }, CLOCK, RANDOM);
  const der = (pem: string) => new Uint8Array(new X509Certificate(pem).raw);
  return [der(server.certificate), der(authority.certificate)];
}

const [LEAF, ROOT] = await chainOf("mx.a.example");
const [OTHER, STRANGER] = await chainOf("mx.a.example");

function record(usage: number, selector: number, matching: number, der: Uint8Array): TlsaRecord {
  const selected = selector === 0 ? der : publicKeyInfo(der) ?? new Uint8Array();
  const data = matching === 0
    ? selected
    : new Uint8Array(createHash(matching === 1 ? "sha256" : "sha512").update(selected).digest());
  return { usage, selector, matching, data };
}

Deno.test("publicKeyInfo() finds what node:crypto exports, and nothing in fragments", () => {
  for (const der of [LEAF, ROOT]) {
    const exported = new X509Certificate(der).publicKey.export({ type: "spki", format: "der" });
    assertEquals(publicKeyInfo(der), new Uint8Array(exported));
    for (let cut = 0; cut < der.length; cut++) assertEquals(publicKeyInfo(der.subarray(0, cut)), null);
  }
  fc.assert(fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => {
    publicKeyInfo(bytes);
  }));
});

Deno.test("isUsableTlsa() takes usages 2 and 3 with data that can match", () => {
  const octets = (n: number) => new Uint8Array(n);
  const cases: readonly (readonly [number, number, number, number, boolean])[] = [
    [3, 1, 1, 32, true],
    [3, 0, 2, 64, true],
    [2, 0, 0, 5, true],
    [2, 1, 1, 32, true],
    [0, 1, 1, 32, false],
    [1, 1, 1, 32, false],
    [4, 1, 1, 32, false],
    [255, 1, 1, 32, false],
    [3, 2, 1, 32, false],
    [3, 1, 3, 32, false],
    [3, 1, 1, 31, false],
    [3, 1, 2, 32, false],
    [3, 1, 0, 0, false],
  ];
  for (const [usage, selector, matching, size, wanted] of cases) {
    const got = isUsableTlsa({ usage, selector, matching, data: octets(size) });
    assertEquals(got, wanted, `${usage} ${selector} ${matching} with ${size} octets`);
  }
});

Deno.test("checkDane() matches usages 3 and 2 by every selector and matching type", () => {
  const names = ["mx.a.example", "a.example"];
  for (const selector of [0, 1]) {
    for (const matching of [0, 1, 2]) {
      const what = `${selector} ${matching}`;
      assertEquals(
        checkDane([record(3, selector, matching, LEAF)], [], [LEAF, ROOT], NOW + YEARS),
        null,
        what,
      );
      assertEquals(checkDane([record(2, selector, matching, ROOT)], names, [LEAF, ROOT], NOW), null, what);
      for (const wrong of [record(3, selector, matching, ROOT), record(3, selector, matching, OTHER)]) {
        assert(checkDane([wrong], names, [LEAF, ROOT], NOW)?.includes("matches no TLSA record"), what);
      }
      assert(checkDane([record(2, selector, matching, STRANGER)], names, [LEAF, ROOT], NOW) !== null, what);
      // Usage 2 is for anchors: the host's own certificate is none.
      assert(checkDane([record(2, selector, matching, LEAF)], names, [LEAF, ROOT], NOW) !== null, what);
    }
  }
});

Deno.test("checkDane() wants of usage 2 a chain that holds, a name and a date", () => {
  const anchor = [record(2, 1, 1, ROOT)];
  const names = ["mx.a.example"];
  const cases: readonly (readonly [readonly string[], readonly Uint8Array[], number, string | null])[] = [
    [names, [LEAF, ROOT], NOW, null],
    [["other.example", "mx.a.example"], [LEAF, ROOT], NOW, null],
    [["other.example"], [LEAF, ROOT], NOW, "the certificate is not for other.example"],
    [names, [LEAF, ROOT], NOW + 2 * YEARS, "is out of date"],
    [names, [LEAF, ROOT], NOW - YEARS, "is out of date"],
    [names, [LEAF], NOW, "matches no TLSA record"],
    // Somebody else's certificate with the right root behind it: a signature is missing.
    [names, [OTHER, ROOT], NOW, "does not lead to the trust anchor"],
    [names, [OTHER, STRANGER, ROOT], NOW, "does not lead to the trust anchor"],
    [names, [], NOW, "has shown no certificate"],
  ];
  for (const [wanted, chain, now, why] of cases) {
    const got = checkDane(anchor, wanted, chain, now);
    assert(why === null ? got === null : got?.includes(why), `${got}, not ${why}`);
  }
});

Deno.test("checkDane() takes an anchor that stands whole in the record and is not shown", () => {
  assertEquals(checkDane([record(2, 0, 0, ROOT)], ["mx.a.example"], [LEAF], NOW), null);
  assert(checkDane([record(2, 0, 0, STRANGER)], ["mx.a.example"], [LEAF], NOW) !== null);
  const junk = { usage: 2, selector: 0, matching: 0, data: new Uint8Array([1, 2, 3]) };
  assert(checkDane([junk], ["mx.a.example"], [LEAF], NOW)?.includes("cannot be read"));
});

Deno.test("checkDane() is content with one record of several", () => {
  const several = [record(3, 1, 1, OTHER), record(2, 0, 1, STRANGER), record(3, 1, 1, LEAF)];
  assertEquals(checkDane(several, [], [LEAF], NOW), null);
});
