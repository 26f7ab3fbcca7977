/**
 * The loop of one IMAP connection: octets in, commands to the session, responses out. It decides nothing but what keeps the connection
 * in step. Invariants:
 * - One writer at a time: the loop writes while a command runs, `#telling` (changes during IDLE, BYE) only while the loop waits for octets.
 * - Whatever ends the connection, the mailbox, its listener, timers and unfinished drafts are given back.
 */
import { EMPTY, utf8 } from "../base/bytes.ts";
import { IMAP_IDLE, IMAP_IDLE_LOGIN, IMAP_LINE, IMAP_LITERAL, IMAP_LITERAL_LOGIN } from "../base/limits.ts";
import { type Conn, ConnectionLost } from "../wire/conn.ts";
import { Assembler } from "./assemble.ts";
import { Output } from "./output.ts";
import { parseAppendHead, parseCommand } from "./parse.ts";
import type { ImapPorts } from "./ports.ts";
import { bad, no, type Reply } from "./reply.ts";
import { ImapSession, type Next } from "./session.ts";
import { Slice } from "./slice.ts";
import type { AssembleEvent, LiteralDecision, ParseError, Piece } from "./types.ts";

const LIMITS = { line: IMAP_LINE, literal: IMAP_LITERAL, discard: IMAP_LITERAL };
/** Milliseconds the connection's own timeout is later than ours, which says BYE first. */
const BACKSTOP = 60_000;
/** What a command costs at least, in `Slice`'s octets: many may come in one piece. */
const COMMAND_WORK = 2048;
const TOO_LARGE = no("LIMIT", "Literal is too large");

/** Serves a connection until it ends. Never rejects. */
export async function serveImap(conn: Conn, ports: ImapPorts): Promise<void> {
  await new ImapConnection(conn, ports).run();
}

class ImapConnection {
  #conn: Conn;
  readonly #ports: ImapPorts;
  readonly #out: Output;
  readonly #session: ImapSession;
  readonly #assembler = new Assembler(LIMITS);
  readonly #slice: Slice;
  /** The next line goes to the command under way. */
  #wantsLine = false;
  /** Why the literal under way is refused. */
  #refusal: Reply | ParseError = TOO_LARGE;
  /** No command is under way: nothing the assembler holds is needed. */
  #clean = true;
  /** The loop waits for octets. */
  #reading = false;
  /** Monotonic time of the last thing the client did. */
  #active: number;
  #telling: Promise<void> = Promise.resolve();
  #news = false;
  #bye: string | null = null;
  #cancelTimer: () => void = () => {};

  constructor(conn: Conn, ports: ImapPorts) {
    this.#conn = conn;
    this.#ports = ports;
    const { buffers } = ports;
    this.#out = new Output(
      (bytes) => this.#conn.write(bytes),
      buffers ? { pool: buffers, lend: (bytes) => this.#conn.lend?.(bytes) ?? null } : null,
    );
    this.#session = new ImapSession(ports, conn, this.#out);
    this.#session.onNews = () => this.#scheduleNews();
    this.#slice = new Slice(ports.clock, () => ports.pause());
    this.#active = ports.clock.monotonic();
  }

