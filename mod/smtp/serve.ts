/**
 * The loop of one SMTP or LMTP connection: reads, asks the session, writes. It decides nothing. Replies to pipelined commands are
 * gathered and go out in one write, before anything is waited for (RFC 2920 3.2).
 */
import { utf8 } from "../base/bytes.ts";
import { SMTP_AUTH_LINE, SMTP_DATA_IDLE, SMTP_DATA_TOTAL, SMTP_DISCARD, SMTP_IDLE } from "../base/limits.ts";
import { ByteReader, type Line } from "../wire/byte_reader.ts";
import { ChunkDecoder } from "../wire/chunks.ts";
import { type Conn, ConnectionLost } from "../wire/conn.ts";
import { DotDecoder } from "../wire/dots.ts";
import { MessageIntake } from "./intake.ts";
import type { SmtpPorts, SmtpSettings, Transaction } from "./ports.ts";
import { blames, formatReply, REPLY, type Reply } from "./reply.ts";
import type { Outcome } from "./rules.ts";
import { SmtpSession } from "./session.ts";

/** Pending replies are written at the latest when they are so many characters: a peer that pipelines and never reads is held up. */
const REPLIES_HELD = 16 * 1024;
/** Milliseconds of work on pipelined commands before others get their turn. */
const SLICE = 8;

/**
 * Serves one connection to its end; closes it. `stop` ends it politely between two commands. Never rejects: what is unforeseen goes to
 * the log.
 */
export async function serveSmtp(
  conn: Conn,
  settings: SmtpSettings,
  ports: SmtpPorts,
  stop: AbortSignal,
): Promise<void> {
  const log = ports.log.with({ listener: settings.listener, remote: conn.remote.address });
  const loop = new Loop(conn, settings, { ...ports, log }, stop);
  const stopped = () => loop.interrupt();
  stop.addEventListener("abort", stopped);
  try {
    await loop.run();
    await conn.close();
  } catch (cause) {
    conn.destroy();
    if (cause instanceof ConnectionLost) log.debug("connection lost", { why: cause.message });
    else log.error("session failed", {}, cause);
  } finally {
    stop.removeEventListener("abort", stopped);
    await loop.release();
  }
}

/** A message that comes in chunks, between two of them. */
interface Chunked {
  readonly transaction: Transaction;
  readonly intake: MessageIntake;
  readonly framing: ChunkDecoder;
  /** Monotonic time by which it must be whole. */
  readonly end: number;
}

class Loop {
  readonly #conn: Conn;
  readonly #settings: SmtpSettings;
  readonly #ports: SmtpPorts;
  readonly #stop: AbortSignal;
  readonly #session: SmtpSession;
  #reader: ByteReader;
  #replies = "";
  /** Waiting for a command: nothing is being written, nothing would be lost by ending now. */
  #idle = false;
  /** Monotonic time by which what is being waited for must be there; Infinity while the wait is not for the client. */
  #due = Infinity;
  #cancelWatch: () => void = () => {};
  #chunked: Chunked | null = null;
  /** Replies so far that blame the client. */
  #refusals = 0;
  /** Octets of refused chunks so far. */
  #skipped = 0;

  constructor(conn: Conn, settings: SmtpSettings, ports: SmtpPorts, stop: AbortSignal) {
    this.#conn = conn;
    this.#settings = settings;
    this.#ports = ports;
    this.#stop = stop;
    this.#session = new SmtpSession(settings, ports, conn);
    this.#reader = new ByteReader(conn);
  }

