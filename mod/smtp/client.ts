/**
 * The client's side of an SMTP or LMTP connection up to the point where mail can be sent (RFC 5321, 2033, 3207, 4954). Invariants:
 * - Whatever the peer does is a value; exceptions are bugs.
 * - Every wait for a reply has an end in all (not only between octets), so that a peer which drips cannot hold us.
 * - After a fault of kind "lost", or a 421, the connection is of no use; `usable` tells.
 * - Nothing read in the clear survives STARTTLS, and no password goes out in the clear.
 */
import { utf8 } from "../base/bytes.ts";
import type { Clock } from "../base/clock.ts";
import {
  CLIENT_CHUNKS_AHEAD,
  CLIENT_COMMAND,
  CLIENT_DATA_END,
  CLIENT_GREETING,
  CLIENT_QUIT,
} from "../base/limits.ts";
import { err, ok, type Result } from "../base/result.ts";
import { encodeBase64 } from "../sasl/base64.ts";
import { ByteReader } from "../wire/byte_reader.ts";
import { type Conn, ConnectionLost, type TlsVerify } from "../wire/conn.ts";
import { type Extensions, NO_EXTENSIONS, parseExtensions } from "./client_hello.ts";
import { type ClientReply, readReply } from "./client_reply.ts";

/** How far a connection had come. */
export type ClientStage =
  | "greeting"
  | "hello"
  | "starttls"
  | "handshake"
  | "auth"
  | "mail"
  | "rcpt"
  | "data"
  | "body"
  | "chunk"
  | "end"
  | "reset";

/** Why it does not go on. */
export type ClientFault =
  /** The peer said no, or something that is no answer to what was asked. */
  | { readonly kind: "reply"; readonly stage: ClientStage; readonly reply: ClientReply }
  /** The connection broke, stalled, or brought what is no reply. */
  | { readonly kind: "lost"; readonly stage: ClientStage; readonly why: string }
  /** We do not want to: the peer does not offer what must be had. */
  | { readonly kind: "policy"; readonly stage: ClientStage; readonly why: string };

export type Step<T> = Result<T, ClientFault>;

export interface ClientOptions {
  readonly protocol: "smtp" | "lmtp";
  /** What to call ourselves in EHLO: a name, or an address literal. */
  readonly hostname: string;
  readonly clock: Clock;
  /** The peer's BDAT is known not to work: CHUNKING counts as not offered. */
  readonly noChunks?: boolean;
}

/** Milliseconds an answer to the final dot may still take once we want to stop: hanging up there makes doubles. */
const END_GRACE = 10_000;

export class SmtpClient {
  readonly #conn: Conn;
  readonly #options: ClientOptions;
  #reader: ByteReader;
  #extensions: Extensions = NO_EXTENSIONS;
  #usable = true;
  #stage: ClientStage = "greeting";
  #cancelGrace: (() => void) | null = null;

  constructor(conn: Conn, options: ClientOptions) {
    this.#conn = conn;
    this.#options = options;
    this.#reader = new ByteReader(conn);
  }

  get extensions(): Extensions {
    return this.#extensions;
  }

  get protocol(): "smtp" | "lmtp" {
    return this.#options.protocol;
  }

  /** Whether another command can be given. */
  get usable(): boolean {
    return this.#usable;
  }

  /** Whether the peer is still there, as far as is known without asking. */
  get alive(): boolean {
    return this.#usable && !this.#conn.ended;
  }

  /** TLS protocol, null in the clear. */
  get tls(): string | null {
    return this.#conn.tls?.protocol ?? null;
  }

  /** Waits for the greeting and says EHLO, then HELO if need be (LHLO in LMTP). */
  async open(): Promise<Step<Extensions>> {
    const greeting = await this.read("greeting", CLIENT_GREETING);
    if (!greeting.ok) return greeting;
    if (greeting.value.code !== 220) return refused("greeting", greeting.value);
    return await this.#hello();
  }

  /** Begins TLS at once, for ports where it is not announced (RFC 8314 3). To be called before `open`. */
  async implicitTls(verify: TlsVerify): Promise<Step<void>> {
    return await this.#handshake(verify);
  }

