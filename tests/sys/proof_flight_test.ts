import { concat } from "../../mod/base/bytes.ts";
import { proofFlight } from "../../mod/sys/proof_flight.ts";
import { validationCertificate } from "../../mod/tls/validation_certificate.ts";
import type { TlsOffer } from "../../mod/wire/client_hello.ts";
import { assert, assertEquals } from "../support/assert.ts";

const proof = await validationCertificate("a.test", "token.print", Date.UTC(2027, 0, 1));
const pair = await crypto.subtle.generateKey({ name: "X25519" }, false, ["deriveBits"]) as CryptoKeyPair;
const point = new Uint8Array(await crypto.subtle.exportKey("raw", pair.publicKey));

const list = (octets: Uint8Array) => concat([Uint8Array.of(octets.length >> 8, octets.length & 255), octets]);
const share = (group: number, key: Uint8Array) => concat([Uint8Array.of(group >> 8, group & 255), list(key)]);

function offer(
  over: Partial<TlsOffer> = {},
  extensions: readonly (readonly [number, Uint8Array])[] = [],
): TlsOffer {
  return {
    message: Uint8Array.of(1, 0, 0, 0),
    session: new Uint8Array(32).fill(7),
    ciphers: Uint8Array.of(0x13, 0x02, 0x13, 0x01),
    extensions: new Map([
      [43, Uint8Array.of(4, 3, 4, 3, 3)],
      [13, list(Uint8Array.of(8, 4, 4, 3))],
      [51, list(concat([share(0x6399, new Uint8Array(9)), share(29, point)]))],
      ...extensions,
    ]),
    ...over,
  };
}

/** Types and lengths of the records there are. */
function recordsOf(octets: Uint8Array): readonly (readonly [number, number])[] {
  const found: (readonly [number, number])[] = [];
  for (let at = 0; at < octets.length;) {
    const length = (octets[at + 3] ?? 0) * 256 + (octets[at + 4] ?? 0);
    found.push([octets[at] ?? 0, length]);
    at += 5 + length;
  }
  return found;
}

Deno.test("proofFlight() is a ServerHello that echoes the session, a change of cipher, and one record nobody can read", async () => {
  const flight = await proofFlight(offer(), proof, "acme-tls/1");
  assert(flight);
  const [hello, change, rest, ...more] = recordsOf(flight);
  assertEquals([hello?.[0], change, rest?.[0], more], [22, [20, 1], 23, []]);
  assertEquals(flight.slice(44, 76), new Uint8Array(32).fill(7));
  assert((rest?.[1] ?? 0) > proof.certificate.length);
  const again = await proofFlight(offer(), proof, "acme-tls/1");
  assert(again && again.toHex() !== flight.toHex(), "nothing is used twice");
});

Deno.test("proofFlight() has nothing to say to who offers something else, or nonsense", async () => {
  const others: readonly TlsOffer[] = [
    offer({ ciphers: Uint8Array.of(0xc0, 0x2b) }),
    offer({ ciphers: Uint8Array.of(0x13) }),
    offer({ extensions: new Map() }),
    offer({}, [[43, Uint8Array.of(2, 3, 3)]]),
    offer({}, [[13, list(Uint8Array.of(8, 4))]]),
    offer({}, [[51, list(share(23, new Uint8Array(65)))]]),
    offer({}, [[51, list(share(29, new Uint8Array(31)))]]),
    offer({}, [[51, Uint8Array.of(255, 255, 0, 29, 0, 32, 1)]]),
    // No point to agree with: the secret would be zeros.
    offer({}, [[51, list(share(29, new Uint8Array(32)))]]),
  ];
  for (const [i, each] of others.entries()) {
    assertEquals(await proofFlight(each, proof, "acme-tls/1"), null, `${i}`);
  }
});
