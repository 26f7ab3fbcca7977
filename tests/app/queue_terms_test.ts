import { postmasterOf, retryTerms } from "../../mod/app/queue_terms.ts";
import { parseConfig } from "../../mod/config/load.ts";
import { assert, assertEquals } from "../support/assert.ts";

function config(text: string) {
  const parsed = parseConfig("/etc/roost.yaml", `hostname: mail.home.test\n${text}`);
  assert(parsed.ok, JSON.stringify(parsed));
  return parsed.value.config;
}

Deno.test("retryTerms() goes by the route a domain's mail takes, then by the limits", () => {
  const routes =
    `a.test: { to: "smtp://a", retry: [1m, 2m] }, b.test: "smtp://b", "*": { to: "smtp://c", retry: 3m }`;
  const both = config(`routes: { ${routes} }\nlimits: { queue_lifetime: 1d, retry: 4m }\n`);
  const table = [["a.test", [60_000, 120_000]], ["b.test", [240_000]], ["c.test", [180_000]]] as const;
  for (const [domain, waits] of table) {
    assertEquals(retryTerms(both, domain), { lifetime: 86_400_000, waits }, domain);
  }
  assertEquals(retryTerms(config(""), "a.test"), { lifetime: 5 * 86_400_000, waits: [] });
});

Deno.test("postmasterOf() is the one of the first domain", () => {
  assertEquals(postmasterOf(config("domains: { b.test: , a.test: }\n")), {
    local: "postmaster",
    domain: "b.test",
  });
  assertEquals(postmasterOf(config("")), null);
});
