import { httpsTls } from "../../mod/sys/choose_tls.ts";
import { Certificates } from "../../mod/sys/tls.ts";
import { ChallengeTokens } from "../../mod/tls/challenge_tokens.ts";
import { issueAuthority, issueServer } from "../../mod/tls/own_ca.ts";
import { validationCertificate } from "../../mod/tls/validation_certificate.ts";
import { assert, assertEquals, assertThrows } from "../support/assert.ts";
import { FakeClock } from "../support/fake_clock.ts";
import { SeededRandom } from "../support/seeded_random.ts";

Deno.test("httpsTls() chooses by name, shows proofs to authorities alone, and only while they are wanted", async () => {
  const none = new Uint8Array();
  const offer = { message: none, session: none, ciphers: none, extensions: new Map<number, Uint8Array>() };
  const clock = new FakeClock();
  const authority = await issueAuthority("test", clock, new SeededRandom(3));
  const certificates = new Certificates();
  const board = new ChallengeTokens();
  const choose = httpsTls(certificates, board);
  assertThrows(
    () =>
      choose({
        serverName: null,
        protocols: [],
        offer,
      }),
    "no certificate",
  );
  const pairs = await Promise.all(
    ["a.test", "b.test"].map((dns) =>
      issueServer(authority, { dns: [dns], ip: [] }, clock, new SeededRandom(4))
    ),
  );
  certificates.use(pairs.map((p) => ({ source: "x", ...p })));
  const first = certificates.contextFor(null);
  assert(certificates.contextFor("b.test") !== first);
  for (
    const [serverName, name] of [["b.test", "b.test"], ["unknown.test", "a.test"], [null, "a.test"]] as const
  ) {
    const chosen = choose({ serverName, protocols: ["h2", "http/1.1"], offer });
    assert(chosen && !("answer" in chosen) && chosen.secureContext === certificates.contextFor(name));
    assertEquals(chosen.ALPNProtocols, ["http/1.1", "http/1.0"]);
  }
  board.publishTls("a.test", await validationCertificate("a.test", "x", clock.now()));
  const proof = choose({ serverName: "a.test", protocols: ["acme-tls/1"], offer });
  assert(proof && "answer" in proof);
  // Who offers nothing we know is told nothing.
  assertEquals(await proof.answer(), null);
  const refused: readonly (readonly [string | null, readonly string[]])[] = [
    ["b.test", ["acme-tls/1"]],
    [null, ["acme-tls/1"]],
    ["a.test", ["acme-tls/1", "http/1.1"]],
  ];
  for (const [serverName, protocols] of refused) assertEquals(choose({ serverName, protocols, offer }), null);
  assert(choose({ serverName: "a.test", protocols: [], offer }) !== null);
  board.removeTls("a.test");
  assertEquals(choose({ serverName: "a.test", protocols: ["acme-tls/1"], offer }), null);
});
