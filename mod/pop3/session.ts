/**
 * A POP3 session without I/O (RFC 1939 with 2449, 2595, 3206, 5034). Invariants:
 * - Message numbers are those of the moment of login and never change in the session.
 * - Nothing is removed before QUIT in the transaction state; +OK to QUIT is said after the removal is durable.
 * - Passwords are taken over TLS only, or in the clear from loopback when the config allows it.
 */
import type { Authenticator } from "../account/directory.ts";
import type { Log } from "../base/log.ts";
import type { Random } from "../base/random.ts";
import { decodeInitial } from "../sasl/mechanism.ts";
import { decodeBase64, encodeBase64 } from "../sasl/base64.ts";
import { offeredMechanisms, SaslExchange, type SaslOutcome, type SaslPeer } from "../sasl/exchange.ts";
import { type AccountMail, type Mailbox, type Message, SEEN, type Store } from "../store/store.ts";
import type { Command } from "./command.ts";
import { printableId, uniqueId } from "./unique_id.ts";

/** What a session asks of the rest of the server. */
export interface Pop3Ports {
  readonly store: Store;
  readonly authenticator: Authenticator;
  readonly random: Random;
  readonly log: Log;
  readonly hostname: string;
  readonly version: string;
  /** Whether TLS can be begun, and whether passwords in the clear are allowed from this peer. */
  readonly tlsAvailable: boolean;
  readonly cleartextAllowed: boolean;
  /** How UIDL is written, as `uniqueId` has it; Dovecot's default without it. */
  readonly uidl?: string;
  /** Days after which mail is removed from INBOX by itself; none: never. */
  readonly expire?: number;
}

export type Outcome =
  /** Write these lines (with CRLF, dot-stuffed) and go on. */
  | { readonly kind: "reply"; readonly text: string }
  /** The same of very many lines, to be made bit by bit. */
  | { readonly kind: "lines"; readonly lines: Iterable<string> }
  /** Write `text`, then the message's octets up to `end` of its lines (null: all), dot-stuffed, and the final dot. */
  | { readonly kind: "message"; readonly message: Message; readonly lines: number | null }
  /** Begin TLS with this reply. */
  | { readonly kind: "tls"; readonly text: string }
  | { readonly kind: "close"; readonly text: string };

type State = "authorization" | "transaction" | "closed";

/** Dovecot's default. */
const UIDL_FORMAT = "%08Xu%08Xv";
/** Wrong passwords before the connection is closed. */
const LOGIN_TRIES = 3;

export class Pop3Session {
  readonly #ports: Pop3Ports;
  #peer: SaslPeer;
  #state: State = "authorization";
  #user: string | null = null;
  #utf8Asked = false;
  #exchange: SaslExchange | null = null;
  #failures = 0;
  #mailbox: Mailbox | null = null;
  #unlock: (() => void) | null = null;
  #messages: readonly Message[] = [];
  #octets = 0;
  readonly #deleted = new Set<number>();
  readonly #retrieved = new Set<number>();

  constructor(ports: Pop3Ports, peer: SaslPeer) {
    this.#ports = ports;
    this.#peer = peer;
  }

  greeting(): string {
    return `+OK ${this.#ports.hostname} Roost POP3 ready\r\n`;
  }

  get loggedIn(): boolean {
    return this.#state === "transaction";
  }

  /** Whether the next line is the client's answer to a SASL challenge, not a command. */
  get inAuth(): boolean {
    return this.#exchange !== null;
  }

  /** TLS is up: what was said before counts no more (RFC 2595 4). */
  secured(tls: SaslPeer["tls"]): void {
    this.#peer = { ...this.#peer, tls: tls ?? {} };
    this.#user = null;
  }

  /** The open mailbox, for whoever streams messages. */
  get mailbox(): Mailbox | null {
    return this.#mailbox;
  }

  /** Gives back what the session holds. Deletions that no QUIT confirmed are forgotten (RFC 1939 6). */
  end(): void {
    this.#state = "closed";
    this.#mailbox?.close();
    this.#mailbox = null;
    this.#unlock?.();
    this.#unlock = null;
  }

  async command(c: Command): Promise<Outcome> {
    const now = this.commandNow(c);
    if (now) return now;
    switch (c.verb) {
      case "PASS":
        return await this.#pass(c.password);
      case "AUTH":
        return await this.#auth(c.mechanism, c.initial);
      default:
        return await this.#quit();
    }
  }

