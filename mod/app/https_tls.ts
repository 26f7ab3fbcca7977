import type { ChooseTls } from "../sys/net.ts";
import type { Certificates } from "../sys/tls.ts";

/** What we speak over TLS, as ALPN has it (RFC 7301 6); HTTP/1.0 is what curl calls its oldest. */
const SPOKEN = ["http/1.1", "http/1.0"];

/** How TLS is begun on listen.https: the certificate is looked up at each handshake, so that new ones need no restart. */
export function httpsTls(certificates: Certificates): ChooseTls {
  return ({ serverName }) => ({ secureContext: certificates.contextFor(serverName), ALPNProtocols: SPOKEN });
}
