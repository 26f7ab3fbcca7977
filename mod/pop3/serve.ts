/** The POP3 loop: reads lines, asks the session, writes. Replies to pipelined commands are gathered into one write. */
import { utf8 } from "../base/bytes.ts";
import { type Clock, passTurn } from "../base/clock.ts";
import { isFsError } from "../base/fs.ts";
import { POP3_IDLE, POP3_IDLE_LOGIN, POP3_LINE, SMTP_AUTH_LINE } from "../base/limits.ts";
import { ByteReader, type Line } from "../wire/byte_reader.ts";
import type { BufferPool } from "../wire/buffer_pool.ts";
import { type Conn, ConnectionLost } from "../wire/conn.ts";
import { SendBuffer } from "../wire/send_buffer.ts";
import { DotStuffer } from "../wire/stuffing.ts";
import type { Message } from "../store/store.ts";
import { parseCommand } from "./command.ts";
import { LineCutter } from "./top.ts";
import { type Outcome, type Pop3Ports, Pop3Session } from "./session.ts";

/** Octets of replies gathered before they are written though more commands wait. */
const GATHER = 64 * 1024;
/** Octets of a large message read at a time. */
const PIECE = 256 * 1024;
/** Commands not understood before the connection is closed. */
const ERRORS = 20;
/** Milliseconds of work on pipelined commands before others get their turn. */
const SLICE = 4;
/** The same of a listing, which other commands may have come before. */
const LINES_SLICE = 3;
/** Characters of a listing put together at once. */
const LINES = 4096;

const STOPPING = "-ERR [SYS/TEMP] The server is stopping\r\n";
const TIMEOUT = "-ERR [SYS/TEMP] Idle for too long\r\n";

/** What the loop needs beside the session's ports. */
export interface ServePorts extends Pop3Ports {
  readonly clock: Pick<Clock, "monotonic" | "sleep" | "after" | "turn">;
  /** Arrays that replies are gathered in; without them each is made anew. */
  readonly buffers?: BufferPool;
}

/** Serves one connection to its end. Never throws; the connection is closed when it resolves. */
export async function servePop3(conn: Conn, ports: ServePorts, stop: AbortSignal): Promise<void> {
  const loop = new Loop(conn, ports, stop);
  const stopped = () => loop.interrupt(STOPPING);
  stop.addEventListener("abort", stopped);
  try {
    await loop.run();
  } catch (e) {
    if (e instanceof ConnectionLost) ports.log.debug("connection lost", { protocol: "pop3", why: e.why });
    else ports.log.error("session failed", { protocol: "pop3" }, e);
    conn.destroy();
  } finally {
    stop.removeEventListener("abort", stopped);
    loop.release();
    loop.session.end();
    await conn.close();
  }
}

class Loop {
  readonly session: Pop3Session;
  readonly #conn: Conn;
  readonly #ports: ServePorts;
  readonly #stop: AbortSignal;
  readonly #reader: ByteReader;
  readonly #out: SendBuffer;
  #errors = 0;
  #waiting = false;
  /** Monotonic time since when the client is waited for. */
  #since = 0;
  #cancelWatch: () => void = () => {};

  constructor(conn: Conn, ports: ServePorts, stop: AbortSignal) {
    this.#conn = conn;
    this.#ports = ports;
    this.#stop = stop;
    this.#reader = new ByteReader(conn);
    this.#out = new SendBuffer(conn, ports.buffers ?? null);
    this.session = new Pop3Session(ports, { remoteAddress: conn.remote.address, tls: conn.tls });
  }

