/** The HTTP listeners and the control token. */
import { timingSafeEqual } from "@std/crypto";
import { EMPTY, fromUtf8, utf8 } from "../base/bytes.ts";
import type { Clock } from "../base/clock.ts";
import { replaceFile } from "../base/durable.ts";
import { type Fs, isFsError } from "../base/fs.ts";
import type { Log } from "../base/log.ts";
import type { Random } from "../base/random.ts";
import type { HttpHandler } from "../status/serve_http.ts";
import { listen, type Listener } from "../sys/listener.ts";
import type { ChooseTls } from "../sys/net.ts";
import type { Conn } from "../wire/conn.ts";
import { Crowd } from "./crowd.ts";

export interface HttpListener {
  readonly kind: "http" | "https";
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
  /** Whether memory is short. */
  tight(): boolean;
  /** Whether a peer at this address may send a PROXY header (and then must): of TLS alone, for other proxies have headers of their own. */
  isProxy(remoteAddress: string): boolean;
  /** Makes the app. Called at the first connection: most servers see none for days. */
  load(): Promise<HttpHandler>;
}

/** Opens one HTTP listener; with `chooseTls` one for HTTPS. Throws the system's error when it cannot. */
export async function listenHttp(
  address: string,
  port: number,
  ports: HttpListenPorts,
  chooseTls: ChooseTls | null = null,
): Promise<HttpListener> {
  const { log } = ports;
  const kind = chooseTls ? "https" : "http";
  const open = new Set<Promise<void>>();
  const crowd = new Crowd(() => ports.tight());
  const serve = async (conn: Conn): Promise<void> => {
    try {
      const { serveHttp } = await import("../status/serve_http.ts");
      const failed = (e: unknown) => log.error("http request failed", {}, e);
      await serveHttp(conn, await ports.load(), { ...ports, failed });
    } catch (e) {
      log.error("connection not served", { service: kind }, e);
      conn.destroy();
    }
  };
  const listener = await listen({
    address,
    port,
    serverTls: null,
    implicitTls: false,
    ...(chooseTls
      ? {
        chooseTls,
        isProxy: (remote) => ports.isProxy(remote),
        proxyFailed: (remote, why) => log.warn("proxy failed", { service: kind, remote, why }),
      }
      : {}),
    // Over TLS the peer waits for a handshake.
    busy: chooseTls
      ? ""
      : "HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\nconnection: close\r\n\r\n",
    admit: (remote) => {
      const admitted = crowd.admit(remote);
      if (!admitted) log.warn("connection refused", { service: kind, remote, why: "too many connections" });
      return admitted;
    },
    accept(conn) {
      const served = serve(conn);
      open.add(served);
      void served.finally(() => open.delete(served));
    },
    left: (remote) => crowd.leave(remote),
    handshakeFailed: (remote, why) => log.info("tls failed", { service: kind, remote, why }),
  });
  return {
    kind,
    address: listener.address,
    port: listener.port,
    listener,
    get connections() {
      return crowd.total;
    },
    async close() {
      // Not its end: that would wait for who has not even begun TLS.
      void listener.close();
      await Promise.allSettled([...open]);
    },
  };
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
