/** The HTTP listeners and the control token. */
import { timingSafeEqual } from "@std/crypto";
import { EMPTY, fromUtf8, utf8 } from "../base/bytes.ts";
import type { Clock } from "../base/clock.ts";
import { replaceFile } from "../base/durable.ts";
import { type Fs, isFsError } from "../base/fs.ts";
import { isLoopback, parseIp } from "../base/ip.ts";
import { HTTP_CONNECTIONS } from "../base/limits.ts";
import type { Log } from "../base/log.ts";
import type { Random } from "../base/random.ts";
import type { HttpHandler } from "../status/serve_http.ts";
import { listen, type Listener } from "../sys/listener.ts";
import type { Conn } from "../wire/conn.ts";

export interface HttpListener {
  readonly address: string;
  readonly port: number;
  /** Open connections. */
  readonly connections: number;
  readonly listener: Listener;
  close(): Promise<void>;
}

export interface HttpListenPorts {
  readonly clock: Clock;
  readonly log: Log;
  readonly stopping: AbortSignal;
  /** Makes the app. Called at the first connection: most servers see none for days. */
  load(): Promise<HttpHandler>;
}

/** Opens one HTTP listener. Throws the system's error when it cannot. */
export async function listenHttp(
  address: string,
  port: number,
  ports: HttpListenPorts,
): Promise<HttpListener> {
  const { log } = ports;
  const open = new Set<Promise<void>>();
  const serve = async (conn: Conn): Promise<void> => {
    try {
      const { serveHttp } = await import("../status/serve_http.ts");
      const failed = (e: unknown) => log.error("http request failed", {}, e);
      await serveHttp(conn, await ports.load(), { ...ports, failed });
    } catch (e) {
      log.error("connection not served", { service: "http" }, e);
      conn.destroy();
    }
  };
  const listener = await listen({
    address,
    port,
    serverTls: null,
    implicitTls: false,
    busy: "HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\nconnection: close\r\n\r\n",
    admit: (remote) => {
      // Strangers must not keep the verbs of this machine out.
      const most = isLoopbackText(remote) ? 2 * HTTP_CONNECTIONS : HTTP_CONNECTIONS;
      const admitted = open.size < most;
      if (!admitted) log.warn("connection refused", { service: "http", remote, why: "too many connections" });
      return admitted;
    },
    accept(conn) {
      const served = serve(conn);
      open.add(served);
      void served.finally(() => open.delete(served));
    },
    left: () => {},
    handshakeFailed: () => {},
  });
  return {
    address: listener.address,
    port: listener.port,
    listener,
    get connections() {
      return open.size;
    },
    async close() {
      await listener.close();
      await Promise.allSettled([...open]);
    },
  };
}

function isLoopbackText(address: string): boolean {
  const ip = parseIp(address);
  return ip !== null && isLoopback(ip);
}

/**
 * The token by which programs of the same user change things over HTTP: DATA/control.token, mode 0600, made anew at each start. On a disk that
 * cannot be written the last one goes on, or nobody has one: there is still mail to be read.
 */
export async function writeControlToken(
  fs: Fs,
  random: Random,
  log: Log,
  file: string,
): Promise<ControlToken> {
  const token = Array.from(random.bytes(32), (b) => b.toString(16).padStart(2, "0")).join("");
  try {
    await replaceFile(fs, file, utf8(`${token}\n`));
    return new ControlToken(token);
  } catch (e) {
    if (!isFsError(e, "full", "read-only")) throw e;
    log.warn("control token not written", { path: file, why: e.code });
    const last = fromUtf8(await fs.readFile(file, 2 * token.length) ?? EMPTY).trim();
    return new ControlToken(/^[0-9a-f]{64}$/.test(last) ? last : token);
  }
}

export class ControlToken {
  readonly #token: Uint8Array;

  constructor(token: string) {
    this.#token = utf8(token);
  }

  /** Compares in constant time. */
  isRight(given: string): boolean {
    return timingSafeEqual(utf8(given), this.#token);
  }
}
