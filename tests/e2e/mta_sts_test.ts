/** Our own MTA-STS policy: over HTTP as a web server before Roost asks for it, and in the DNS records to publish. */
import { request } from "node:http";
import { parseStsPolicy } from "../../mod/auth/mta_sts/policy.ts";
import { utf8 } from "../../mod/base/bytes.ts";
import { assert, assertEquals, assertMatch } from "../support/assert.ts";
import { RoostProcess } from "../support/roost_process.ts";

/** Asks with a Host header, which fetch() would not send. */
function get(port: number, host: string): Promise<readonly [number, string]> {
  return new Promise((resolve, reject) => {
    const asked = request(
      { host: "127.0.0.1", port, path: "/.well-known/mta-sts.txt", headers: { host }, agent: false },
      (response) => {
        let text = "";
        response.on("data", (chunk) => text += chunk);
        response.on("end", () => resolve([response.statusCode ?? 0, text]));
      },
    );
    asked.on("error", reject);
    asked.end();
  });
}

Deno.test("a domain with mta_sts has a policy to fetch and the records that lead there", async () => {
  await using roost = await RoostProcess.start({
    domains: { "example.test": "{ mta_sts: testing }", "other.test": "" },
  });
  const [status, text] = await get(roost.ports.http, "mta-sts.example.test");
  const policy = parseStsPolicy(utf8(text));
  assert(status === 200 && policy.ok, text);
  assertEquals(policy.value.mode, "testing");
  assertEquals((await get(roost.ports.http, "mta-sts.other.test"))[0], 421);
  const shown = await roost.verb("dns", "example.test", "--zone");
  assertMatch(shown.out, /^_mta-sts\.example\.test\. IN TXT "v=STSv1; id=[0-9a-f]{20};"$/m);
  assertMatch(
    shown.out,
    new RegExp(`^mta-sts\\.example\\.test\\. IN CNAME ${policy.value.mx[0]}\\.$`, "m"),
  );
  const other = await roost.verb("dns", "other.test", "--zone");
  assert(!other.out.includes("mta-sts"), other.out);
});
