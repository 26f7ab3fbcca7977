/**
 * Sockets: node:net, and node:tls over them, because that is the one way in Deno by which STARTTLS and implicit TLS share a listener
 * path and certificates are chosen per connection. Invariants:
 * - Octets that arrived in the clear never reach a TLS session: the plain handlers are gone before the TLS socket is made, and what was
 *   taken from the socket but not read makes `startTls` refuse.
 * - The socket is paused when READ_AHEAD octets wait unread, or any where READ_AHEAD_ALL wait in all: peers cannot fill our memory.
 */
import net from "node:net";
import tls from "node:tls";
import { concat } from "../base/bytes.ts";
import {
  READ_AHEAD,
  READ_AHEAD_ALL,
  TLS_CHAIN,
  TLS_HANDSHAKE,
  WRITE_AHEAD,
  WRITE_STALL,
} from "../base/limits.ts";
import type { ClientHello } from "../wire/client_hello.ts";
import { type Conn, ConnectionLost, type Endpoint, type TlsInfo, type TlsVerify } from "../wire/conn.ts";
import { Deadlines, type Waiter } from "./deadlines.ts";
import { ReadAhead } from "./read_ahead.ts";

/** Milliseconds a closing connection may take to flush and see the peer's end. */
const LINGER = 5000;

const deadlines = new Deadlines();
const ahead = new ReadAhead(READ_AHEAD_ALL);

/** How a server side begins TLS with a client: made anew for each connection, so that renewed certificates need no restart. */
export type ServerTls = (remoteAddress?: string) => ServerTlsOptions;

export interface ServerTlsOptions extends tls.TLSSocketOptions {
  /** Once the handshake is done: the channel binding data of the certificate that was chosen, or null. */
  readonly endPoint?: () => Uint8Array | null;
}

/** Octets that are all the answer there is: the connection ends after them. */
export interface TlsAnswer {
  /** null where there is none for this client. */
  answer(): Promise<Uint8Array | null>;
}

/** As `ServerTls`, by what the client said first; null where it is not to be served. */
export type ChooseTls = (hello: ClientHello) => ServerTlsOptions | TlsAnswer | null;

/** A connection over a node socket. */
export class NodeConn implements Conn {
  readonly remote: Endpoint;
  readonly local: Endpoint;
  #socket: net.Socket;
  #tls: TlsInfo | null = null;
  readonly #serverTls: ServerTls | null;
  #chunks: Uint8Array[] = [];
  #unread = 0;
  /** Octets that the socket has and the system has not taken yet. */
  #unsent = 0;
  /** Of them, how many whoever waits to write does not mind. */
  #enough = 0;
  #paused = false;
  #ended = false;
  /** Of the client, since TLS began: nothing but its handshake, or a word. */
  #underTls: "no" | "silent" | "spoke" = "no";
  #lost: ConnectionLost | null = null;
  #idle = 60_000;
  #reader: (() => void) | null = null;
  #writer: (() => void) | null = null;
  #ending: (() => void) | null = null;
  readonly #reading: Waiter = { deadline: Infinity, expire: () => this.#fail(new ConnectionLost("timeout")) };
  readonly #writing: Waiter = { deadline: Infinity, expire: () => this.#fail(new ConnectionLost("timeout")) };

