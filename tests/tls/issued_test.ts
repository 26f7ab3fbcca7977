import type { CertificateReader } from "../../mod/tls/certificate_files.ts";
import { minute, takenOf } from "../../mod/tls/issued.ts";
import { assert, assertEquals } from "../support/assert.ts";

const DAY = 86_400_000;
const NOW = Date.UTC(2027, 0, 1);

/** Certificates as JSON: names and days from now. */
const reader: CertificateReader = {
  read(pem) {
    const { names, from, until } = JSON.parse(pem);
    const [notBefore, notAfter] = [NOW + from * DAY, NOW + until * DAY];
    return { dnsNames: names, ipNames: [], issuer: "", notBefore, notAfter, fingerprint: "" };
  },
  chain: (pem) => pem.trim(),
  renewalId: () => null,
  matches: ({ key }) => key === "ours",
};

Deno.test("takenOf() takes the chain of what was asked for, and tells what is wrong with anything else", () => {
  const text = (names: readonly string[], from: number, until: number) =>
    JSON.stringify({ names, from, until });
  const good = text(["a.test", "b.test", "more.test"], 0, 90);
  const cases: readonly (readonly [string, string, string])[] = [
    [` ${good} `, "ours", "ok"],
    [text(["a.test", "b.test"], 0.9, 1), "ours", "ok"],
    [good, "theirs", "is for another key"],
    [text(["a.test"], 0, 90), "ours", "is not for b.test"],
    [text(["a.test", "b.test"], -90, 0), "ours", "ended 2027-01-01T00:00Z"],
    [text(["a.test", "b.test"], 2, 90), "ours", "is not valid before 2027-01-03T00:00Z"],
    ["{", "ours", "is none"],
  ];
  for (const [sent, key, wanted] of cases) {
    const taken = takenOf(reader, sent, key, ["a.test", "b.test"], NOW);
    if (taken.ok) assertEquals([wanted, taken.value], ["ok", sent.trim()]);
    else assert(taken.error === `the authority sent a certificate that ${wanted}`, taken.error);
  }
});

Deno.test("minute() is short", () => {
  assertEquals(minute(NOW + 61_000), "2027-01-01T00:01Z");
});