  /**
   * STARTTLS and EHLO again. A fault "reply" leaves the connection as it was, in the clear; after a failed handshake it is lost, and
   * whoever wants to go on in the clear must connect anew.
   */
  async startTls(verify: TlsVerify): Promise<Step<Extensions>> {
    const reply = await this.exchange("starttls", "STARTTLS\r\n", CLIENT_COMMAND);
    if (!reply.ok) return reply;
    if (reply.value.code !== 220) return refused("starttls", reply.value);
    const begun = await this.#handshake(verify);
    if (!begun.ok) return begun;
    return await this.#hello();
  }

  /** AUTH PLAIN, or LOGIN where that is all there is; only under TLS. */
  async authenticate(login: string, password: string): Promise<Step<void>> {
    if (!this.#conn.tls) return policy("auth", "no TLS: the password is not sent in the clear");
    const offered = this.#extensions.auth;
    let reply: Step<ClientReply>;
    if (offered.includes("PLAIN")) {
      reply = await this.exchange(
        "auth",
        `AUTH PLAIN ${base64(`\0${login}\0${password}`)}\r\n`,
        CLIENT_COMMAND,
      );
    } else if (offered.includes("LOGIN")) {
      reply = await this.exchange("auth", "AUTH LOGIN\r\n", CLIENT_COMMAND);
      for (const answer of [login, password]) {
        if (!reply.ok || reply.value.code !== 334) break;
        reply = await this.exchange("auth", `${base64(answer)}\r\n`, CLIENT_COMMAND);
      }
    } else {
      return policy("auth", "neither AUTH PLAIN nor AUTH LOGIN is offered");
    }
    if (!reply.ok) return reply;
    return reply.value.code === 235 ? ok(undefined) : refused("auth", reply.value);
  }

  /**
   * Whether all replies were asked for; to be called where nothing is under way. One more would be taken for the answer to what comes next,
   * and each after it for the one before. Unless it is a goodbye, the connection is of no use then.
   */
  async inStep(stage: ClientStage): Promise<Step<void>> {
    if (this.#reader.buffered === 0) return ok(undefined);
    const reply = await this.read(stage, CLIENT_QUIT);
    if (!reply.ok) return reply;
    return reply.value.code === 421
      ? refused(stage, reply.value)
      : this.#lost(stage, "a reply that nobody asked for");
  }

  /** RSET: makes ready for another transaction and shows that the peer is still there. */
  async reset(): Promise<Step<void>> {
    const reply = await this.exchange("reset", "RSET\r\n", CLIENT_COMMAND);
    if (!reply.ok) return reply;
    if (reply.value.code === 250) return ok(undefined);
    this.#usable = false; // whatever it means, the next transaction would not begin clean
    return refused("reset", reply.value);
  }

  /** Says QUIT, waits a little for the answer and closes. */
  async quit(): Promise<void> {
    if (this.#usable) await this.exchange("reset", "QUIT\r\n", CLIENT_QUIT);
    this.#usable = false;
    this.#cancelGrace?.();
    await this.#conn.close();
  }

  /** Drops the connection; when only the answers to a message that was sent whole are missing, after a little while. */
  abort(): void {
    if (this.#stage === "end") {
      this.#cancelGrace ??= this.#options.clock.after(END_GRACE, () => this.#conn.destroy());
      return;
    }
    this.#usable = false;
    this.#conn.destroy();
  }

  /** Writes commands and reads the reply to the first of them. */
  async exchange(stage: ClientStage, commands: string, timeout: number): Promise<Step<ClientReply>> {
    const ready = await this.inStep(stage);
    const written = ready.ok ? await this.write(stage, utf8(commands)) : ready;
    return written.ok ? await this.read(stage, timeout) : written;
  }

  /** Writes octets. When that fails but the peer said why before it hung up, the fault is its reply. */
  async write(stage: ClientStage, bytes: Uint8Array): Promise<Step<void>> {
    this.#stage = stage;
    try {
      await this.#conn.write(bytes);
      return ok(undefined);
    } catch (error) {
      const why = lostWhy(error);
      const parting = await this.#parting();
      const fault = this.#lost(stage, why);
      return parting ? refused(stage, parting) : fault;
    }
  }

  /** Reads one reply; `timeout` in milliseconds is for all of it. */
  async read(stage: ClientStage, timeout: number): Promise<Step<ClientReply>> {
    this.#stage = stage;
    let late = false;
    this.#conn.setIdle(timeout);
    const cancel = this.#options.clock.after(timeout, () => {
      late = true;
      this.#conn.destroy();
    });
    try {
      const reply = await readReply(this.#reader);
      if (!reply.ok) {
        return this.#lost(
          stage,
          reply.error === "closed" ? "the peer closed the connection" : "not an SMTP reply",
        );
      }
      // RFC 5321 3.8: the peer is about to close.
      if (reply.value.code === 421) this.#usable = false;
      this.#stage = "reset";
      return reply;
    } catch (error) {
      return this.#lost(stage, late ? "no reply in time" : lostWhy(error));
    } finally {
      cancel();
    }
  }

  /** Writes a message's last octets and waits for the verdict on it. */
  async finish(bytes: Uint8Array): Promise<Step<ClientReply>> {
    const written = await this.write("end", bytes);
    return written.ok ? await this.read("end", CLIENT_DATA_END) : written;
  }

  async #hello(): Promise<Step<Extensions>> {
    const { protocol, hostname } = this.#options;
    const verb = protocol === "lmtp" ? "LHLO" : "EHLO";
    this.#extensions = NO_EXTENSIONS;
    let reply = await this.exchange("hello", `${verb} ${hostname}\r\n`, CLIENT_COMMAND);
    // RFC 5321 3.2: servers of old know HELO only.
    if (reply.ok && reply.value.code >= 500 && protocol === "smtp" && this.#usable) {
      reply = await this.exchange("hello", `HELO ${hostname}\r\n`, CLIENT_COMMAND);
      if (reply.ok && reply.value.code === 250) return ok(this.#extensions);
    }
    if (!reply.ok) return reply;
    if (reply.value.code !== 250) return refused("hello", reply.value);
    const offered = parseExtensions(reply.value);
    this.#extensions = this.#options.noChunks ? { ...offered, chunking: false } : offered;
    return ok(this.#extensions);
  }

  async #handshake(verify: TlsVerify): Promise<Step<void>> {
    this.#stage = "handshake";
    if (this.#reader.buffered > 0) {
      this.#conn.destroy();
      return this.#lost("handshake", "plain octets before the handshake");
    }
    try {
      await this.#conn.startTls(null, verify);
      // A new reader: nothing of the clear side can be in it.
      this.#reader = new ByteReader(this.#conn);
      return ok(undefined);
    } catch (error) {
      return this.#lost("handshake", lostWhy(error));
    }
  }

  /** What the peer had said when the connection broke, if that was a whole reply. Chunks taken before the one it broke at do not count. */
  async #parting(): Promise<ClientReply | null> {
    try {
      this.#conn.setIdle(1);
      for (let n = 0; n <= CLIENT_CHUNKS_AHEAD; n++) {
        const reply = await readReply(this.#reader);
        if (!reply.ok) return null;
        if (reply.value.code >= 400) return reply.value;
      }
      return null;
    } catch (error) {
      if (error instanceof ConnectionLost) return null;
      throw error;
    }
  }

  #lost(stage: ClientStage, why: string): { readonly ok: false; readonly error: ClientFault } {
    this.#usable = false;
    this.#conn.destroy();
    return err({ kind: "lost", stage, why });
  }
}

function refused(
  stage: ClientStage,
  reply: ClientReply,
): { readonly ok: false; readonly error: ClientFault } {
  return err({ kind: "reply", stage, reply });
}

function policy(stage: ClientStage, why: string): { readonly ok: false; readonly error: ClientFault } {
  return err({ kind: "policy", stage, why });
}

/** The text of a lost connection; anything else is a bug and goes on up. */
function lostWhy(error: unknown): string {
  if (error instanceof ConnectionLost) return error.message;
  throw error;
}

function base64(text: string): string {
  return encodeBase64(utf8(text));
}
