import type { Authenticator, ScramLookup } from "../../mod/account/directory.ts";
import { utf8 } from "../../mod/base/bytes.ts";
import { offeredMechanisms, SaslExchange, type SaslOutcome, type SaslPeer } from "../../mod/sasl/exchange.ts";
import { deriveScramKeys } from "../../mod/sasl/scram_keys.ts";
import { assert, assertEquals } from "../support/assert.ts";
import { ScramClient } from "../support/scram_client.ts";
import { SeededRandom } from "../support/seeded_random.ts";

const SALT = new Uint8Array(16).fill(1);
const KEYS = await deriveScramKeys("secret", SALT, 4096, "SHA-256");
const CLEAR: SaslPeer = { remoteAddress: "192.0.2.1", tls: null };
const END_POINT = new Uint8Array(32).fill(5);
const BOUND: SaslPeer = { remoteAddress: "192.0.2.1", tls: { endPoint: END_POINT } };
const SHOWN: SaslPeer = { remoteAddress: "192.0.2.1", tls: { clientCertificate: "abcd" } };

/** Knows ann, with the password "secret" and the certificate "abcd". */
function make(offered = true, lookup?: ScramLookup, plus = true) {
  const told: string[] = [];
  const authenticator: Authenticator = {
    password: (login, password) =>
      Promise.resolve(
        login === "ann" && password === "secret" ? { kind: "ok", account: "ann@x" } : { kind: "refused" },
      ),
    scram: {
      offered,
      plusOffered: plus,
      find: (login) => {
        const known = login === "ann";
        const secrets = { salt: SALT, iterations: 4096, keys: known ? [KEYS] : [] };
        return lookup ?? { kind: "found", account: known ? "ann@x" : null, secrets };
      },
      settle: (login, account, proved, remote) => {
        told.push(`${login} ${account} ${proved} ${remote}`);
        return proved && account !== null;
      },
    },
    knowsCertificate: (fingerprint) => fingerprint === "abcd",
    certificate: (fingerprint, authzid) =>
      fingerprint === "abcd" && ["", "ann"].includes(authzid)
        ? { kind: "ok", account: "ann@x" }
        : { kind: "refused" },
  };
  const of = (name: string, peer = CLEAR) => {
    const exchange = SaslExchange.of(name, authenticator, peer, new SeededRandom());
    assert(exchange, name);
    return exchange;
  };
  return { authenticator, told, of };
}

async function scram(exchange: SaslExchange, client: ScramClient): Promise<SaslOutcome> {
  let outcome: SaslOutcome = { kind: "malformed" };
  let started = false;
  await client.run(async (response) => {
    outcome = await (started ? exchange.answer(utf8(response)) : exchange.start(utf8(response)));
    started = true;
    return outcome.kind === "challenge" ? outcome.bytes : null;
  });
  return outcome;
}

Deno.test("offeredMechanisms() lists what this peer can use and everybody has, the strongest first", () => {
  const { authenticator } = make();
  const some = make(false).authenticator;
  const bare = { password: authenticator.password };
  const all = ["SCRAM-SHA-256-PLUS", "SCRAM-SHA-1-PLUS", "SCRAM-SHA-256", "SCRAM-SHA-1", "PLAIN", "LOGIN"];
  assertEquals(offeredMechanisms(authenticator, BOUND), all);
  assertEquals(offeredMechanisms(authenticator, CLEAR), all.slice(2));
  assertEquals(offeredMechanisms(authenticator, SHOWN), [...all.slice(2), "EXTERNAL"]);
  assertEquals(offeredMechanisms(some, BOUND), ["PLAIN", "LOGIN"]);
  const unlisted = make(true, undefined, false).authenticator;
  assertEquals(offeredMechanisms(unlisted, BOUND), all.slice(2));
  assert(SaslExchange.of("SCRAM-SHA-256-PLUS", unlisted, BOUND, new SeededRandom()), "taken all the same");
  assertEquals(offeredMechanisms(bare, SHOWN), ["PLAIN", "LOGIN"]);
});

Deno.test("SaslExchange.of() knows every mechanism in any case, and none that this peer cannot use", () => {
  const { authenticator } = make();
  const random = new SeededRandom();
  const has = (name: string, a: Authenticator, p: SaslPeer) => SaslExchange.of(name, a, p, random) !== null;
  for (const name of offeredMechanisms(authenticator, BOUND)) {
    assert(has(name.toLowerCase(), authenticator, BOUND), name);
  }
  assert(has("SCRAM-SHA-256", make(false).authenticator, CLEAR), "who has keys may use them, offered or not");
  assert(!has("SCRAM-SHA-256-PLUS", authenticator, CLEAR));
  assert(!has("SCRAM-SHA-256", { password: authenticator.password }, BOUND));
  assert(!has("EXTERNAL", authenticator, BOUND));
  assert(has("EXTERNAL", authenticator, SHOWN));
  assert(!has("EXTERNAL", authenticator, { ...SHOWN, tls: { clientCertificate: "ffff" } }));
  for (const name of ["", "SCRAM-SHA-512", "SCRAM-SHA-256-PLUS-PLUS", "NTLM", "OAUTHBEARER"]) {
    assert(!has(name, authenticator, BOUND), name);
  }
});

Deno.test("SaslExchange logs in by SCRAM, with and without channel binding, and tells how it ended", async () => {
  const { of, told } = make();
  const user = { user: "ann", password: "secret" };
  assertEquals(await scram(of("SCRAM-SHA-256"), new ScramClient(user)), { kind: "ok", account: "ann@x" });
  const bound = { ...user, gs2: "p=tls-server-end-point,,", binding: END_POINT };
  const plus = await scram(of("SCRAM-SHA-256-PLUS", BOUND), new ScramClient(bound));
  assertEquals(plus, { kind: "ok", account: "ann@x" });
  const wrong = await scram(of("SCRAM-SHA-256"), new ScramClient({ user: "ann", password: "no" }));
  assertEquals(wrong, { kind: "refused", login: "ann" });
  const nobody = await scram(of("SCRAM-SHA-256"), new ScramClient({ user: "bob", password: "secret" }));
  assertEquals(nobody, { kind: "refused", login: "bob" });
  assertEquals(told, [
    "ann ann@x true 192.0.2.1",
    "ann ann@x true 192.0.2.1",
    "ann ann@x false 192.0.2.1",
    "bob null false 192.0.2.1",
  ]);
  const late = await scram(make(true, { kind: "throttled" }).of("SCRAM-SHA-256"), new ScramClient(user));
  assertEquals(late, { kind: "throttled", login: "ann" });
});

Deno.test("SaslExchange hands passwords and certificates to the authenticator", async () => {
  const { of } = make();
  assertEquals(await of("PLAIN").start(utf8("\0ann\0secret")), { kind: "ok", account: "ann@x" });
  assertEquals(await of("PLAIN").start(utf8("\0ann\0no")), { kind: "refused", login: "ann" });
  assertEquals(await of("PLAIN").start(utf8("bob\0ann\0secret")), { kind: "refused", login: null });
  assertEquals(await of("EXTERNAL", SHOWN).start(utf8("ann")), { kind: "ok", account: "ann@x" });
  assertEquals(await of("EXTERNAL", SHOWN).start(utf8("bob")), { kind: "refused", login: "bob" });
});
