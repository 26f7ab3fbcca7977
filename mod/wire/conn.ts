/** One end of a connection. */
export interface Endpoint {
  readonly address: string;
  readonly port: number;
}

/** What the TLS layer tells of a connection; for `Received:` and logs. */
export interface TlsInfo {
  /** "TLSv1.3" */
  readonly protocol: string;
  readonly cipher: string;
  /** The SNI name the client asked for, or null. */
  readonly serverName: string | null;
  /** Server's side: what tls-server-end-point binds to (RFC 5929 4), of the certificate shown on this connection; absent where it has none. */
  readonly endPoint?: Uint8Array;
  /** Server's side: SHA-256 of the client's certificate, lower-case hex; absent where it showed none. The client has proved to own its key. */
  readonly clientCertificate?: string;
  /** Client's side: why the server's certificate is not valid for its name by the platform's authorities, whether or not that was asked for; null when it is. */
  readonly certificateFault?: string | null;
}

/** What a client asks of the certificate it is shown. */
export interface TlsVerify {
  /** Sent as SNI. */
  readonly name: string;
  /** The certificate must be valid for `name` by the platform's authorities. */
  readonly required: boolean;
  /** Judges what was shown instead: certificates in DER, the peer's own first. null when they will do, else why not. */
  readonly check?: (chain: readonly Uint8Array[]) => string | null;
}

/** Why a connection cannot be used any more: the peer went, was too slow, or we closed it. */
export class ConnectionLost extends Error {
  override readonly name = "ConnectionLost";
  /** "local": the address to come from is not this machine's. */
  readonly why: "reset" | "timeout" | "closed" | "tls" | "local";
  constructor(why: ConnectionLost["why"], detail = "") {
    super(`Connection lost: ${why}${detail ? ` (${detail})` : ""}`);
    this.why = why;
  }
}

/**
 * A byte stream both ways, over TCP or TLS. One reader and one writer at a time.
 * Every wait has a bound: `read` by `setIdle`, `write` by WRITE_STALL; past it the connection is destroyed and the call throws
 * `ConnectionLost`.
 */
export interface Conn {
  readonly remote: Endpoint;
  readonly local: Endpoint;
  /** null while the connection is in the clear. */
  readonly tls: TlsInfo | null;
  /** The peer has ended its side, or the connection is lost, as far as is known without asking; what came before may still be unread. */
  readonly ended: boolean;
  /** Milliseconds a `read` may wait from now on. */
  setIdle(ms: number): void;
  /** The next octets, as many as are there (never empty), or null when the peer has ended its side. The caller owns them. */
  read(): Promise<Uint8Array | null>;
  /** What has already arrived, without waiting; null when there is nothing yet. */
  readNow(): Uint8Array | null;
  /** Hands over octets; resolves when the peer takes them at a pace that keeps memory bounded. The array may not be changed afterwards. */
  write(bytes: Uint8Array): Promise<void>;
  /** As `write`, but resolves when all was taken, and the array is the caller's again. Absent where that cannot be known. */
  lend?(bytes: Uint8Array): Promise<void>;
  /**
   * Server: writes `announce` (the reply that invites the handshake) and begins TLS; giving the reply here closes the gap in which the
   * ClientHello would be read as plain octets. Client: `announce` is null, begins TLS at once; with `verify` the certificate must be
   * as that says. Throws `ConnectionLost` "tls" if the handshake fails, or, before anything is written, if
   * plain octets were received but not read (they would otherwise survive into the protected session).
   */
  startTls(
    announce: Uint8Array | null,
    verify?: TlsVerify,
  ): Promise<void>;
  /** Ends our side after all was written, then closes. Never throws. */
  close(): Promise<void>;
  /** Drops the connection at once. */
  destroy(): void;
}
