/** As much of an IMAP client (RFC 3501) as it takes to fetch mail from another server: one command after another. */
import { concat, fromUtf8, utf8 } from "../base/bytes.ts";
import { IMAP_LINE, IMAP_LITERAL } from "../base/limits.ts";
import { ByteReader } from "../wire/byte_reader.ts";
import type { Conn } from "../wire/conn.ts";

/** The other server said no, or something that makes no sense. The message is for people. */
export class ImapFault extends Error {
  override readonly name = "ImapFault";
}

const CHUNK = 64 * 1024;
const LINES = 10_000; // of one response, with the literals in it

export class ImapClient {
  readonly #conn: Conn;
  #reader: ByteReader;
  #tag = 0;

  constructor(conn: Conn) {
    this.#conn = conn;
    this.#reader = new ByteReader(conn);
  }

  /** The greeting; true where it says that we are logged in. */
  async greeting(): Promise<boolean> {
    const line = await this.#response();
    if (!/^\* (?:OK|PREAUTH)\b/i.test(line)) throw new ImapFault(`the server says: ${shown(line)}`);
    return /^\* PREAUTH\b/i.test(line);
  }

  /** Begins TLS after STARTTLS. */
  async startTls(verify: Parameters<Conn["startTls"]>[1]): Promise<void> {
    await this.run("STARTTLS");
    if (this.#reader.buffered > 0) throw new ImapFault("the server sends before TLS begins");
    await this.#conn.startTls(null, verify);
    this.#reader = new ByteReader(this.#conn);
  }

  /** Words of its CAPABILITY, in capitals. */
  async capabilities(): Promise<ReadonlySet<string>> {
    const words = new Set<string>();
    await this.run("CAPABILITY", (line) => {
      if (/^\* CAPABILITY /i.test(line)) {
        for (const word of line.slice(13).split(" ")) words.add(word.toUpperCase());
      }
    });
    return words;
  }

  /** Logs in by AUTHENTICATE PLAIN, or LOGIN where that is all there is. Throws ImapFault. */
  async login(user: string, password: string, capabilities: ReadonlySet<string>): Promise<void> {
    if (!capabilities.has("AUTH=PLAIN")) {
      if (capabilities.has("LOGINDISABLED")) throw new ImapFault("the server takes no password here");
      await this.run(`LOGIN ${quoted(user)} ${quoted(password)}`, () => {}, "LOGIN");
      return;
    }
    const tag = await this.send("AUTHENTICATE PLAIN");
    const line = await this.#response();
    if (!line.startsWith("+")) throw new ImapFault(`login refused: ${shown(line)}`);
    await this.#conn.write(utf8(`${utf8(`\0${user}\0${password}`).toBase64()}\r\n`));
    await this.end(tag, () => {}, "login");
  }

  /** Runs a command to its end; `each` gets its untagged responses, literals in them as quoted strings. Throws ImapFault when it is refused. */
  async run(command: string, each: (line: string) => void = () => {}, name = command): Promise<void> {
    await this.end(await this.send(command), each, name);
  }

  /** Sends a command without waiting; gives its tag. */
  async send(command: string): Promise<string> {
    const tag = `r${++this.#tag}`;
    await this.#conn.write(utf8(`${tag} ${command}\r\n`));
    return tag;
  }

  /** Waits for the end of a command. */
  async end(tag: string, each: (line: string) => void, name: string): Promise<void> {
    for (;;) {
      const line = await this.#response();
      if (this.#ends(line, tag, name)) return;
      each(line);
    }
  }

  /**
   * The body that the command with this tag, `UID FETCH n (UID BODY.PEEK[])`, brings: chunks as they come in, read to the end. Nothing
   * where the message is gone. All of the command's answer is taken when it ends; another message's body in it is passed over.
   */
  async *body(tag: string, uid: number): AsyncGenerator<Uint8Array> {
    for (;;) {
      const line = await this.#line();
      const size = /^\* \d+ FETCH \(.*\bBODY\[\] (?:\{(\d{1,10})\}|("")|NIL\b)/i.exec(line);
      if (size?.[1] !== undefined) {
        const named = /\bUID (\d{1,10})\b/i.exec(line.slice(0, size.index + size[0].length))?.[1];
        const ours = named === undefined || Number(named) === uid;
        for await (const chunk of this.#literal(Number(size[1]))) if (ours) yield chunk;
        await this.#rest(await this.#line());
      } else {
        const whole = await this.#rest(line);
        if (this.#ends(whole, tag, "FETCH")) return;
      }
    }
  }

  async close(): Promise<void> {
    try {
      await this.#conn.write(utf8("bye LOGOUT\r\n"));
    } finally {
      await this.#conn.close();
    }
  }

  #ends(line: string, tag: string, name: string): boolean {
    if (/^\* BYE\b/i.test(line)) throw new ImapFault(`the server ends the connection: ${shown(line)}`);
    if (!line.startsWith(`${tag} `)) return false;
    if (/^\S+ OK\b/i.test(line)) return true;
    throw new ImapFault(`${name.split(" ")[0]} refused: ${shown(line.slice(tag.length + 1))}`);
  }

  /** A whole response; literals become quoted strings. */
  async #response(): Promise<string> {
    return await this.#rest(await this.#line());
  }

  /** The rest of a response that begins with `line`. */
  async #rest(line: string): Promise<string> {
    let whole = line;
    for (let n = 0; n < LINES; n++) {
      const literal = /\{(\d{1,10})\}$/.exec(whole);
      if (!literal) return whole;
      const size = Number(literal[1]);
      if (size + whole.length > IMAP_LITERAL) {
        throw new ImapFault("the server sends too much where a name is expected");
      }
      const chunks: Uint8Array[] = [];
      for await (const chunk of this.#literal(size)) chunks.push(chunk.slice());
      whole = whole.slice(0, literal.index) + quoted(fromUtf8(concat(chunks))) + await this.#line();
    }
    throw new ImapFault("the server's answer has no end");
  }

  async #line(): Promise<string> {
    const line = await this.#reader.readLine(IMAP_LINE);
    if (line.kind === "end") throw new ImapFault("the server has ended the connection");
    if (line.kind === "long") throw new ImapFault("the server sends a line without end");
    return fromUtf8(line.bytes);
  }

  async *#literal(size: number): AsyncGenerator<Uint8Array> {
    for (let left = size; left > 0;) {
      const chunk = await this.#reader.readChunk(Math.min(left, CHUNK));
      if (!chunk) throw new ImapFault("the server has ended the connection");
      left -= chunk.length;
      yield chunk;
    }
  }
}

/** A quoted string. Line ends and NUL, which it cannot have, become spaces. */
export function quoted(text: string): string {
  // deno-lint-ignore no-control-regex
  return `"${text.replace(/[\r\n\u0000]/g, " ").replace(/["\\]/g, "\\$&")}"`;
}

/** What a server says, fit to be shown. */
function shown(line: string): string {
  return line.replace(/\p{Cc}/gu, "?").slice(0, 200);
}
