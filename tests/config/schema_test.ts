import { LISTENERS, SCHEMA } from "../../mod/config/schema.ts";
import { checkYaml } from "../../mod/yaml/schema.ts";
import { parseYamlSource } from "../../mod/yaml/source.ts";
import { assert, assertEquals } from "../support/assert.ts";

Deno.test("SCHEMA's defaults pass its own checks, and every listener is off by default", () => {
  const checked = checkYaml(parseYamlSource("hostname: a.test\n"), SCHEMA);
  assert(checked.ok, JSON.stringify(checked));
  for (const kind of LISTENERS) assertEquals(checked.value.listen[kind], []);
  assertEquals(checked.value.auth.cleartext, "never");
  assertEquals(checked.value.limits.queue_lifetime, 5 * 86_400_000);
});

Deno.test("SCHEMA takes an empty value as left out, wherever there is a default", () => {
  const empty =
    "hostname: a.test\nnetwork:\nlisten:\n  smtp:\ntrusted:\ntls:\n  acme:\nroutes:\ndomains:\n  a.test:\nlimits:\n";
  const checked = checkYaml(parseYamlSource(empty), SCHEMA);
  assert(checked.ok, JSON.stringify(checked));
  assertEquals([checked.value.network, checked.value.tls.acme], ["open", null]);
  assertEquals(checked.value.domains["a.test"], {
    catch_all: null,
    subaddress: "+",
    aliases: {},
    mta_sts: null,
  });
});
