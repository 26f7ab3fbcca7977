import { checkDane } from "../auth/dane.ts";
import type { Clock } from "../base/clock.ts";
import { CLIENT_CONNECT } from "../base/limits.ts";
import { err, ok, type Result } from "../base/result.ts";
import { type ClientFault, SmtpClient } from "../smtp/client.ts";
import { type Conn, ConnectionLost, type TlsVerify } from "../wire/conn.ts";
import type { Connector } from "./connector.ts";
import { faultOf, type HostFault, hostFault } from "./fault.ts";
import type { TlsPolicy } from "./tls_policy.ts";
import type { TlsSeen } from "./tls_session.ts";

/** One address of one host, and how to speak to it. */
export interface Target {
  readonly protocol: "smtp" | "lmtp";
  /** For logs, TLS and outcomes. */
  readonly host: string;
  readonly address: string;
  readonly port: number;
  readonly tls: TlsPolicy;
  readonly login: { readonly user: string; readonly password: string } | null;
  /** Addresses to come from, of each family one at most; the system's choice where there is none. */
  readonly sources?: readonly string[];
  /** Our name in EHLO, where it is not the usual one. */
  readonly hostname?: string;
  /** Told what TLS came to on each connection it was tried on. */
  readonly observe?: (address: string, seen: TlsSeen) => void;
}

export interface DialPorts {
  readonly connector: Connector;
  readonly clock: Clock;
  /** Our name in EHLO. */
  readonly hostname: string;
}

/** Milliseconds a host with a broken STARTTLS is spared another try of it, and one whose BDAT does not work; of so many hosts each. */
const BROKEN_TLS_KEPT = 10 * 60_000;
const BROKEN_CHUNKS_KEPT = 24 * 3_600_000;
const BROKEN_HOSTS = 1000;

/** Makes connections that are ready for MAIL. */
export class Dialer {
  readonly #ports: DialPorts;
  /** Address and port to the monotonic time until which STARTTLS is not tried. */
  readonly #brokenTls = new Map<string, number>();
  /** The same for CHUNKING. */
  readonly #brokenChunks = new Map<string, number>();

  constructor(ports: DialPorts) {
    this.#ports = ports;
  }

  /**
   * Connects, says EHLO, begins TLS and logs in. With an opportunistic policy a handshake that fails leads to a second connection in the
   * clear. After `signal` aborts the connection is dropped. `conn` is a connection there already is, from `connect`. Never throws.
   */
  async dial(
    target: Target,
    signal: AbortSignal,
    conn: Conn | null = null,
  ): Promise<Result<SmtpClient, HostFault>> {
    const key = keyOf(target);
    if (target.tls.kind !== "opportunistic") {
      const only = await this.#session(target, true, signal, conn);
      return only.ok ? only : err(explained(only.error, target.tls));
    }
    const secure = !this.#remembers(this.#brokenTls, key);
    const first = await this.#session(target, secure, signal, conn);
    if (first.ok || first.error.status !== "4.7.5" || signal.aborted) return first;
    this.#remember(this.#brokenTls, key, BROKEN_TLS_KEPT);
    return await this.#session(target, false, signal);
  }

