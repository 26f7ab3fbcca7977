import { ChallengeTokens } from "../../mod/tls/challenge_tokens.ts";
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
