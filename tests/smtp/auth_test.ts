import type { Authenticator, LoginOutcome } from "../../mod/account/directory.ts";
import { utf8 } from "../../mod/base/bytes.ts";
import type { SaslPeer } from "../../mod/sasl/exchange.ts";
import { startAuth } from "../../mod/smtp/auth.ts";
import { REPLY } from "../../mod/smtp/reply.ts";
import { assert, assertEquals } from "../support/assert.ts";
import { SeededRandom } from "../support/seeded_random.ts";

const PEER: SaslPeer = { remoteAddress: "192.0.2.1", tls: null };
const random = new SeededRandom();

function authenticator(outcome: LoginOutcome, asked: string[] = []): Authenticator {
  return {
    password: (login, password, remote) => {
      asked.push(`${login} ${password} ${remote}`);
      return Promise.resolve(outcome);
    },
  };
}

Deno.test("startAuth() turns every outcome of a login into its reply", async () => {
  const initial = utf8(btoa("\0ann\0pw"));
  const asked: string[] = [];
  const ok = await startAuth(
    authenticator({ kind: "ok", account: "ann@x" }, asked),
    PEER,
    random,
    "plain",
    initial,
  );
  assertEquals(ok, { kind: "done", reply: REPLY.authenticated, account: "ann@x" });
  assertEquals(asked, ["ann pw 192.0.2.1"]);
  const table = [["refused", REPLY.authFailed, true], ["throttled", REPLY.authThrottled, true], [
    "temp",
    REPLY.authLater,
    false,
  ]] as const;
  for (const [kind, reply, failed] of table) {
    const outcome: LoginOutcome = kind === "temp" ? { kind, why: "x" } : { kind };
    const step = await startAuth(authenticator(outcome), PEER, random, "PLAIN", initial);
    assertEquals(step, { kind: "refused", reply, failed, login: "ann" });
  }
});

Deno.test("startAuth() goes on by challenges and ends at what is broken, without asking anybody", async () => {
  const asked: string[] = [];
  const nobody = authenticator({ kind: "refused" }, asked);
  const step = await startAuth(nobody, PEER, random, "LOGIN", null);
  assert(step.kind === "challenge");
  assertEquals(step.reply.lines, [btoa("Username:")]);
  for (const line of ["*", "!", "Zg", ""]) {
    const s = await startAuth(nobody, PEER, random, "LOGIN", null);
    assert(s.kind === "challenge");
    const end = await s.exchange.answer(utf8(line));
    assert(end.kind === "refused" && !end.failed);
    assertEquals(end.reply, line === "*" ? REPLY.authCancelled : REPLY.authMalformed);
  }
  assertEquals((await startAuth(nobody, PEER, random, "NTLM", null)).reply, REPLY.authUnknown);
  assertEquals(asked, []);
});
