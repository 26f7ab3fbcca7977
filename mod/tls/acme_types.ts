/** What the ACME client asks of the rest, and what it tells. */
import type { Result } from "../base/result.ts";
import type { EcKey } from "./ec_key.ts";

export interface HttpReply {
  readonly status: number;
  /** A field of the header by its name in lower case. */
  header(name: string): string | null;
  readonly body: Uint8Array;
}

/** HTTPS as ACME needs it: no redirects, bounded in time and size. */
export interface AcmeHttp {
  /** `body` null is a GET, or a HEAD; what goes along otherwise is application/jose+json. Replies of more than `most` octets are faults. Never throws. */
  send(
    method: "GET" | "HEAD" | "POST",
    url: string,
    body: Uint8Array | null,
    most: number,
  ): Promise<Result<HttpReply, string>>;
}

/** How a name is proved: by what is served at port 80 (RFC 8555 8.3), or at port 443 (RFC 8737). */
export type ChallengeWay = "http-01" | "tls-alpn-01";

/** An account that somebody has with the authority otherwise, to which ours is bound (RFC 8555 7.3.4). */
export interface ExternalAccount {
  readonly kid: string;
  /** The MAC key, base64url. */
  readonly key: string;
}

/** What tls-alpn-01 wants to see of a name. */
export interface TlsProof {
  /** DER. */
  readonly certificate: Uint8Array;
  readonly key: EcKey;
}

/** Where the authority looks for the answers to its challenges. */
export interface ChallengeBoard {
  publish(token: string, answer: string): void;
  remove(token: string): void;
  publishTls(name: string, proof: TlsProof): void;
  removeTls(name: string): void;
}

/** Why there is no certificate. The texts may be the authority's: one line, not too long. */
export interface AcmeFault {
  readonly why: string;
  /** Milliseconds the authority wants us to wait; null where it does not say. */
  readonly wait: number | null;
  /** Names it would not issue for; empty where it is not about names. */
  readonly names: readonly string[];
  /** The account we know is none of its own (any more). */
  readonly noAccount: boolean;
}
