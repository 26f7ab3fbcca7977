import net from "node:net";
import { utf8 } from "../base/bytes.ts";
import { LISTEN_KNOCK } from "../base/limits.ts";
import { ConnectionLost } from "../wire/conn.ts";
import { Accepting } from "./accepting.ts";
import { type ChooseTls, NodeConn, remoteOf, type ServerTls } from "./net.ts";
import { readProxyHeader } from "./proxy.ts";

/** A listening socket. */
export interface Listener {
  readonly address: string;
  readonly port: number;
  /** False while it is shut for want of a socket. */
  readonly accepting: boolean;
  /** Whether a connection of our own is let in. */
  answers(): Promise<boolean>;
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
  /** The same, but what the client says first chooses; it comes before `serverTls` and `implicitTls`. */
  readonly chooseTls?: ChooseTls;
  /** Whether a peer at this address is a proxy, whose PROXY header comes first and tells the client. Absent: none is. */
  isProxy?(remoteAddress: string): boolean;
  /** What a proxy did that could not be understood; the connection is dropped. */
  proxyFailed?(remoteAddress: string, why: string): void;
  /** What a peer is told whom `admit` refuses; "" for nothing. */
  readonly busy: string;
  /** Called as soon as a connection is there, before any handshake; false closes it at once (limits). */
  admit(remoteAddress: string): boolean;
  accept(conn: NodeConn): void;
  /** The connection given up before `accept`, or the end of it. */
  left(remoteAddress: string): void;
  handshakeFailed(remoteAddress: string, why: string): void;
  /** At the end of a connection on which TLS was begun by STARTTLS: whether the client has said anything under it. */
  tlsEnded?(remoteAddress: string, spoke: boolean): void;
  /** It had stopped accepting, for want of file descriptors, and was opened anew; `fault` where that failed, too. */
  revived?(fault: string | null): void;
}

/** Listens on one address. Rejects with the system's error if it cannot. */
export async function listen(options: ListenOptions): Promise<Listener> {
  return await Accepting.open({
    address: options.address,
    port: options.port,
    accept: (socket) => void greet(socket, options),
    revived: (fault) => options.revived?.(fault),
    every: LISTEN_KNOCK,
  });
}

async function greet(socket: net.Socket, options: ListenOptions): Promise<void> {
  const conn = await taken(socket, options);
  if (!conn) return;
  const { address } = conn.remote;
  if (!options.admit(address)) {
    if (options.busy) await conn.write(utf8(options.busy)).catch(() => {});
    return await conn.close();
  }
  conn.onEnd(() => {
    options.left(address);
    if (conn.underTls !== "no") options.tlsEnded?.(address, conn.underTls === "spoke");
  });
  if (options.implicitTls || options.chooseTls) {
    try {
      if (!options.chooseTls) await conn.startTls(null);
      else if (!await conn.startTlsBy(options.chooseTls)) return await conn.close();
    } catch (e) {
      if (!(e instanceof ConnectionLost)) throw e;
      return options.handshakeFailed(address, e.message);
    }
  }
  options.accept(conn);
}

/** The connection of a socket, with the client's address where a proxy tells it; null when it was dropped. */
async function taken(socket: net.Socket, options: ListenOptions): Promise<NodeConn | null> {
  const { address } = remoteOf(socket);
  if (!options.isProxy?.(address)) return new NodeConn(socket, options.serverTls);
  const header = await readProxyHeader(socket);
  if (typeof header !== "string" && !socket.destroyed) {
    const conn = new NodeConn(socket, options.serverTls, header.kind === "proxied" ? header : undefined);
    // Only now is there somebody to take what comes.
    socket.resume();
    return conn;
  }
  // What still comes of it is an echo of its end.
  socket.on("error", () => {});
  socket.destroy();
  if (typeof header === "string") options.proxyFailed?.(address, header);
  return null;
}

/**
 * Connects to a host over TCP. Rejects with `ConnectionLost`: "timeout" after `timeout` milliseconds, "local" when `localAddress` is none of
 * this machine's, else "reset" with the system's words.
 */
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
      // Deno tells by the text alone which call it was.
      reject(new ConnectionLost(e.message.startsWith("bind ") ? "local" : "reset", e.message));
    };
    socket.once("error", failed);
    socket.once("connect", () => {
      clearTimeout(timer);
      socket.removeListener("error", failed);
      resolve(new NodeConn(socket, null));
    });
  });
}
