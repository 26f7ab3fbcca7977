/**
 * An SMTP or LMTP session (RFC 5321, 2033, 6409) as a state machine: lines in, outcomes out, no I/O of its own. `serve.ts` moves the
 * octets. Invariants: nothing learnt in the clear survives STARTTLS; AUTH is never offered or taken in the clear, but on loopback where
 * configured; a 250 to the end of data is the receiver's, never ours.
 */
import type { Body } from "../base/body.ts";
import { isFsError } from "../base/fs.ts";
import { isLoopback, parseIp } from "../base/ip.ts";
import {
  SMTP_AUTH_FAILURES,
  SMTP_ERRORS,
  SMTP_JUNK,
  SMTP_LINE,
  SMTP_REFUSED_RECIPIENTS,
} from "../base/limits.ts";
import type { Log } from "../base/log.ts";
import type { Result } from "../base/result.ts";
import { type Address, formatAddress } from "../mail/address.ts";
import { offeredMechanisms, type SaslPeer } from "../sasl/exchange.ts";
import type { Conn, TlsInfo } from "../wire/conn.ts";
import { type AuthExchange, type AuthStep, startAuth } from "./auth.ts";
import { type Command, parseCommand } from "./command.ts";
import { COMMAND_FAULTS, DATA_FAULTS } from "./fault_replies.ts";
import type { IntakeFault } from "./intake.ts";
import {
  deliverByTime,
  grantedPriority,
  offeredExtensions,
  offersDeliverBy,
  offersHold,
  offersRequireTls,
  releaseTime,
} from "./offer.ts";
import type { RecipientParameters } from "./parameters.ts";
import type { Client, SmtpPorts, SmtpSettings, Tap, Transaction, Verdict } from "./ports.ts";
import { chunkTaken, internalError, refuses, REPLY, type Reply, reply, turnStarted } from "./reply.ts";
import { createTraceId } from "./trace_id.ts";
import { JUNK, type Later, type Outcome, type Phase, type Rule, RULES, say } from "./rules.ts";
import { readXclient, type XclientOutcome } from "./xclient.ts";

interface OpenTransaction extends Transaction {
  readonly recipients: Address[];
  readonly wishes: RecipientParameters[];
}

export class SmtpSession {
  readonly #settings: SmtpSettings;
  readonly #ports: SmtpPorts;
  #log: Log;
  #client: Client;
  #transaction: OpenTransaction | null = null;
  #exchange: AuthExchange | null = null;
  #errors = 0;
  #refusedRecipients = 0;
  #authFailures = 0;
  #junk = 0;
  /** The last MAIL was refused: what was pipelined after it fails without being the client's fault. */
  #mailRefused = false;
  /** Octets of BDAT in this transaction; null before the first. */
  #chunks: number | null = null;

