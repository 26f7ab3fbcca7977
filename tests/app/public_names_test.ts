import { certificatePlan } from "../../mod/app/certificate_plan.ts";
import { isPublicName, mayBeStrict, publicNames, secureOrigin } from "../../mod/app/public_names.ts";
import { parseConfig } from "../../mod/config/load.ts";
import { assert, assertEquals } from "../support/assert.ts";

function configOf(text: string) {
  const parsed = parseConfig("/r.yaml", `hostname: mail.a.test\ndata: d\n${text}\n`);
  assert(parsed.ok, JSON.stringify(parsed));
  return parsed.value.config;
}

const DOMAINS = "domains: { a.test: { mta_sts: enforce }, b.test: {} }";
const ACME = "tls: { acme: { email: you@a.test } }";

Deno.test("publicNames() are those that programs ask by themselves", () => {
  const config = configOf(DOMAINS);
  assertEquals(publicNames(config), [
    "autoconfig.a.test",
    "autodiscover.a.test",
    "autoconfig.b.test",
    "autodiscover.b.test",
    "mta-sts.a.test",
  ]);
  for (const name of publicNames(config)) assertEquals(isPublicName(config, name), true, name);
  for (const name of ["mail.a.test", "a.test", "mta-sts.b.test", "autoconfig.c.test", "autoconfig", ""]) {
    assertEquals(isPublicName(config, name), false, name);
  }
  // Where the host has such a name itself, it is the host that is asked.
  const odd = { ...config, hostname: "autoconfig.a.test" };
  assertEquals(isPublicName(odd, "autoconfig.a.test"), false);
});

Deno.test("secureOrigin() is where strangers reach us by TLS", () => {
  const cases: readonly (readonly [string, string | null])[] = [
    ["{ http: 0.0.0.0:80 }", null],
    ["{ https: 127.0.0.1:443 }", null],
    ['{ https: ["[::1]:443", "0.0.0.0:443"] }', "https://mail.a.test"],
    ['{ https: "[::]:8443" }', "https://mail.a.test:8443"],
  ];
  for (const [listen, origin] of cases) {
    assertEquals(secureOrigin(configOf(`listen: ${listen}`)), origin, listen);
  }
});

Deno.test("mayBeStrict() only where nobody loses anything by it", () => {
  const cases: readonly (readonly [string, string, boolean])[] = [
    ["{ https: 0.0.0.0:443, http: 127.0.0.1:8080 }", ACME, true],
    ['{ https: 0.0.0.0:443, http: ["127.0.0.1:8080", "[::]:80"] }', ACME, true],
    ["{ https: 0.0.0.0:443 }", "tls: { own_ca: true }", false],
    ["{ https: 0.0.0.0:443 }", "tls: { certificates: [{ cert: a, key: b }] }", false],
    ["{ https: 0.0.0.0:443 }", "tls: { acme: { email: you@a.test, directory: letsencrypt-staging } }", false],
    [
      "{ https: 0.0.0.0:443 }",
      'tls: { acme: { email: you@a.test, directory: "https://ca.lan/dir", ca: ca.pem } }',
      false,
    ],
    // Strictness is about all ports of a name.
    ["{ https: 0.0.0.0:443, http: 0.0.0.0:8080 }", ACME, false],
    ["{ https: 0.0.0.0:8443 }", ACME, false],
    ["{ https: 127.0.0.1:443 }", ACME, false],
  ];
  for (const [listen, tls, strict] of cases) {
    assertEquals(mayBeStrict(configOf(`listen: ${listen}\n${tls}`)), strict, `${listen} ${tls}`);
  }
});

Deno.test("certificatePlan() asks for the names that listen.https answers to, as further ones", () => {
  const plain = certificatePlan(configOf(`${DOMAINS}\n${ACME}\nlisten: { http: 0.0.0.0:80 }`));
  assertEquals(plain.acme?.names, ["mail.a.test"]);
  assertEquals(plain.acme?.maybe.filter((n) => /^(auto|mta)/.test(n)), ["mta-sts.a.test"]);
  const served = configOf(`${DOMAINS}\n${ACME}\nlisten: { https: 0.0.0.0:443 }`);
  const { acme, names } = certificatePlan(served);
  assertEquals(acme?.maybe.slice(0, 5), publicNames(served));
  assert(publicNames(served).every((n) => names.dns.includes(n)));
});