  async run(): Promise<void> {
    // The watch ends slow clients with a reply; the connection's own bound stands behind it.
    this.#conn.setIdle(2 * SMTP_IDLE);
    this.#watch();
    let next = await this.#greet();
    let sliceStart = this.#ports.clock.monotonic();
    while (next !== "close") {
      if (this.#stop.aborted) {
        await this.#finish(REPLY.shutdown);
        return;
      }
      let line = this.#reader.lineNow(SMTP_AUTH_LINE);
      if (!line) {
        line = await this.#waitForLine();
        sliceStart = this.#ports.clock.monotonic();
      } else if (this.#ports.clock.monotonic() - sliceStart > SLICE) {
        await this.#ports.clock.sleep(0);
        sliceStart = this.#ports.clock.monotonic();
      }
      if (line === null || line.kind === "end") return;
      const { timed, clock } = this.#ports;
      const began = timed ? clock.monotonic() : 0;
      const answer = this.#answer(line, next);
      // Most commands are answered at once: no promise for them.
      const outcome = answer instanceof Promise ? await answer.catch((e) => this.#failed(e)) : answer;
      timed?.smtpCommand(clock.monotonic() - began);
      if (outcome.next !== "close" && blames(outcome.reply)) await this.#holdBack();
      next = await this.#follow(outcome);
    }
    await this.#flush();
  }

  /** Real clients wait for the greeting (RFC 5321 4.3.1); programs that only want to be rid of their mail do not. */
  async #greet(): Promise<Outcome["next"]> {
    const outcome = await this.#session.greet();
    const { policy, clock, log } = this.#ports;
    const silence = outcome.next === "close" ? null : policy.silence?.(this.#session.client) ?? null;
    if (silence === null) return await this.#follow(outcome);
    if (silence > 0) await clock.sleep(silence, this.#stop);
    if (this.#reader.buffered === 0) return await this.#follow(outcome);
    log.info("connection refused", { why: "talked before the greeting" });
    return await this.#finish(REPLY.earlyTalker);
  }

  /** Who is refused again and again is answered more slowly: a timer, and nothing else is held meanwhile. */
  async #holdBack(): Promise<void> {
    const ms = this.#ports.policy.holdBack?.(this.#session.client, ++this.#refusals) ?? 0;
    if (ms <= 0) return;
    await this.#flush();
    await this.#ports.clock.sleep(ms, this.#stop);
  }

  /** Tells an idle client that the server stops; one at work is told by the loop. */
  interrupt(): void {
    if (this.#idle) this.#endWith(REPLY.shutdown);
  }

  /** Gives back what is held. */
  async release(): Promise<void> {
    this.#cancelWatch();
    await this.#dropChunks();
  }

  /** One timer a connection, however many commands: it looks now and then whether the client is overdue. */
  #watch(): void {
    const clock = this.#ports.clock;
    const left = this.#due - clock.monotonic();
    if (left <= 0) return this.#endWith(REPLY.timeout);
    this.#cancelWatch = clock.after(Math.min(left, SMTP_DATA_IDLE), () => this.#watch());
  }

  /** Ends the session from outside the loop, which is waiting for the client. */
  #endWith(last: Reply): void {
    this.#idle = false;
    this.#due = Infinity;
    // The loop wakes up on the closed connection; that the client is gone already changes nothing.
    this.#finish(last).catch(() => {}).then(() => this.#conn.close());
  }

  /** null: the session is over (stopped, or too slow). */
  async #waitForLine(): Promise<Line | null> {
    await this.#flush();
    if (this.#stop.aborted) {
      await this.#finish(REPLY.shutdown);
      return null;
    }
    this.#idle = true;
    this.#due = this.#ports.clock.monotonic() + SMTP_IDLE;
    try {
      const line = await this.#reader.readLine(SMTP_AUTH_LINE);
      return this.#idle ? line : null;
    } catch (e) {
      if (!this.#idle) return null;
      throw e;
    } finally {
      this.#idle = false;
      this.#due = Infinity;
    }
  }

  #answer(line: Exclude<Line, { kind: "end" }>, expected: Outcome["next"]): Outcome | Promise<Outcome> {
    if (line.kind !== "line") return this.#session.badLine(line.kind);
    try {
      return expected === "auth" ? this.#session.authLine(line.bytes) : this.#session.command(line.bytes);
    } catch (cause) {
      return this.#failed(cause);
    }
  }

