import type { TlsProof } from "../tls/acme_types.ts";
import type { ChooseTls } from "./net.ts";
import type { Certificates } from "./tls.ts";

/** What HTTPS is over TLS, as ALPN has it (RFC 7301 6); HTTP/1.0 is what curl calls its oldest. */
const SPOKEN = ["http/1.1", "http/1.0"];
/** What an ACME authority speaks that looks for a proof (RFC 8737 6.2), and nothing beside it. */
const PROVED = "acme-tls/1";

/**
 * How TLS is begun on listen.https. The certificate is looked up at each handshake, so that new ones need no restart. An authority that looks for the
 * proof of a name (`proofs`) is shown that, and nothing is said to it afterwards (RFC 8737 3).
 */
export function httpsTls(
  certificates: Certificates,
  proofs: { findTls(name: string): TlsProof | null },
): ChooseTls {
  return ({ serverName, protocols, offer }) => {
    if (!protocols.includes(PROVED)) {
      return { secureContext: certificates.contextFor(serverName), ALPNProtocols: SPOKEN };
    }
    const proof = protocols.length === 1 && serverName !== null ? proofs.findTls(serverName) : null;
    return proof && {
      async answer() {
        const { proofFlight } = await import("./proof_flight.ts");
        return await proofFlight(offer, proof, PROVED);
      },
    };
  };
}