  constructor(settings: SmtpSettings, ports: SmtpPorts, conn: Pick<Conn, "remote" | "local" | "tls">) {
    this.#settings = settings;
    this.#ports = ports;
    this.#client = {
      listener: settings.listener,
      remote: conn.remote,
      local: conn.local,
      tls: conn.tls,
      helo: null,
      extended: false,
      account: settings.account ?? null,
    };
    this.#log = ports.log;
  }

  get client(): Client {
    return this.#client;
  }

  get transaction(): Transaction | null {
    return this.#transaction;
  }

  /** The greeting, or the refusal of the whole connection. */
  greet(): Later<Outcome> {
    const kind = this.#settings.listener === "lmtp" ? "LMTP" : "ESMTP";
    return after(this.#ports.policy.connect(this.#client), (verdict) => {
      if (!verdict) {
        const origin = this.#ports.policy.origin?.(this.#client) ?? null;
        // After XCLIENT it is another host.
        if (origin || this.#client.origin) this.#client = { ...this.#client, origin };
        return say(reply(220, null, `${this.#settings.hostname} ${kind} Roost`));
      }
      this.#log.info("connection refused", { listener: this.#settings.listener, ...answered(verdict) });
      return { next: "close", reply: verdict };
    });
  }

  /** A command line, without its CRLF. */
  command(line: Uint8Array): Later<Outcome> {
    const { xclient } = this.#settings;
    const told = xclient && readXclient(line, xclient, this.#client);
    if (told) return this.#beginAnew(told);
    const parsed = parseCommand(line);
    if (line.length > SMTP_LINE && !(parsed.ok && parsed.value.verb === "AUTH")) {
      return this.#error(REPLY.longLine);
    }
    if (!parsed.ok) {
      const answer = COMMAND_FAULTS[parsed.error];
      const hopeless = parsed.error === "foreign" || parsed.error === "bad-chunk";
      return hopeless ? { next: "close", reply: answer } : this.#error(answer);
    }
    const command = parsed.value;
    if (JUNK.has(command.verb) && ++this.#junk > SMTP_JUNK) {
      return { next: "close", reply: REPLY.tooManyIdle };
    }
    return this.#run(command);
  }

  /** A trusted front told of its client: all begins anew, at the greeting. */
  #beginAnew(told: XclientOutcome): Later<Outcome> {
    if (this.#transaction) return this.#error(REPLY.nestedMail);
    if ("refused" in told) return this.#error(told.refused);
    this.#client = told.client;
    this.#log = this.#ports.log.with({ remote: told.client.remote.address });
    this.#errors =
      this.#refusedRecipients =
      this.#authFailures =
      this.#junk =
        0;
    return this.greet();
  }

  /** A line that is no command: over the cap, or with a bare CR or LF. */
  badLine(kind: "long" | "bare"): Outcome {
    if (this.#exchange) {
      this.#exchange = null;
      return this.#error(kind === "long" ? REPLY.authLong : REPLY.authMalformed);
    }
    return this.#error(kind === "long" ? REPLY.longLine : REPLY.bareLine);
  }

  /** The line that answers a challenge. */
  authLine(line: Uint8Array): Later<Outcome> {
    const exchange = this.#exchange;
    this.#exchange = null;
    return exchange
      ? after(exchange.answer(line), (step) => this.#authStep(step))
      : this.#error(REPLY.sequence);
  }

  /** TLS is active now: all that was said before is forgotten (RFC 3207 4.2). */
  tlsStarted(tls: TlsInfo | null): void {
    this.#transaction = null;
    const account = this.#settings.account ?? null;
    this.#client = { ...this.#client, tls, helo: null, extended: false, account };
  }

  /** Who wants to see the message that is about to come. */
  tap(): Later<Tap | null> {
    return this.#transaction ? this.#ports.receiver.begin?.(this.#transaction) ?? null : null;
  }

  /** The end of data was read. Gives one reply, for LMTP one for each recipient. Ends the transaction; never rejects. */
  async message(result: Result<Body, IntakeFault>): Promise<readonly Reply[]> {
    const transaction = this.#transaction;
    this.#transaction = null;
    if (!transaction) {
      if (result.ok) this.#dispose(result.value);
      return [REPLY.sequence];
    }
    if (!result.ok) return this.#each(transaction, this.#dataFault(transaction, result.error));
    const body = result.value;
    try {
      const outcome = await this.#ports.receiver.receive(transaction, body);
      if (!refuses(outcome.reply)) this.#junk = 0;
      if (this.#settings.listener === "lmtp" && outcome.each) return outcome.each;
      return this.#each(transaction, outcome.reply);
    } catch (cause) {
      return this.#each(transaction, this.#receiveFault(transaction, cause));
    } finally {
      this.#dispose(body);
    }
  }

  /** The reply does not wait for a file to go. */
  #dispose(body: Body): void {
    body.dispose().catch((e) => this.#log.warn("spool left over", { why: String(e) }));
  }

  /** A chunk was read and the message cannot be taken any more: ends the transaction. */
  chunkFailed(fault: IntakeFault): Reply {
    const transaction = this.#transaction;
    this.#transaction = null;
    this.#mailRefused = true;
    return transaction ? this.#dataFault(transaction, fault) : REPLY.sequence;
  }

  /** Something unforeseen happened in a command: the session goes on without the transaction. */
  failed(cause: unknown): Outcome {
    const id = this.#transaction?.id ?? createTraceId(this.#ports.clock, this.#ports.random);
    this.#transaction = null;
    this.#exchange = null;
    this.#log.error("command failed", { id }, cause);
    return this.#error(internalError(id));
  }

  /** EHLO, HELO, LHLO: resets a transaction (RFC 5321 4.1.4). */
  hello(verb: "EHLO" | "HELO" | "LHLO", domain: string): Later<Outcome> {
    const lmtp = this.#settings.listener === "lmtp";
    if (lmtp !== (verb === "LHLO")) return this.#error(lmtp ? REPLY.lhloOnly : REPLY.notLmtp);
    const client: Client = { ...this.#client, helo: domain, extended: verb !== "HELO" };
    return after(this.#ports.policy.helo(client), (verdict) => {
      if (verdict) return this.#refuseHello(verdict, domain);
      this.#client = client;
      this.#transaction = null;
      this.#mailRefused = false;
      return say(
        client.extended ? reply(250, null, ...this.#extensions()) : reply(250, null, this.#settings.hostname),
      );
    });
  }

  mail(c: Extract<Command, { verb: "MAIL" }>): Later<Outcome> {
    this.#mailRefused = true;
    const needed = this.#mustAuthenticate();
    if (needed) return say(needed);
    if (c.international && !c.parameters.smtpUtf8) return say(REPLY.needsUtf8);
    // RFC 8689 2: it is offered under TLS, and means nothing without.
    if (c.parameters.requireTls && !offersRequireTls(this.#client)) return say(REPLY.unknownParameter);
    const { hold, by } = c.parameters;
    if (by && !offersDeliverBy(this.#client)) return say(REPLY.unknownParameter);
    const deliverBy = by ? deliverByTime(by, this.#ports.clock.now()) : undefined;
    if (deliverBy === null) return say(REPLY.bySoon);
    if (hold && !offersHold(this.#client)) return say(REPLY.unknownParameter);
    const holdUntil = hold ? releaseTime(hold, this.#ports.clock.now()) : undefined;
    // Mail that is to come back before it may go out cannot be meant.
    const backFirst = deliverBy?.mode === "return" && deliverBy.at <= (holdUntil ?? 0);
    if (holdUntil === null || backFirst) return say(REPLY.badHold);
    const asked = c.parameters.priority ?? 0;
    const priority = grantedPriority(asked, this.#client);
    if ((c.parameters.size ?? 0) > this.#settings.messageSize) return say(REPLY.tooBig);
    const transaction: OpenTransaction = {
      id: createTraceId(this.#ports.clock, this.#ports.random),
      client: this.#client,
      sender: c.from,
      mail: c.parameters,
      recipients: [],
      wishes: [],
      ...(holdUntil === undefined ? {} : { holdUntil }),
      ...(deliverBy ? { deliverBy } : {}),
      ...(priority ? { priority } : {}),
    };
    return after(this.#ports.policy.mail(transaction), (verdict) => {
      if (verdict) {
        this.#log.info("sender refused", {
          id: transaction.id,
          sender: shown(c.from),
          ...answered(verdict),
        });
        return say(verdict);
      }
      this.#mailRefused = false;
      this.#chunks = null;
      this.#transaction = transaction;
      return say(priority === asked ? REPLY.senderOk : REPLY.lessUrgent);
    });
  }

  rcpt(c: Extract<Command, { verb: "RCPT" }>): Later<Outcome> {
    const transaction = this.#transaction;
    if (!transaction) return say(REPLY.needMail);
    if (transaction.recipients.length >= this.#settings.recipients) return say(REPLY.tooManyRecipients);
    if (c.international && !transaction.mail.smtpUtf8) {
      return this.#refuseRecipient(transaction, c.to, REPLY.needsUtf8);
    }
    return after(this.#ports.policy.rcpt(transaction, c.to), (verdict) => {
      if (verdict) return this.#refuseRecipient(transaction, c.to, verdict);
      transaction.recipients.push(c.to);
      transaction.wishes.push(c.parameters);
      return say(REPLY.recipientOk);
    });
  }

  data(): Outcome {
    if (this.#transaction?.mail.body === "binarymime") return this.#error(REPLY.binaryByChunks);
    if ((this.#transaction?.recipients.length ?? 0) > 0) return { next: "data", reply: REPLY.startData };
    return say(this.#noRecipients());
  }

  /** RFC 3030 2. Whatever is answered, the octets are read: they are no commands. A chunk refused is the transaction's end. */
  bdat(c: Extract<Command, { verb: "BDAT" }>): Outcome {
    const refused = this.#refuseChunk(c.size);
    if (!refused) {
      this.#chunks = (this.#chunks ?? 0) + c.size;
      return { next: "chunk", reply: chunkTaken(c.size), size: c.size, last: c.last };
    }
    // What was pipelined behind a refusal is not the client's fault; but it may not go on for ever.
    const pipelined = this.#mailRefused || this.#transaction !== null;
    this.#transaction = null;
    this.#mailRefused = true;
    const outcome = pipelined && ++this.#junk <= SMTP_JUNK ? say(refused) : this.#error(refused);
    return outcome.next === "close" ? outcome : { next: "skip", reply: refused, size: c.size };
  }

  rset(): Outcome {
    this.#transaction = null;
    this.#mailRefused = false;
    return say(REPLY.flushed);
  }

  startTls(): Outcome {
    if (this.#client.tls) return this.#error(REPLY.tlsActive);
    return this.#settings.startTlsAvailable()
      ? { next: "starttls", reply: REPLY.startTls }
      : this.#error(REPLY.noTls);
  }

  etrn(c: Extract<Command, { verb: "ETRN" }>): Outcome {
    const { turns } = this.#ports.policy;
    if (!turns?.permits(this.#client)) return this.#error(REPLY.turnRefused);
    const messages = turns.start(c.domain, c.below);
    return say(messages > 0 ? turnStarted(messages) : REPLY.turnEmpty);
  }

  auth(c: Extract<Command, { verb: "AUTH" }>): Later<Outcome> {
    if (!this.#authWanted()) return this.#error(REPLY.authNone);
    if (this.#client.account !== null) return this.#error(REPLY.authDone);
    if (!this.#authOffered()) return this.#error(REPLY.authEncryption);
    const { authenticator, random } = this.#ports;
    const step = startAuth(authenticator, this.#saslPeer(), random, c.mechanism, c.initial);
    return after(step, (s) => this.#authStep(s));
  }

  #run(command: Command): Later<Outcome> {
    // TypeScript cannot see that the row belongs to the verb; the type of RULES guarantees it.
    const rule = RULES[command.verb] as Rule<Command>;
    const phase = this.#phase();
    if (rule.in.includes(phase)) return rule.run(this, command);
    if (phase === "hello") return this.#error(REPLY.helloFirst);
    if (phase === "chunks") return this.#error(REPLY.chunksBegun);
    const pipelined = this.#mailRefused && (command.verb === "RCPT" || command.verb === "DATA");
    return pipelined ? say(rule.else) : this.#error(rule.else);
  }

  #phase(): Phase {
    if (this.#transaction) return this.#chunks === null ? "mail" : "chunks";
    return this.#client.helo === null ? "hello" : "ready";
  }

  /** RFC 2033 4.2 wants 503, RFC 5321 3.3 leaves 503 or 554. */
  #noRecipients(): Reply {
    return this.#settings.listener === "lmtp" ? REPLY.needRecipient : REPLY.noRecipients;
  }

  #refuseChunk(size: number): Reply | null {
    if (!this.#transaction) return REPLY.needMail;
    if (this.#transaction.recipients.length === 0) return this.#noRecipients();
    return (this.#chunks ?? 0) + size > this.#settings.messageSize ? REPLY.tooBig : null;
  }

  /** EHLO's list: only what holds in this state. */
  #extensions(): string[] {
    const auth = this.#authOffered() && this.#client.account === null;
    const mechanisms = auth ? offeredMechanisms(this.#ports.authenticator, this.#saslPeer()) : [];
    const list = offeredExtensions(this.#settings, this.#client, mechanisms, this.#ports.clock.now());
    if (this.#ports.policy.turns?.permits(this.#client)) list.push("ETRN");
    return [this.#settings.hostname, ...list];
  }

  #saslPeer(): SaslPeer {
    return { remoteAddress: this.#client.remote.address, tls: this.#client.tls };
  }

  #authWanted(): boolean {
    const listener = this.#settings.listener;
    return listener === "submission" || listener === "submissions" ||
      listener === "smtp" && this.#settings.authOnSmtp;
  }

  #authOffered(): boolean {
    if (!this.#authWanted()) return false;
    if (this.#client.tls !== null) return true;
    const ip = this.#settings.cleartextLoopback ? parseIp(this.#client.remote.address) : null;
    return ip !== null && isLoopback(ip);
  }

  /** RFC 6409 4.3: a submission is for those who have logged in. */
  #mustAuthenticate(): Reply | null {
    const listener = this.#settings.listener;
    if (listener !== "submission" && listener !== "submissions" || this.#client.account !== null) return null;
    return this.#authOffered() ? REPLY.authRequired : REPLY.tlsFirst;
  }

  #authStep(step: AuthStep): Outcome {
    switch (step.kind) {
      case "challenge":
        this.#exchange = step.exchange;
        return { next: "auth", reply: step.reply };
      case "done":
        this.#client = { ...this.#client, account: step.account };
        this.#log.info("login", { protocol: "smtp", account: step.account });
        return say(step.reply);
      case "refused":
        if (!step.failed) return step.reply === REPLY.authLater ? say(step.reply) : this.#error(step.reply);
        this.#log.info("login refused", { protocol: "smtp", login: step.login, reply: short(step.reply) });
        if (++this.#authFailures >= SMTP_AUTH_FAILURES) return { next: "close", reply: REPLY.tooManyErrors };
        return say(step.reply);
    }
  }

  #refuseHello(verdict: Reply, domain: string): Outcome {
    this.#log.info("greeting refused", { helo: domain, ...answered(verdict) });
    const close = verdict.code === 421 || verdict.code === 554;
    return close ? { next: "close", reply: verdict } : this.#error(verdict);
  }

  #refuseRecipient(transaction: Transaction, to: Address, verdict: NonNullable<Verdict>): Outcome {
    const fields = {
      id: transaction.id,
      sender: shown(transaction.sender),
      recipient: shown(to),
      ...answered(verdict),
    };
    this.#log.info("recipient refused", fields);
    if (++this.#refusedRecipients > SMTP_REFUSED_RECIPIENTS) {
      return { next: "close", reply: REPLY.tooManyErrors };
    }
    return say(verdict);
  }

  #dataFault(transaction: Transaction, fault: IntakeFault): Reply {
    const fields = { id: transaction.id, sender: shown(transaction.sender), why: fault.kind };
    if (fault.kind === "spool-broken") this.#log.error("spool failed", fields, fault.cause);
    else this.#log.info("message refused", fields);
    return DATA_FAULTS[fault.kind];
  }

  #receiveFault(transaction: Transaction, cause: unknown): Reply {
    if (isFsError(cause, "full", "read-only")) {
      this.#log.warn("no space for mail", { id: transaction.id, why: cause.message });
      return REPLY.noSpace;
    }
    this.#log.error("reception failed", { id: transaction.id }, cause);
    return internalError(transaction.id);
  }

  #each(transaction: Transaction, answer: Reply): readonly Reply[] {
    return this.#settings.listener === "lmtp" ? transaction.recipients.map(() => answer) : [answer];
  }

  #error(answer: Reply): Outcome {
    return ++this.#errors > SMTP_ERRORS ? { next: "close", reply: REPLY.tooManyErrors } : say(answer);
  }
}

/** Goes on at once where there is nothing to wait for: most verdicts come from memory, and a promise each would cost a turn. */
function after<T, R>(value: Later<T>, then: (value: T) => R): Later<R> {
  return value instanceof Promise ? value.then(then) : then(value);
}

function shown(address: Address | null): string {
  return address === null ? "<>" : formatAddress(address);
}

/** A refusal, for the log. */
function answered(r: Reply): { reply: string; text: string } {
  return { reply: short(r), text: r.lines.join(" ") };
}

function short(r: Reply): string {
  return r.enhanced === null ? `${r.code}` : `${r.code} ${r.enhanced}`;
}