  async run(): Promise<void> {
    const { stopping } = this.#ports;
    const stop = () => this.#end("Server is shutting down");
    stopping?.addEventListener("abort", stop, { once: true });
    if (stopping?.aborted) stop();
    this.#watch();
    try {
      this.#session.greet();
      await this.#loop();
      await this.#out.flush();
      await this.#conn.close();
    } catch (cause) {
      if (!(cause instanceof ConnectionLost)) this.#session.log.error("imap connection failed", {}, cause);
      this.#conn.destroy();
    } finally {
      this.#cancelTimer();
      this.#out.release();
      stopping?.removeEventListener("abort", stop);
      this.#session.close();
      await this.#session.appends.drop().catch((cause) => {
        this.#session.log.warn("cannot drop a message that did not arrive", { cause: String(cause) });
      });
    }
  }

  async #loop(): Promise<void> {
    for (;;) {
      const event = this.#assembler.next();
      if (event === null) {
        if (!(await this.#read())) return;
        continue;
      }
      this.#clean = event.kind === "command";
      const next = await this.#take(event);
      this.#active = this.#ports.clock.monotonic();
      if (next === "close") return;
      if (next === "starttls" && !(await this.#startTls())) return;
      if (next === "compress" && !(await this.#compress())) return;
      this.#wantsLine = next === "line";
      if (this.#out.full) await this.#out.flush();
      await this.#slice.spend(COMMAND_WORK);
    }
  }

  /** Sends what there is and waits for octets; false at the end of the connection. */
  async #read(): Promise<boolean> {
    await this.#out.flush();
    let chunk: Uint8Array | null = null;
    // A command has its turn even where there is always something to tell.
    while (this.#news && chunk === null) {
      this.#news = false;
      if (await this.#session.tellIdling() === "close") return false;
      await this.#out.flush();
      chunk = this.#conn.readNow();
    }
    chunk ??= this.#conn.readNow();
    if (chunk === null) {
      if (this.#bye !== null) {
        this.#session.bye(this.#bye);
        return false;
      }
      this.#out.release();
      // The start of a command may have come already: octets that wait are not spare.
      if (this.#clean && this.#assembler.rest === 0) this.#assembler.discard();
      this.#reading = true;
      try {
        chunk = await this.#conn.read();
      } finally {
        this.#reading = false;
      }
      await this.#telling;
      this.#slice.rested();
    }
    if (chunk === null) return false;
    this.#assembler.push(chunk);
    return true;
  }

  #take(event: AssembleEvent): Next | Promise<Next> {
    switch (event.kind) {
      case "command":
        return this.#wantsLine ? this.#line(event.pieces) : this.#command(event.pieces);
      case "literal":
        return this.#literal(event);
      case "continue":
        this.#out.line("+ OK");
        return this.#same();
      case "data":
        return this.#session.appends.write(event.bytes).then(() => this.#same());
      case "data-end":
        return this.#session.appends.end(event.nul).then(() => this.#same());
      case "refused":
        return this.#refused(event.tag);
      case "too-big":
        return this.#broken(event.tag, bad("Line is too long"));
      case "bad-line":
        return this.#broken(
          event.tag,
          bad(event.why === "nul" ? "NUL in a line" : "Bare CR or LF in a line"),
        );
      case "fatal":
        return this.#session.bye("Too much to skip");
    }
  }

  #same(): Next {
    return this.#wantsLine ? "line" : "command";
  }

  async #command(pieces: readonly Piece[]): Promise<Next> {
    const command = parseCommand(pieces, this.#session.parsing);
    if (command.ok) {
      const { timed, clock } = this.#ports;
      const began = timed ? clock.monotonic() : 0;
      const next = await this.#session.command(command.value);
      timed?.(clock.monotonic() - began);
      // Of a command that was not allowed.
      if (!this.#session.appends.empty) await this.#session.appends.drop();
      this.#conn.setIdle(this.#idleLimit() + BACKSTOP);
      return next;
    }
    await this.#session.appends.drop();
    return this.#session.reject(command.error);
  }

  #line(pieces: readonly Piece[]): Promise<Next> {
    const [line] = pieces;
    return this.#session.line(pieces.length === 1 && line?.kind === "text" ? line.bytes : EMPTY);
  }

  async #literal(event: Extract<AssembleEvent, { kind: "literal" }>): Promise<Next> {
    this.#refusal = TOO_LARGE;
    this.#assembler.decide(await this.#decide(event));
    return this.#same();
  }

  async #decide(event: Extract<AssembleEvent, { kind: "literal" }>): Promise<LiteralDecision> {
    if (this.#wantsLine) return "refuse";
    const { size, pieces } = event;
    if (this.#session.phase === "fresh") {
      let held = size;
      for (const piece of pieces) if (piece.kind === "literal") held += piece.bytes.length;
      return held <= IMAP_LITERAL_LOGIN ? "buffer" : "refuse";
    }
    const head = parseAppendHead(pieces, this.#session.parsing);
    if (head === null) return "buffer"; // the assembler has the cap
    if (!head.ok) {
      this.#refusal = head.error;
      return "refuse";
    }
    if (head.value.utf8 && !event.binary) {
      this.#refusal = bad("UTF8 needs a literal8"); // RFC 6855 4
      return "refuse";
    }
    return await this.#session.appends.announce(head.value, event);
  }

  async #refused(tag: string | null): Promise<Next> {
    if (this.#wantsLine) return await this.#session.line(EMPTY);
    const refusal = await this.#session.appends.drop() ?? this.#refusal;
    return "kind" in refusal ? this.#session.reject(refusal) : this.#session.refuse(tag, refusal);
  }

  async #broken(tag: string | null, reply: Reply): Promise<Next> {
    if (this.#wantsLine) return await this.#session.line(EMPTY);
    await this.#session.appends.drop();
    return this.#session.refuse(tag, reply);
  }

  /** Octets that came after STARTTLS in the clear could be anybody's: the connection ends (RFC 3501 6.2.1). */
  async #startTls(): Promise<boolean> {
    const announce = this.#out.take();
    if (this.#assembler.rest > 0 || this.#conn.readNow() !== null) {
      this.#session.log.warn("imap plaintext after STARTTLS");
      await this.#conn.write(utf8("* BYE Octets in the clear after STARTTLS\r\n"));
      return false;
    }
    await this.#conn.startTls(announce);
    this.#assembler.discard();
    return true;
  }

  /** The reply goes out as it is. What came before the client could have seen it is neither compressed nor meant so (RFC 4978 3). */
  async #compress(): Promise<boolean> {
    const { compression } = this.#ports;
    await this.#out.flush();
    if (compression === undefined || this.#assembler.rest > 0) {
      this.#session.bye("Octets before compression began");
      return false;
    }
    const { CompressedConn } = await import("../wire/compressed_conn.ts");
    this.#conn = new CompressedConn(this.#conn, await compression());
    return true;
  }

  #scheduleNews(): void {
    if (this.#news) return;
    this.#news = true;
    if (this.#reading) this.#telling = this.#telling.then(() => this.#whileReading(() => this.#tellNews()));
  }

  #tellNews(): Next | Promise<Next> {
    if (!this.#news) return "line";
    this.#news = false;
    return this.#session.tellIdling();
  }

  /** Writes while the loop waits for octets. */
  async #whileReading(write: () => Next | Promise<Next>): Promise<void> {
    try {
      const next = await write();
      await this.#out.flush();
      this.#out.release();
      if (next === "close") await this.#conn.close();
    } catch (cause) {
      if (!(cause instanceof ConnectionLost)) this.#session.log.error("imap connection failed", {}, cause);
      this.#conn.destroy();
    }
  }

  /** Ends the connection with BYE: now if it waits for the client, else after the command under way. */
  #end(why: string): void {
    if (this.#bye !== null) return;
    this.#bye = why;
    if (this.#reading) {
      this.#telling = this.#telling.then(() => this.#whileReading(() => this.#session.bye(why)));
    }
  }

  #idleLimit(): number {
    return this.#session.phase === "fresh" ? IMAP_IDLE_LOGIN : IMAP_IDLE;
  }

  /** One timer a connection, armed again only when it fires: it looks how long ago the client did something. */
  #watch(): void {
    this.#conn.setIdle(this.#idleLimit() + BACKSTOP);
    const look = () => {
      const now = this.#ports.clock.monotonic();
      if (!this.#reading) this.#active = now;
      const left = this.#active + this.#idleLimit() - now;
      if (left <= 0) this.#end("Idle for too long");
      else this.#cancelTimer = this.#ports.clock.after(left, look);
    };
    this.#cancelTimer = this.#ports.clock.after(this.#idleLimit(), look);
  }
}