  /** The outcome of a command that needs no waiting; null for PASS, AUTH and QUIT, which may. */
  commandNow(c: Command): Outcome | null {
    switch (c.verb) {
      case "CAPA":
        return this.#capa();
      case "STLS":
        return this.#stls();
      case "UTF8":
        return this.#utf8();
      case "USER":
        return this.#userName(c.name);
      case "PASS":
      case "AUTH":
      case "QUIT":
        return null;
    }
    if (this.#state !== "transaction") return fault("Log in first");
    switch (c.verb) {
      case "STAT":
        return reply(`+OK ${this.#live()} ${this.#liveOctets()}`);
      case "LIST":
        return this.#listing(
          c.message,
          (m) => String(m.size),
          () => `+OK ${this.#live()} messages (${this.#liveOctets()} octets)`,
        );
      case "UIDL":
        return this.#listing(c.message, (m) => this.#uidl(m), () => "+OK");
      case "RETR":
        return this.#withMessage(c.message, (message, n) => {
          this.#retrieved.add(n);
          return { kind: "message", message, lines: null };
        });
      case "TOP":
        return this.#withMessage(c.message, (message) => ({ kind: "message", message, lines: c.lines }));
      case "DELE":
        return this.#withMessage(c.message, (_, n) => {
          this.#deleted.add(n);
          return reply(`+OK Message ${n} marked for removal`);
        });
      case "NOOP":
        return reply("+OK");
      case "RSET":
        this.#deleted.clear();
        return reply(`+OK ${this.#messages.length} messages (${this.#octets} octets)`);
    }
  }

  /** The client's answer to a challenge: a line of base64, or "*". */
  async answer(line: Uint8Array): Promise<Outcome> {
    const exchange = this.#exchange;
    this.#exchange = null;
    if (!exchange || (line.length === 1 && line[0] === 0x2a)) return fault("Authentication cancelled");
    const bytes = decodeBase64(line);
    return bytes ? await this.#step(exchange, await exchange.answer(bytes)) : fault("That is not base64");
  }

  #capa(): Outcome {
    const password = this.#mayLogIn() ? ["USER", `SASL ${this.#mechanisms().join(" ")}`] : [];
    const lines = [
      "TOP",
      "UIDL",
      "RESP-CODES",
      "AUTH-RESP-CODE",
      "PIPELINING",
      "UTF8 USER",
      ...(this.#state === "authorization" && this.#peer.tls === null && this.#ports.tlsAvailable
        ? ["STLS"]
        : []),
      ...(this.#state === "authorization" ? password : []),
      `EXPIRE ${this.#ports.expire ?? "NEVER"}`, // RFC 2449 6.7
      `IMPLEMENTATION Roost`,
    ];
    return reply(["+OK Capabilities follow", ...lines, "."].join("\r\n"));
  }

  /** RFC 6856 2: mail is given as it is in either mode, so there is nothing to turn on. */
  #utf8(): Outcome {
    if (this.#state !== "authorization") return fault("UTF8 comes before the login");
    this.#utf8Asked = true;
    return reply("+OK UTF8 enabled");
  }

  #stls(): Outcome {
    if (this.#utf8Asked) return fault("STLS comes before UTF8"); // RFC 6856 2
    if (this.#state !== "authorization") return fault("STLS comes before the login");
    if (this.#peer.tls !== null) return fault("TLS is already in use");
    return this.#ports.tlsAvailable
      ? { kind: "tls", text: "+OK Begin TLS\r\n" }
      : fault("TLS is not available");
  }

  #mayLogIn(): boolean {
    return this.#peer.tls !== null || this.#ports.cleartextAllowed;
  }

  #mechanisms(): readonly string[] {
    return offeredMechanisms(this.#ports.authenticator, this.#peer);
  }

  #userName(name: string): Outcome {
    if (this.#state !== "authorization") return fault("You are logged in already");
    if (!this.#mayLogIn()) return fault("[AUTH] Begin TLS first: passwords are not taken in the clear");
    this.#user = name;
    // The same for names that do not exist: nobody learns which accounts there are.
    return reply("+OK Send the password");
  }

  async #pass(password: string): Promise<Outcome> {
    if (this.#state !== "authorization") return fault("You are logged in already");
    const user = this.#user;
    this.#user = null;
    if (user === null) return fault("Send USER first");
    return await this.#login(user, password);
  }

  async #auth(name: string | null, initial: Uint8Array | null): Promise<Outcome> {
    if (this.#state !== "authorization") return fault("You are logged in already");
    if (name === null) {
      const offered = this.#mayLogIn() ? this.#mechanisms() : [];
      return reply(["+OK Mechanisms follow", ...offered, "."].join("\r\n"));
    }
    if (!this.#mayLogIn()) return fault("[AUTH] Begin TLS first: passwords are not taken in the clear");
    const { authenticator, random } = this.#ports;
    const exchange = SaslExchange.of(name, authenticator, this.#peer, random);
    if (!exchange) return fault("No such mechanism");
    const first = initial === null ? null : decodeInitial(initial);
    if (initial !== null && first === null) return fault("That is not base64");
    return await this.#step(exchange, await exchange.start(first));
  }

  async #step(exchange: SaslExchange, outcome: SaslOutcome): Promise<Outcome> {
    if (outcome.kind !== "challenge") return await this.#ended(outcome);
    this.#exchange = exchange;
    return reply(`+ ${encodeBase64(outcome.bytes)}`);
  }

  async #login(login: string, password: string): Promise<Outcome> {
    const outcome = await this.#ports.authenticator.password(login, password, this.#peer.remoteAddress);
    return await this.#ended(outcome.kind === "ok" ? outcome : { ...outcome, login });
  }

  async #ended(outcome: Exclude<SaslOutcome, { kind: "challenge" }>): Promise<Outcome> {
    const { log, store } = this.#ports;
    const remote = this.#peer.remoteAddress;
    switch (outcome.kind) {
      case "refused":
        log.info("login refused", { protocol: "pop3", login: outcome.login, remote });
        return this.#refused();
      case "throttled":
        return fault("[SYS/TEMP] Too many wrong passwords from your address; wait a minute");
      case "temp":
        log.warn("login not possible", { protocol: "pop3", why: outcome.why });
        return fault("[SYS/TEMP] Cannot check passwords at the moment");
      case "malformed":
        return fault("Cannot read that answer");
      case "ok":
        log.info("login", { protocol: "pop3", account: outcome.account, remote });
        return await this.#enter(await store.account(outcome.account));
    }
  }

  #refused(): Outcome {
    this.#failures++;
    const text = "-ERR [AUTH] Wrong name or password\r\n";
    return this.#failures >= LOGIN_TRIES ? { kind: "close", text } : { kind: "reply", text };
  }

  async #enter(account: AccountMail): Promise<Outcome> {
    const unlock = await account.lockForPop();
    if (!unlock) return fault("[IN-USE] Another POP3 session has this mailbox open");
    try {
      const opened = await account.open("INBOX");
      if (!opened.ok) throw new Error("INBOX cannot be opened");
      this.#mailbox = opened.value;
      await this.#mailbox.refresh();
      // They stay while the mailbox grows.
      this.#messages = await this.#mailbox.pop3Order?.() ?? this.#mailbox.messages.slice();
      await this.#mailbox.prepare(this.#messages, { size: true });
    } catch (e) {
      this.#mailbox?.close();
      this.#mailbox = null;
      unlock();
      throw e;
    }
    this.#unlock = unlock;
    this.#octets = this.#messages.reduce((sum, m) => sum + Math.max(0, m.size), 0);
    this.#state = "transaction";
    return reply(`+OK ${this.#messages.length} messages (${this.#octets} octets)`);
  }

  #live(): number {
    return this.#messages.length - this.#deleted.size;
  }

  #liveOctets(): number {
    let octets = this.#octets;
    for (const n of this.#deleted) octets -= this.#messages[n - 1]?.size ?? 0;
    return octets;
  }

  #uidl(message: Message): string {
    const { uid } = message;
    const facts = this.#mailbox?.pop3Facts?.(uid);
    const { file = String(uid), guid = file } = facts ?? {};
    const format = this.#ports.uidl ?? UIDL_FORMAT;
    return printableId(
      facts?.id ?? uniqueId(format, { uid, uidValidity: this.#mailbox?.uidValidity ?? 0, file, guid }),
    );
  }

  #listing(one: number | null, value: (m: Message) => string, head: () => string): Outcome {
    if (one !== null) return this.#withMessage(one, (m, n) => reply(`+OK ${n} ${value(m)}`));
    return { kind: "lines", lines: this.#lines(head(), value) };
  }

  *#lines(head: string, value: (m: Message) => string): Generator<string> {
    yield `${head}\r\n`;
    for (const [i, m] of this.#messages.entries()) {
      if (!this.#deleted.has(i + 1)) yield `${i + 1} ${value(m)}\r\n`;
    }
    yield ".\r\n";
  }

  #withMessage(n: number, run: (message: Message, n: number) => Outcome): Outcome {
    const message = this.#messages[n - 1];
    if (!message) return fault("No such message");
    return this.#deleted.has(n) ? fault(`Message ${n} is marked for removal`) : run(message, n);
  }

  async #quit(): Promise<Outcome> {
    const mailbox = this.#mailbox;
    const doomed = [...this.#deleted].map((n) => this.#messages[n - 1]).filter((m) => m !== undefined);
    if (!mailbox || this.#state !== "transaction") return { kind: "close", text: "+OK Goodbye\r\n" };
    const seen = [...this.#retrieved].filter((n) => !this.#deleted.has(n))
      .map((n) => this.#messages[n - 1]).filter((m) => m !== undefined && (m.flags & SEEN) === 0);
    if (seen.length > 0) await mailbox.setFlags(seen.flatMap((m) => m ? [m.uid] : []), 0, SEEN, null);
    if (doomed.length > 0) {
      await mailbox.expunge(doomed.map((m) => m.uid));
      this.#ports.log.info("messages removed", { protocol: "pop3", count: doomed.length });
    }
    return { kind: "close", text: "+OK Goodbye\r\n" };
  }
}

function reply(text: string): Outcome {
  return { kind: "reply", text: `${text}\r\n` };
}

function fault(text: string): Outcome {
  return { kind: "reply", text: `-ERR ${text}\r\n` };
}
