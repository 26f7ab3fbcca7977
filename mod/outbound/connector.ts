import type { Conn } from "../wire/conn.ts";

/** How outgoing connections are made. */
export interface Connector {
  /**
   * Connects over TCP. `localAddress`: where to come from, undefined for the system's choice. `timeout` in milliseconds. Throws
   * `ConnectionLost` when there is no connection in time.
   */
  connect(address: string, port: number, localAddress: string | undefined, timeout: number): Promise<Conn>;
}