  /**
   * Takes over a connected socket. `serverTls` is what `startTls` uses on the server's side; null for clients. `ends` is what a proxy
   * told of them, instead of the socket's own.
   */
  constructor(
    socket: net.Socket,
    serverTls: ServerTls | null,
    ends?: { readonly remote: Endpoint; readonly local: Endpoint },
  ) {
    this.#socket = socket;
    this.#serverTls = serverTls;
    this.remote = ends?.remote ?? remoteOf(socket);
    this.local = ends?.local ?? { address: plainAddress(socket.localAddress), port: socket.localPort ?? 0 };
    socket.setNoDelay(true);
    deadlines.add(this.#reading);
    deadlines.add(this.#writing);
    this.#attach(socket);
  }

  get tls(): TlsInfo | null {
    return this.#tls;
  }

  /** How a server's client fared under TLS: whether it has said anything since. "no" where TLS was not begun. */
  get underTls(): "no" | "silent" | "spoke" {
    return this.#underTls;
  }

  get ended(): boolean {
    return this.#ended || this.#lost !== null;
  }

  /** Calls `ended` once when the connection is over, by whomever; at once if it is. */
  onEnd(ended: () => void): void {
    if (this.#lost) ended();
    else this.#ending = ended;
  }

  setIdle(ms: number): void {
    this.#idle = ms;
    if (this.#reader) this.#reading.deadline = performance.now() + ms;
  }

  async read(): Promise<Uint8Array | null> {
    for (;;) {
      const chunk = this.readNow();
      if (chunk) return chunk;
      if (this.#lost) throw this.#lost;
      if (this.#ended) return null;
      this.#reading.deadline = performance.now() + this.#idle;
      await new Promise<void>((wake) => this.#reader = wake);
    }
  }

  readNow(): Uint8Array | null {
    const chunk = this.#chunks.shift();
    if (!chunk) return null;
    this.#unread -= chunk.length;
    if (!this.#lost) ahead.count(-chunk.length);
    if (this.#paused && (this.#unread === 0 || this.#unread < READ_AHEAD / 2 && !ahead.crowded)) {
      this.#paused = false;
      this.#socket.resume();
    }
    return chunk;
  }

  async write(bytes: Uint8Array): Promise<void> {
    if (this.#lost) throw this.#lost;
    this.#give(bytes);
    await this.#takenBut(WRITE_AHEAD);
  }

  async lend(bytes: Uint8Array): Promise<void> {
    if (this.#lost) throw this.#lost;
    this.#give(bytes);
    await this.#takenBut(0);
  }

  #give(bytes: Uint8Array): void {
    this.#unsent += bytes.length;
    this.#socket.write(bytes, (e?: Error | null) => {
      this.#unsent -= bytes.length;
      // Heard here before the socket tells of it: what failed must not pass for taken.
      if (e) this.#fail(new ConnectionLost("reset", e.message));
      if (this.#unsent <= this.#enough) this.#wakeWriter();
    });
  }

  /** Resolves when the system has taken all but so many octets. */
  async #takenBut(octets: number): Promise<void> {
    if (this.#unsent <= octets) return;
    this.#enough = octets;
    this.#writing.deadline = performance.now() + WRITE_STALL;
    await new Promise<void>((wake) => this.#writer = wake);
    if (this.#lost) throw this.#lost;
  }

  startTls(announce: Uint8Array | null, verify?: TlsVerify): Promise<void> {
    return this.#startTls(announce, verify, null);
  }

  /** TLS that the client begins: what it says first chooses, by `choose`. Gives whether the connection goes on after it. Rejects as `startTls` does. */
  async startTlsBy(choose: ChooseTls): Promise<boolean> {
    const { hello, octets } = await this.#hello();
    const chosen = this.ended ? null : choose(hello);
    if (chosen && !("answer" in chosen)) {
      // TLS reads it again, from the start.
      this.#socket.pause();
      this.#socket.unshift(octets);
      await this.#startTls(null, undefined, chosen);
      return true;
    }
    const answer = await chosen?.answer() ?? null;
    if (answer === null) {
      this.#fail(new ConnectionLost("tls", "not served under this name or protocol"));
      throw this.#lost ?? new ConnectionLost("tls");
    }
    await this.write(answer);
    // The client takes it, and says so or goes.
    await this.read();
    return false;
  }

  async #hello(): Promise<{ readonly hello: ClientHello; readonly octets: Uint8Array }> {
    const late = () => this.#fail(new ConnectionLost("tls", "handshake took too long"));
    const timer = setTimeout(late, TLS_HANDSHAKE);
    this.setIdle(TLS_HANDSHAKE);
    try {
      const { parseClientHello } = await import("../wire/client_hello.ts");
      const chunks: Uint8Array[] = [];
      let held = 0;
      let least = 1;
      for (;;) {
        const chunk = await this.read();
        if (!chunk) throw new ConnectionLost("tls", "the peer went away during the handshake");
        chunks.push(chunk);
        held += chunk.length;
        for (let more = this.readNow(); more; more = this.readNow()) {
          chunks.push(more);
          held += more.length;
        }
        if (held < least) continue;
        const octets = concat(chunks);
        const parsed = parseClientHello(octets);
        if (parsed.kind === "hello") return { hello: parsed.hello, octets };
        if (parsed.kind === "malformed") throw new ConnectionLost("tls", "the peer does not speak TLS");
        least = parsed.least;
      }
    } catch (e) {
      if (e instanceof ConnectionLost) this.#fail(e);
      throw e;
    } finally {
      clearTimeout(timer);
    }
  }

  async #startTls(
    announce: Uint8Array | null,
    verify: TlsVerify | undefined,
    chosen: ServerTlsOptions | null,
  ): Promise<void> {
    if (this.#lost) throw this.#lost;
    const plain = this.#socket;
    plain.pause();
    if (this.#unread > 0) {
      this.#fail(new ConnectionLost("tls", "plain octets before the handshake"));
      throw this.#lost ?? new ConnectionLost("tls");
    }
    plain.removeAllListeners("data");
    plain.removeAllListeners("end");
    plain.removeAllListeners("error");
    plain.removeAllListeners("close");
    if (announce) plain.write(announce);
    const { endPoint, ...options } = chosen ?? this.#serverTls?.(this.remote.address) ?? {};
    const secure = chosen || this.#serverTls
      ? new tls.TLSSocket(plain, { ...options, isServer: true })
      : tls.connect({ socket: plain, ...clientOptions(verify) });
    this.#socket = secure;
    const isServer = chosen !== null || this.#serverTls !== null;
    if (isServer) this.#underTls = "silent";
    await this.#handshake(secure, isServer ? "secure" : "secureConnect", verify);
    const bound = endPoint?.() ?? null;
    const shown = options.requestCert ? fingerprintOf(secure) : null;
    this.#tls = {
      ...tlsInfo(secure),
      ...(bound ? { endPoint: bound } : {}),
      ...(shown ? { clientCertificate: shown } : {}),
      ...(isServer ? {} : { certificateFault: platformFault(secure) }),
    };
    this.#attach(secure);
  }

  async close(): Promise<void> {
    if (this.#lost) return;
    const socket = this.#socket;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(() => socket.destroy(), LINGER);
      socket.once("close", () => {
        clearTimeout(timer);
        resolve();
      });
      // Whatever the peer still says is of no interest; unread data would keep the socket open.
      socket.removeAllListeners("data");
      socket.resume();
      socket.destroySoon();
    });
    this.#fail(new ConnectionLost("closed"));
  }

  destroy(): void {
    this.#fail(new ConnectionLost("closed"));
  }

  #handshake(
    secure: tls.TLSSocket,
    event: "secure" | "secureConnect",
    verify: TlsVerify | undefined,
  ): Promise<void> {
    return new Promise((resolve, reject) => {
      const vanished = () => fail("the peer went away during the handshake");
      const fail = (detail: string) => {
        clearTimeout(timer);
        const lost = new ConnectionLost("tls", detail);
        this.#fail(lost);
        reject(lost);
      };
      const timer = setTimeout(() => fail("handshake took too long"), TLS_HANDSHAKE);
      secure.once("error", (e: Error) => fail(e.message));
      secure.once("close", vanished);
      // A peer that is gone before TLS stands is told as an end, not as a close.
      secure.once("end", vanished);
      secure.once(event, () => {
        clearTimeout(timer);
        secure.removeAllListeners("error");
        secure.removeAllListeners("close");
        secure.removeListener("end", vanished);
        const fault = certificateFault(secure, verify);
        if (fault !== null) return fail(fault);
        resolve();
      });
    });
  }

  #attach(socket: net.Socket): void {
    socket.on("data", (buffer: Uint8Array) => {
      // A plain view: node's Buffer looks for octets in JavaScript, ten times slower than the engine does.
      const chunk = new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.byteLength);
      this.#chunks.push(chunk);
      this.#unread += chunk.length;
      if (this.#underTls === "silent") this.#underTls = "spoke";
      if (!this.#lost) ahead.count(chunk.length);
      if ((this.#unread > READ_AHEAD || ahead.crowded) && !this.#paused) {
        this.#paused = true;
        socket.pause();
      }
      this.#wakeReader();
    });
    socket.on("end", () => {
      this.#ended = true;
      this.#wakeReader();
    });
    socket.on("error", (e: Error) => this.#fail(new ConnectionLost("reset", e.message)));
    socket.on("close", () => this.#fail(new ConnectionLost("reset")));
  }

  #wakeReader(): void {
    const wake = this.#reader;
    if (!wake) return;
    this.#reader = null;
    this.#reading.deadline = Infinity;
    wake();
  }

  #wakeWriter(): void {
    const wake = this.#writer;
    if (!wake) return;
    this.#writer = null;
    this.#writing.deadline = Infinity;
    wake();
  }

  #fail(why: ConnectionLost): void {
    if (this.#lost) return;
    this.#lost = why;
    ahead.count(-this.#unread);
    deadlines.remove(this.#reading);
    deadlines.remove(this.#writing);
    // Errors after this are echoes of the same end.
    this.#socket.on("error", () => {});
    this.#socket.destroy();
    this.#wakeReader();
    this.#wakeWriter();
    this.#ending?.();
  }
}

/** Who is at the other end of a socket. */
export function remoteOf(socket: net.Socket): Endpoint {
  return { address: plainAddress(socket.remoteAddress), port: socket.remotePort ?? 0 };
}

/** "::ffff:192.0.2.1" is what a dual-stack listener calls an IPv4 peer. */
function plainAddress(address: string | undefined): string {
  const text = address ?? "";
  return /^::ffff:\d+\.\d+\.\d+\.\d+$/i.test(text) ? text.slice(7) : text;
}

function clientOptions(verify?: TlsVerify): tls.ConnectionOptions {
  return {
    // What was found is looked at in `certificateFault`, which can say more of it. Opportunistic TLS takes any certificate: encrypted to
    // someone beats clear to everyone (RFC 7435).
    rejectUnauthorized: false,
    minVersion: "TLSv1.2",
    ...(verify && !net.isIP(verify.name) ? { servername: verify.name } : {}),
  };
}

/** Why the certificate a server has shown will not do, or null. */
function certificateFault(secure: tls.TLSSocket, verify: TlsVerify | undefined): string | null {
  if (verify?.check) return verify.check(chainOf(secure));
  return verify?.required === true ? platformFault(secure) : null;
}

/** What the runtime's codes mean. */
const REASONS: readonly (readonly [RegExp, string])[] = [
  [/ALTNAME/, "certificate is not for this name"],
  [/SELF_SIGNED/, "self-signed certificate"],
  [/UNABLE_TO|ISSUER/, "unable to verify the certificate's issuer"],
];

/** Why the platform's authorities do not vouch for the certificate, or null. */
function platformFault(secure: tls.TLSSocket): string | null {
  if (secure.authorized) return null;
  // The runtime (Deno 2.9.6) has the same reason for certificates that have run out as for those of strangers.
  const { valid_from, valid_to } = secure.getPeerCertificate() as Partial<tls.PeerCertificate>;
  const now = Date.now();
  if (valid_to && Date.parse(valid_to) < now) return "certificate has expired";
  if (valid_from && Date.parse(valid_from) > now) return "certificate is not yet valid";
  const code = String(secure.authorizationError ?? "no reason given");
  return `${REASONS.find(([pattern]) => pattern.test(code))?.[1] ?? "certificate not valid"} (${code})`;
}

/** The certificates the peer has shown, DER, its own first. */
function chainOf(secure: tls.TLSSocket): readonly Uint8Array[] {
  const chain: Uint8Array[] = [];
  // Without a certificate node gives an empty object; a root names itself as its issuer.
  let at: Partial<tls.DetailedPeerCertificate> | undefined = secure.getPeerCertificate(true);
  while (at?.raw && chain.length < TLS_CHAIN) {
    chain.push(new Uint8Array(at.raw));
    at = at.issuerCertificate === at ? undefined : at.issuerCertificate;
  }
  return chain;
}

/** SHA-256 of the certificate the client has shown, lower-case hex; null when it showed none. */
function fingerprintOf(secure: tls.TLSSocket): string | null {
  const { fingerprint256 } = secure.getPeerCertificate() as { fingerprint256?: string };
  return fingerprint256 ? fingerprint256.replaceAll(":", "").toLowerCase() : null;
}

function tlsInfo(socket: tls.TLSSocket): TlsInfo {
  const cipher = socket.getCipher() as { name?: string; standardName?: string } | undefined;
  const name = (socket as { servername?: string | false | null }).servername;
  return {
    protocol: socket.getProtocol() ?? "TLS",
    cipher: cipher?.standardName ?? cipher?.name ?? "unknown",
    serverName: typeof name === "string" && name !== "" ? name : null,
  };
}