  async run(): Promise<void> {
    // The watch ends slow clients with a reply; the connection's own bound stands behind it.
    this.#conn.setIdle(2 * POP3_IDLE);
    this.#watch();
    this.#out.text(this.session.greeting());
    let sliceStart = this.#ports.clock.monotonic();
    for (;;) {
      if (this.#stop.aborted) {
        this.#out.text(STOPPING);
        return await this.#out.flush();
      }
      const cap = this.session.inAuth ? SMTP_AUTH_LINE : POP3_LINE + 1000;
      let line = this.#reader.lineNow(cap);
      if (!line) {
        await this.#out.flush();
        this.#out.release();
        this.#waiting = true;
        this.#since = this.#ports.clock.monotonic();
        line = await this.#reader.readLine(cap);
        this.#waiting = false;
        sliceStart = this.#ports.clock.monotonic();
      } else if (this.#ports.clock.monotonic() - sliceStart > SLICE) {
        await passTurn(this.#ports.clock);
        sliceStart = this.#ports.clock.monotonic();
      }
      if (line.kind === "end") return;
      if (!(await this.#handle(line))) return await this.#out.flush();
      // Who pipelines and does not read is held up here, not gathered for.
      if (this.#out.length > GATHER) await this.#out.flush();
      if (this.#errors > ERRORS) {
        this.#out.text("-ERR Too many commands that are none\r\n");
        return await this.#out.flush();
      }
    }
  }

  /** Ends a session that waits for its client; one in the middle of a command is told of a stop after it. */
  interrupt(last: string): void {
    if (!this.#waiting) return;
    this.#waiting = false;
    this.#conn.write(utf8(last)).catch(() => {}).then(() => this.#conn.close());
  }

  /** Gives back the timer and the array. */
  release(): void {
    this.#cancelWatch();
    this.#out.release();
  }

  /** One timer a connection: it looks now and then how long the client has kept us waiting for a whole line. */
  #watch(): void {
    const clock = this.#ports.clock;
    const limit = this.session.loggedIn ? POP3_IDLE : POP3_IDLE_LOGIN;
    const left = this.#waiting ? this.#since + limit - clock.monotonic() : limit;
    if (left <= 0) return this.interrupt(TIMEOUT);
    this.#cancelWatch = clock.after(Math.min(left, POP3_IDLE_LOGIN), () => this.#watch());
  }

  /** One line; false ends the connection. */
  async #handle(line: Line): Promise<boolean> {
    if (line.kind !== "line") {
      this.#errors++;
      this.#out.text(
        line.kind === "long"
          ? "-ERR Line too long\r\n"
          : "-ERR Lines end in CRLF, and nothing else in them does\r\n",
      );
      return true;
    }
    try {
      return await this.#act(await this.#outcome(line.bytes));
    } catch (e) {
      if (e instanceof ConnectionLost) throw e;
      const id = hex(this.#ports.random.bytes(4));
      this.#ports.log.error("command failed", { protocol: "pop3", id }, e);
      this.#out.text(
        `-ERR [SYS/${isFsError(e) ? "TEMP" : "PERM"}] Something went wrong here; the log has it as ${id}\r\n`,
      );
      return true;
    }
  }

  async #outcome(bytes: Uint8Array): Promise<Outcome> {
    if (this.session.inAuth) return await this.session.answer(bytes);
    const parsed = parseCommand(bytes);
    if (!parsed.ok) {
      this.#errors++;
      return {
        kind: "reply",
        text: parsed.error === "unknown" ? "-ERR No such command\r\n" : "-ERR Cannot read the arguments\r\n",
      };
    }
    return this.session.commandNow(parsed.value) ?? await this.session.command(parsed.value);
  }

  async #act(outcome: Outcome): Promise<boolean> {
    switch (outcome.kind) {
      case "reply":
        this.#out.text(outcome.text);
        return true;
      case "lines":
        await this.#sayAll(outcome.lines);
        return true;
      case "message":
        await this.#send(outcome.message, outcome.lines);
        return true;
      case "tls":
        await this.#out.flush();
        // Octets that came with STLS were sent in the clear by who knows whom (RFC 2595 2.4).
        if (this.#reader.buffered > 0) return false;
        await this.#conn.startTls(utf8(outcome.text));
        this.session.secured(this.#conn.tls);
        return true;
      case "close":
        this.#out.text(outcome.text);
        return false;
    }
  }

  async #send(message: Message, lines: number | null): Promise<void> {
    const mailbox = this.session.mailbox;
    // Of one who waits for each answer it is read at once.
    const coming = this.#reader.buffered > 0 ? mailbox?.comes?.(message.uid) : null;
    if (coming) await coming;
    const whole = mailbox?.contentNow(message.uid);
    if (whole) {
      this.#out.text(`+OK ${whole.length} octets\r\n`);
      const stuffer = new DotStuffer();
      const part = lines === null ? whole : new LineCutter(lines).take(whole);
      this.#out.bytes(stuffer.write(part));
      this.#out.bytes(stuffer.end());
      return;
    }
    const content = await mailbox?.content(message.uid);
    if (!content) return this.#out.text("-ERR That message was removed by another program meanwhile\r\n");
    try {
      this.#out.text(`+OK ${content.size} octets\r\n`);
      const stuffer = new DotStuffer();
      const cutter = lines === null ? null : new LineCutter(lines);
      for (let at = 0; at < content.size && !cutter?.done; at += PIECE) {
        const piece = await content.read(at, Math.min(content.size, at + PIECE));
        this.#out.bytes(stuffer.write(cutter ? cutter.take(piece) : piece));
        await this.#out.flush();
      }
      this.#out.bytes(stuffer.end());
    } finally {
      content.close();
    }
  }

  /** Lines are made as the client takes them, and while others get their turn. */
  async #sayAll(lines: Iterable<string>): Promise<void> {
    let began = this.#ports.clock.monotonic();
    let text = "";
    for (const line of lines) {
      text += line;
      if (text.length < LINES) continue;
      this.#out.text(text);
      text = "";
      if (this.#out.length > GATHER) await this.#out.flush();
      if (this.#ports.clock.monotonic() - began < LINES_SLICE) continue;
      await passTurn(this.#ports.clock);
      began = this.#ports.clock.monotonic();
    }
    this.#out.text(text);
  }
}

function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (b) => b.toString(16).padStart(2, "0")).join("");
}
