import type { Result } from "../base/result.ts";
import type { Server } from "./source.ts";

/** The octets' way to a name server and back. The error is why, for the log: "timeout", "connection refused". Never throws. */
export interface Exchange {
  /**
   * Sends one datagram from a fresh, random port and waits for one from that very server which `accept` takes; others are dropped
   * (anybody may send them), so waiting goes on until `timeout` milliseconds are over.
   */
  udp(
    server: Server,
    query: Uint8Array,
    timeout: number,
    accept: (reply: Uint8Array) => boolean,
  ): Promise<Result<Uint8Array, string>>;
  /** One message over a fresh TCP connection (RFC 7766: two octets of length before it, here neither given nor returned). */
  tcp(server: Server, query: Uint8Array, timeout: number): Promise<Result<Uint8Array, string>>;
}
