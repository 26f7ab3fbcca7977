/** Which sockets are open and who serves them; a reload opens and closes only what changed. */
import type { Clock } from "../base/clock.ts";
import type { Log } from "../base/log.ts";
import { listen, type Listener } from "../sys/listener.ts";
import type { ServerTls } from "../sys/net.ts";
import { GivenUp } from "../tls/given_up.ts";
import type { Conn } from "../wire/conn.ts";
import type { Connections } from "./connections.ts";

/** Services by the names of the config's `listen` section. */
export type ServiceKind =
  | "smtp"
  | "submission"
  | "submissions"
  | "devices"
  | "imap"
  | "imaps"
  | "pop3"
  | "pop3s"
  | "lmtp";

/** TLS from the first octet. */
const IMPLICIT_TLS: ReadonlySet<ServiceKind> = new Set(["submissions", "imaps", "pop3s"]);

/** Where nobody logs in. */
const NO_LOGINS: ReadonlySet<ServiceKind> = new Set(["smtp", "lmtp", "devices"]);

/** What strangers over the limits are told; TLS listeners say nothing, for the peer waits for a handshake. */
const BUSY: Readonly<Record<ServiceKind, string>> = {
  smtp: "421 4.3.2 Too many connections; try again later\r\n",
  submission: "421 4.3.2 Too many connections; try again later\r\n",
  devices: "421 4.3.2 Too many connections; try again later\r\n",
  lmtp: "421 4.3.2 Too many connections; try again later\r\n",
  imap: "* BYE Too many connections; try again later\r\n",
  pop3: "-ERR [SYS/TEMP] Too many connections; try again later\r\n",
  submissions: "",
  imaps: "",
  pop3s: "",
};

export interface Wanted {
  readonly kind: ServiceKind;
  readonly address: string;
  readonly port: number;
}

/** Serves one connection to its end; never rejects. */
export type Serve = (kind: ServiceKind, conn: Conn) => Promise<void>;

export interface OpenListener extends Wanted {
  connections: number;
  readonly listener: Listener;
}

export interface ListenerPorts {
  readonly connections: Connections;
  readonly serverTls: ServerTls;
  /** The same for who gives up on TLS 1.3. */
  readonly oldServerTls: ServerTls;
  readonly clock: Clock;
  readonly log: Log;
  readonly serve: Serve;
  /** Whether some account logs in by client certificate, so that clients are asked for theirs. */
  readonly wantsCertificates: () => boolean;
  /** Whether a peer at this address may send a PROXY header (and then must). */
  isProxy(remoteAddress: string): boolean;
}

export class Listeners {
  readonly #ports: ListenerPorts;
  readonly #givenUp = new GivenUp();
  #open: OpenListener[] = [];

  constructor(ports: ListenerPorts) {
    this.#ports = ports;
  }

  /** What is open, with the real port where 0 was asked for. */
  list(): readonly OpenListener[] {
    return this.#open;
  }

  /**
   * Opens what is wanted and not open, then closes what is no longer wanted. When one cannot be opened, those newly opened are closed again
   * and the old ones stay as they were: throws an error whose text is for people.
   */
  async change(wanted: readonly Wanted[]): Promise<void> {
    const keep = this.#open.filter((o) => wanted.some((w) => same(w, o)));
    const drop = this.#open.filter((o) => !keep.includes(o));
    const opened: OpenListener[] = [];
    for (const w of wanted) {
      if (keep.some((o) => same(w, o))) continue;
      try {
        opened.push(await this.#openOne(w));
      } catch (e) {
        await Promise.all(opened.map((o) => o.listener.close()));
        throw new Error(explain(w, e), { cause: e });
      }
    }
    this.#open = [...keep, ...opened];
    // Open sessions go on; only new connections are refused.
    for (const o of drop) void o.listener.close();
  }

  /** Closes all; open sessions go on. */
  close(): void {
    for (const o of this.#open) void o.listener.close();
    this.#open = [];
  }

  async #openOne(wanted: Wanted): Promise<OpenListener> {
    const { connections, serverTls, wantsCertificates, log, serve, isProxy } = this.#ports;
    const counted = { connections: 0 };
    const listener = await listen({
      address: wanted.address,
      port: wanted.port,
      serverTls: NO_LOGINS.has(wanted.kind) ? (remote) => this.#tlsFor(remote)(remote) : () => ({
        ...serverTls(),
        // Who shows none, or one that nobody knows, is no worse off.
        ...(wantsCertificates() ? { requestCert: true, rejectUnauthorized: false } : {}),
      }),
      implicitTls: IMPLICIT_TLS.has(wanted.kind),
      isProxy,
      proxyFailed: (remote, why) => log.warn("proxy failed", { service: wanted.kind, remote, why }),
      busy: BUSY[wanted.kind],
      admit: (remote) => {
        const why = connections.full ? "memory is short" : "too many connections";
        const admitted = connections.admit(remote);
        if (admitted) counted.connections++;
        else log.warn("connection refused", { service: wanted.kind, remote, why });
        return admitted;
      },
      left: (remote) => {
        counted.connections--;
        connections.leave(remote);
      },
      accept: (conn) => connections.track(conn, serve(wanted.kind, conn)),
      handshakeFailed: (remote, why) => log.info("tls failed", { service: wanted.kind, remote, why }),
      ...(wanted.kind === "smtp" ? { tlsEnded: (remote, spoke) => this.#tlsEnded(remote, spoke) } : {}),
      revived: (fault) =>
        log.warn("listener had stopped accepting", { service: wanted.kind, port: wanted.port, fault }),
    });
    return {
      ...wanted,
      port: listener.port,
      listener,
      get connections() {
        return counted.connections;
      },
      set connections(n) {
        counted.connections = n;
      },
    };
  }

  #tlsFor(remote = ""): ServerTls {
    const { serverTls, oldServerTls, clock } = this.#ports;
    return this.#givenUp.has(remote, clock.monotonic()) ? oldServerTls : serverTls;
  }

  /** Nobody but other servers is served by TLS 1.2 alone, and none of these that goes on by TLS 1.3. */
  #tlsEnded(remote: string, spoke: boolean): void {
    const { clock, log } = this.#ports;
    const now = clock.monotonic();
    if (this.#givenUp.has(remote, now)) return;
    if (spoke) this.#givenUp.stayed(remote);
    else if (this.#givenUp.left(remote, now)) log.info("tls 1.3 given up", { service: "smtp", remote });
  }
}

function same(a: Wanted, b: Wanted): boolean {
  return a.kind === b.kind && a.address === b.address && a.port === b.port;
}

function explain(w: Wanted, e: unknown): string {
  const at = `Cannot listen on ${
    w.address.includes(":") ? `[${w.address}]` : w.address
  }:${w.port} for ${w.kind}`;
  const code = (e as { code?: string }).code ?? "";
  const text = e instanceof Error ? e.message : String(e);
  if (code === "EADDRINUSE" || text.includes("EADDRINUSE")) {
    return `${at}: another program has the port; stop it (often postfix, exim4 or dovecot) or change listen.${w.kind}`;
  }
  if (code === "EACCES" || text.includes("EACCES") || e instanceof Deno.errors.PermissionDenied) {
    return `${at}: ports below 1024 need the right CAP_NET_BIND_SERVICE; use the systemd unit, or a higher port`;
  }
  if (code === "EADDRNOTAVAIL" || text.includes("EADDRNOTAVAIL")) {
    return `${at}: this machine has no such address`;
  }
  return `${at}: ${text}`;
}
