import type { Conn } from "../wire/conn.ts";

/** How outgoing connections are made. */
export interface Connector {
  /**
   * Connects over TCP. `localAddress`: where to come from, undefined for the system's choice. `timeout` in milliseconds. Throws
   * `ConnectionLost` when there is no connection in time; its `why` is "local" when this machine has no such address to come from.
   */
  connect(address: string, port: number, localAddress: string | undefined, timeout: number): Promise<Conn>;
}
