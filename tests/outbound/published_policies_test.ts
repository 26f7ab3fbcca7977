import type { StsPolicy } from "../../mod/auth/mta_sts/policy.ts";
import { PublishedPolicies } from "../../mod/outbound/published_policies.ts";
import type { TlsaRecord } from "../../mod/dns/resolver.ts";
import { assertEquals } from "../support/assert.ts";
import { MemoryLog } from "../support/memory_log.ts";
import { zone, type ZoneData } from "../support/zone.ts";

const GOOD: TlsaRecord = { usage: 3, selector: 1, matching: 1, data: new Uint8Array(32) };
const UNUSABLE: TlsaRecord = { ...GOOD, usage: 1 };

const ZONE: ZoneData = {
  "_25._tcp.dane.example": { TLSA: [GOOD, UNUSABLE], secure: true },
  "_26._tcp.dane.example": { TLSA: [UNUSABLE], secure: true },
  "_25._tcp.unusable.example": { TLSA: [UNUSABLE], secure: true },
  "_25._tcp.unsigned.example": { TLSA: [GOOD] },
  "_25._tcp.broken.example": "servfail",
  "_25._tcp.none.example": "nodata",
  "alias.example": { CNAME: ["dane.example"], secure: true },
  "alias-of-plain.example": { CNAME: ["plain.example"], secure: true },
  "_25._tcp.alias-of-plain.example": { TLSA: [GOOD], secure: true },
  "unsigned-alias.example": { CNAME: ["dane.example"] },
  "broken-alias.example": { CNAME: "timeout" },
};

const ENFORCE: StsPolicy = { mode: "enforce", maxAge: 86400, mx: ["*.example"] };

function policies(sts: StsPolicy | null) {
  const log = new MemoryLog();
  const resolver = zone(ZONE);
  const port = { find: (domain: string) => Promise.resolve(domain === "sts.example" ? sts : null) };
  return { log, resolver, policies: new PublishedPolicies({ resolver, sts: port, log }) };
}

/** "required mx.example", "dane base others", "temp". */
async function decided(
  destination: string,
  host: string,
  secure: boolean,
  sts: StsPolicy | null = null,
  port = 25,
): Promise<string> {
  const policy = await policies(sts).policies.decide(destination, { name: host, port, secure });
  if (policy.kind === "dane") return `dane ${policy.records.length} ${policy.names.join(" ")}`;
  return policy.kind === "required" ? `required ${policy.name}` : policy.kind;
}

Deno.test("decide() goes by DANE where DNSSEC vouches for all of it", async () => {
  const cases: readonly (readonly [string, boolean, string])[] = [
    ["dane.example", true, "dane 1 dane.example a.example"],
    ["dane.example", false, "opportunistic"],
    ["unusable.example", true, "encrypted"],
    ["unsigned.example", true, "opportunistic"],
    ["broken.example", true, "temp"],
    ["broken.example", false, "opportunistic"],
    ["none.example", true, "opportunistic"],
    ["missing.example", true, "opportunistic"],
    ["alias.example", true, "dane 1 dane.example alias.example a.example"],
    ["alias-of-plain.example", true, "dane 1 alias-of-plain.example a.example"],
    ["unsigned-alias.example", true, "opportunistic"],
    ["broken-alias.example", true, "temp"],
  ];
  for (const [host, secure, wanted] of cases) {
    assertEquals(await decided("a.example", host, secure), wanted, `${host} ${secure}`);
  }
  assertEquals(await decided("a.example", "dane.example", true, null, 26), "encrypted");
});

Deno.test("decide() asks nothing of the DNS for a host that DNSSEC does not vouch for", async () => {
  const { resolver, policies: all } = policies(null);
  await all.decide("a.example", { name: "dane.example", port: 25, secure: false });
  assertEquals(resolver.calls, []);
});

Deno.test("decide() goes by MTA-STS otherwise, and by the stricter of the two", async () => {
  const testing: StsPolicy = { ...ENFORCE, mode: "testing" };
  const others: StsPolicy = { ...ENFORCE, mx: ["mx.other.test"] };
  const cases: readonly (readonly [string, boolean, StsPolicy, string])[] = [
    ["mx.example", false, ENFORCE, "required mx.example"],
    ["mx.example", false, others, "refused"],
    ["mx.example", false, testing, "opportunistic"],
    ["mx.example", false, { ...others, mode: "testing" }, "opportunistic"],
    ["mx.example", false, { ...others, mode: "none" }, "opportunistic"],
    ["none.example", true, ENFORCE, "required none.example"],
    // RFC 8461 2: where DANE applies, MTA-STS neither loosens nor tightens it.
    ["dane.example", true, others, "dane 1 dane.example sts.example"],
    ["broken.example", true, testing, "temp"],
    // No certificate is asked for by these records, but by the policy one is.
    ["unusable.example", true, ENFORCE, "required unusable.example"],
    ["unusable.example", true, testing, "encrypted"],
    ["unusable.example", true, others, "refused"],
  ];
  for (const [host, secure, sts, wanted] of cases) {
    assertEquals(await decided("sts.example", host, secure, sts), wanted, `${host} ${sts.mode} ${sts.mx}`);
  }
});

Deno.test("decide() warns of hosts that a policy in test does not list", async () => {
  const { log, policies: all } = policies({ ...ENFORCE, mode: "testing", mx: ["mx.other.test"] });
  await all.decide("sts.example", { name: "mx.example", port: 25, secure: false });
  assertEquals(log.lines.map((l) => [l.level, l.fields]), [
    ["warn", { destination: "sts.example", host: "mx.example" }],
  ]);
});

Deno.test("decide() without fetched policies knows DANE only", async () => {
  const all = new PublishedPolicies({ resolver: zone(ZONE), sts: null, log: new MemoryLog() });
  const policy = await all.decide("sts.example", { name: "mx.example", port: 25, secure: true });
  assertEquals(policy, { kind: "opportunistic" });
});
