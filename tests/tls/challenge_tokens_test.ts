import { ChallengeTokens } from "../../mod/tls/challenge_tokens.ts";
import { EcKey } from "../../mod/tls/ec_key.ts";
import { assertEquals } from "../support/assert.ts";

Deno.test("ChallengeTokens answers what is open, and holds no more than a certificate has names", () => {
  const tokens = new ChallengeTokens();
  tokens.publish("a", "a.x");
  assertEquals([tokens.find("a"), tokens.find("b"), tokens.find("__proto__")], ["a.x", null, null]);
  tokens.remove("a");
  assertEquals(tokens.find("a"), null);
  for (let i = 0; i < 1000; i++) tokens.publish(`t${i}`, "x");
  assertEquals([tokens.find("t99"), tokens.find("t100")], ["x", null]);
});

Deno.test("ChallengeTokens shows certificates by name while they are wanted", async () => {
  const tokens = new ChallengeTokens();
  const pair = { certificate: new Uint8Array(1), key: await EcKey.generate() };
  tokens.publishTls("a.test", pair);
  assertEquals([tokens.findTls("a.test"), tokens.findTls("b.test"), tokens.find("a.test")], [
    pair,
    null,
    null,
  ]);
  tokens.removeTls("a.test");
  assertEquals(tokens.findTls("a.test"), null);
  for (let i = 0; i < 1000; i++) tokens.publishTls(`t${i}`, pair);
  assertEquals([tokens.findTls("t99"), tokens.findTls("t100")], [pair, null]);
});