  /** New connections to this address are without CHUNKING for a day. False when they were already. */
  avoidChunks(target: Target): boolean {
    const key = keyOf(target);
    if (this.#remembers(this.#brokenChunks, key)) return false;
    this.#remember(this.#brokenChunks, key, BROKEN_CHUNKS_KEPT);
    return true;
  }

  async #session(
    target: Target,
    secure: boolean,
    signal: AbortSignal,
    made: Conn | null = null,
  ): Promise<Result<SmtpClient, HostFault>> {
    const conn = made ? ok(made) : await this.connect(target);
    if (!conn.ok) return conn;
    const { clock } = this.#ports;
    const { hostname = this.#ports.hostname } = target;
    const noChunks = this.#remembers(this.#brokenChunks, keyOf(target));
    const client = new SmtpClient(conn.value, { protocol: target.protocol, hostname, clock, noChunks });
    const stop = () => client.abort();
    signal.addEventListener("abort", stop, { once: true });
    if (signal.aborted) stop();
    const fault = await this.#prepare(client, target, secure, (why) => {
      // What we break off ourselves says nothing about the host.
      if (!signal.aborted) target.observe?.(target.address, seenOn(conn.value, why));
    });
    signal.removeEventListener("abort", stop);
    if (!fault) return ok(client);
    // A polite end where it is still possible, but nobody waits for it.
    void client.quit();
    return err(fault);
  }

  /** Connects, and no more. Never throws. */
  async connect(target: Target): Promise<Result<Conn, HostFault>> {
    const { address, port, host } = target;
    const source = target.sources?.find((s) => s.includes(":") === address.includes(":"));
    try {
      return ok(await this.#ports.connector.connect(address, port, source, CLIENT_CONNECT));
    } catch (error) {
      if (!(error instanceof ConnectionLost)) throw error;
      if (error.why === "local") {
        const why = `cannot send from ${source}: this machine has no such address (source_address)`;
        return err(hostFault("deferred", "4.3.5", why, host));
      }
      const why = `cannot connect to ${address} port ${port}: ${error.message}`;
      return err({ ...hostFault("deferred", "4.4.1", why, host), unready: true });
    }
  }

  /** From the greeting to the log-in; null when all is well. `tried` is told how STARTTLS went, as `seenOn` has it. */
  async #prepare(
    client: SmtpClient,
    target: Target,
    secure: boolean,
    tried: (why: string | null) => void,
  ): Promise<HostFault | null> {
    const { tls, login, host } = target;
    const required = tls.kind !== "opportunistic";
    const verify = this.#verifyFor(tls, host);
    if (tls.kind === "required" && tls.implicit) {
      const begun = await client.implicitTls(verify);
      if (!begun.ok) return faultOf(begun.error, host);
    }
    const opened = await client.open();
    if (!opened.ok) return faultOf(opened.error, host);
    if (client.tls === null && secure && opened.value.startTls) {
      const begun = await client.startTls(verify);
      tried(begun.ok ? null : tlsFault(begun.error, host).why);
      if (!begun.ok && (required || !client.usable)) return tlsFault(begun.error, host);
    }
    if (client.tls === null && secure && !opened.value.startTls) tried("");
    if (required && client.tls === null) {
      return hostFault("deferred", "4.7.4", "the host does not offer STARTTLS, which is required", host);
    }
    if (!login) return null;
    const known = await client.authenticate(login.user, login.password);
    return known.ok ? null : faultOf(known.error, host);
  }

  #verifyFor(tls: TlsPolicy, host: string): TlsVerify {
    switch (tls.kind) {
      case "opportunistic":
      case "encrypted":
        return { name: host, required: false };
      case "required":
        return { name: tls.name, required: true };
      case "dane": {
        const { records, names } = tls;
        const check = (chain: readonly Uint8Array[]) =>
          checkDane(records, names, chain, this.#ports.clock.now());
        return { name: names[0], required: true, check };
      }
    }
  }

  #remembers(hosts: ReadonlyMap<string, number>, key: string): boolean {
    const until = hosts.get(key);
    return until !== undefined && until > this.#ports.clock.monotonic();
  }

  #remember(hosts: Map<string, number>, key: string, ms: number): void {
    hosts.delete(key);
    hosts.set(key, this.#ports.clock.monotonic() + ms);
    const [oldest] = hosts.keys();
    if (hosts.size > BROKEN_HOSTS && oldest !== undefined) hosts.delete(oldest);
  }
}

function keyOf({ address, port }: Target): string {
  return `${address} ${port}`;
}

/** A fault of TLS, with why TLS is asked for where the destination does not. */
function explained(fault: HostFault, tls: TlsPolicy): HostFault {
  const because = "because" in tls ? tls.because : undefined;
  if (because === undefined || !fault.status.startsWith("4.7.")) return fault;
  return { ...fault, why: `${fault.why} (${because})` };
}

/** How STARTTLS went on a connection: null well, "" it is not offered, else why not. */
function seenOn({ tls, local }: Conn, why: string | null): TlsSeen {
  const localAddress = local.address;
  if (why === null) return { kind: "secure", certificate: tls?.certificateFault, localAddress };
  return why === "" ? { kind: "not-offered", localAddress } : { kind: "broken", why, localAddress };
}

/** Whatever breaks between STARTTLS and the EHLO under it is TLS that does not work: 4.7.5 makes `dial` try in the clear. */
function tlsFault(fault: ClientFault, host: string): HostFault {
  const told = faultOf(fault, host);
  return fault.kind === "lost" ? { ...told, status: "4.7.5" } : told;
}
