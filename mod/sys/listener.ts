import net from "node:net";
import { utf8 } from "../base/bytes.ts";
import { ConnectionLost } from "../wire/conn.ts";
import { NodeConn, type ServerTls } from "./net.ts";

/** A listening socket. */
export interface Listener {
  readonly address: string;
  readonly port: number;
  /** Stops accepting; open connections go on. */
  close(): Promise<void>;
}

/** What to do with connections. `accept` owns the connection; a failed TLS handshake never gets there. */
export interface ListenOptions {
  readonly address: string;
  readonly port: number;
  readonly serverTls: ServerTls | null;
  /** TLS from the first octet. */
  readonly implicitTls: boolean;
  /** What a peer is told whom `admit` refuses; "" for nothing. */
  readonly busy: string;
  /** Called as soon as a connection is there, before any handshake; false closes it at once (limits). */
  admit(remoteAddress: string): boolean;
  accept(conn: NodeConn): void;
  /** The connection given up before `accept`, or the end of it. */
  left(remoteAddress: string): void;
  handshakeFailed(remoteAddress: string, why: string): void;
}

/** Listens on one address. Rejects with the system's error if it cannot. */
export async function listen(options: ListenOptions): Promise<Listener> {
  const server = net.createServer({ allowHalfOpen: true }, (socket) => void greet(socket, options));
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen({ host: options.address, port: options.port, backlog: 1024 }, () => {
      server.removeListener("error", reject);
      resolve();
    });
  });
  const at = server.address() as net.AddressInfo;
  return {
    address: at.address,
    port: at.port,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

async function greet(socket: net.Socket, options: ListenOptions): Promise<void> {
  const conn = new NodeConn(socket, options.serverTls);
  const { address } = conn.remote;
  if (!options.admit(address)) {
    if (options.busy) await conn.write(utf8(options.busy)).catch(() => {});
    return await conn.close();
  }
  conn.onEnd(() => options.left(address));
  if (options.implicitTls) {
    try {
      await conn.startTls(null);
    } catch (e) {
      if (!(e instanceof ConnectionLost)) throw e;
      return options.handshakeFailed(address, e.message);
    }
  }
  options.accept(conn);
}

/** Connects to a host over TCP. Rejects with `ConnectionLost`: "timeout" after `timeout` milliseconds, else "reset" with the system's words. */
export function connect(
  address: string,
  port: number,
  timeout: number,
  localAddress?: string,
): Promise<NodeConn> {
  return new Promise((resolve, reject) => {
    const socket = net.connect({ host: address, port, ...(localAddress ? { localAddress } : {}) });
    const timer = setTimeout(() => {
      socket.destroy();
      reject(new ConnectionLost("timeout"));
    }, timeout);
    const failed = (e: Error) => {
      clearTimeout(timer);
      socket.destroy();
      reject(new ConnectionLost("reset", e.message));
    };
    socket.once("error", failed);
    socket.once("connect", () => {
      clearTimeout(timer);
      socket.removeListener("error", failed);
      resolve(new NodeConn(socket, null));
    });
  });
}