  #failed(cause: unknown): Outcome {
    return this.#session.failed(cause);
  }

  #follow(outcome: Outcome): Outcome["next"] | Promise<Outcome["next"]> {
    if (outcome.next === "starttls") return this.#startTls(outcome.reply);
    if (outcome.next === "chunk") return this.#chunk(outcome);
    if (outcome.next === "skip") return this.#skip(outcome);
    if (this.#chunked && this.#chunked.transaction !== this.#session.transaction) {
      return this.#dropChunks().then(() => this.#say(outcome));
    }
    return this.#say(outcome);
  }

  #say(outcome: Outcome): Outcome["next"] | Promise<Outcome["next"]> {
    this.#replies += formatReply(outcome.reply);
    if (outcome.next === "data") return this.#data();
    return this.#replies.length > REPLIES_HELD ? this.#flush().then(() => outcome.next) : outcome.next;
  }

  async #data(): Promise<"command" | "close"> {
    await this.#flush();
    const tap = await this.#session.tap();
    const intake = new MessageIntake(
      this.#settings,
      this.#ports,
      this.#session.transaction?.mail.size ?? null,
      new DotDecoder(),
      tap,
    );
    const clock = this.#ports.clock;
    const end = clock.monotonic() + SMTP_DATA_TOTAL;
    try {
      while (!intake.done) {
        const chunk = await this.#readData(Infinity, end);
        const used = intake.write(chunk);
        if (used < chunk.length) this.#reader.unread(chunk.length - used);
        else this.#reader.spend();
        const settled = intake.settle();
        if (settled) await settled;
        if (intake.hopeless) return await this.#finish(REPLY.tooBig);
      }
      const began = clock.monotonic();
      for (const answer of await this.#session.message(await intake.finish())) {
        this.#replies += formatReply(answer);
      }
      this.#ports.timed?.smtpMessage(clock.monotonic() - began);
    } finally {
      this.#due = Infinity;
      if (!intake.done) await intake.abort();
    }
    return "command";
  }

  /** Some octets of a message, at most `max`, by `end` at the latest. */
  async #readData(max: number, end: number): Promise<Uint8Array> {
    this.#due = Math.min(this.#ports.clock.monotonic() + SMTP_DATA_IDLE, end);
    try {
      const chunk = await this.#reader.readChunk(max);
      if (chunk === null) throw new ConnectionLost("closed", "within a message");
      return chunk;
    } finally {
      this.#due = Infinity;
    }
  }

  /** The octets of one BDAT. */
  async #chunk(outcome: Outcome & { readonly next: "chunk" }): Promise<"command" | "close"> {
    const chunked = this.#chunked ?? await this.#startChunks(outcome.size);
    const { intake, framing, end } = chunked;
    // Whoever comes with each chunk at once never waits, and so is never found overdue while waiting.
    if (this.#ports.clock.monotonic() > end) return await this.#finish(REPLY.timeout);
    if (this.#reader.buffered < outcome.size) await this.#flush();
    for (let left = outcome.size; left > 0;) {
      const octets = await this.#readData(left, end);
      left -= octets.length;
      intake.write(octets);
      this.#reader.spend();
      const settled = intake.settle();
      if (settled) await settled;
    }
    if (outcome.last) {
      intake.end(framing);
      const result = await intake.finish();
      this.#chunked = null;
      for (const answer of await this.#session.message(result)) this.#replies += formatReply(answer);
    } else if (intake.fault) {
      this.#replies += formatReply(this.#session.chunkFailed(intake.fault));
      await this.#dropChunks();
    } else {
      this.#replies += formatReply(outcome.reply);
    }
    return "command";
  }

  async #startChunks(size: number): Promise<Chunked> {
    const { transaction } = this.#session;
    if (!transaction) throw new Error("Cannot take a chunk without a transaction");
    const framing = new ChunkDecoder(transaction.mail.body === "binarymime");
    const announced = Math.max(transaction.mail.size ?? 0, size);
    const tap = await this.#session.tap();
    const intake = new MessageIntake(this.#settings, this.#ports, announced, framing, tap);
    const end = this.#ports.clock.monotonic() + SMTP_DATA_TOTAL;
    return this.#chunked = { transaction, intake, framing, end };
  }

  /** A BDAT that is refused: its octets are read and thrown away, so that none is taken for a command. */
  async #skip(outcome: Outcome & { readonly next: "skip" }): Promise<"command" | "close"> {
    await this.#dropChunks();
    this.#skipped += outcome.size;
    if (this.#skipped > SMTP_DISCARD) return await this.#finish(outcome.reply);
    if (this.#reader.buffered < outcome.size) await this.#flush();
    const end = this.#ports.clock.monotonic() + SMTP_DATA_TOTAL;
    for (let left = outcome.size; left > 0;) left -= (await this.#readData(left, end)).length;
    this.#replies += formatReply(outcome.reply);
    return "command";
  }

  async #dropChunks(): Promise<void> {
    const chunked = this.#chunked;
    this.#chunked = null;
    await chunked?.intake.abort();
  }

  async #startTls(invitation: Reply): Promise<"command" | "close"> {
    // What was pipelined after STARTTLS was said in the clear and must not count under TLS (RFC 3207 4.2): there is no honest reason for it.
    if (this.#reader.buffered > 0) return await this.#finish(REPLY.tlsPipelined);
    const announce = this.#replies + formatReply(invitation);
    this.#replies = "";
    await this.#conn.startTls(utf8(announce));
    this.#reader = new ByteReader(this.#conn);
    this.#session.tlsStarted(this.#conn.tls);
    return "command";
  }

  async #finish(last: Reply): Promise<"close"> {
    this.#replies += formatReply(last);
    await this.#flush();
    return "close";
  }

  async #flush(): Promise<void> {
    if (this.#replies === "") return;
    const bytes = utf8(this.#replies);
    this.#replies = "";
    await this.#conn.write(bytes);
  }
}
