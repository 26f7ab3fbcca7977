/** The other end of a rehearsed session: an SMTP client without a socket, which waits for each reply. */
import { fromUtf8, utf8 } from "../../base/bytes.ts";
import { type Conn, ConnectionLost, type Endpoint } from "../../wire/conn.ts";

/** What the client brings. */
export interface Letter {
  readonly helo: string;
  /** "" is the null sender. */
  readonly from: string;
  readonly to: readonly string[];
  /** With CRLF line ends, without dot-stuffing. */
  readonly message: Uint8Array;
  readonly eightBit: boolean;
}

/** A command and its answer. */
export interface Said {
  readonly command: string;
  readonly reply: string;
}

export class ClientConn implements Conn {
  readonly remote: Endpoint;
  readonly local: Endpoint = { address: "127.0.0.1", port: 25 };
  readonly tls: null = null;
  readonly said: Said[] = [];
  readonly #dialog: Generator<string | Uint8Array, void, string>;
  #last = "connect";
  #reply = "";
  #closed = false;

  constructor(address: string, letter: Letter) {
    this.remote = { address, port: 40_000 };
    this.#dialog = dialog(letter);
    this.#dialog.next("");
  }

  get ended(): boolean {
    return this.#closed;
  }

  setIdle(): void {}

  read(): Promise<Uint8Array | null> {
    if (this.#closed) return Promise.reject(new ConnectionLost("closed"));
    const reply = this.#reply.trimEnd();
    this.#reply = "";
    this.said.push({ command: this.#last, reply });
    const next = this.#dialog.next(reply);
    if (next.done) return Promise.resolve(null);
    this.#last = typeof next.value === "string" ? next.value : "message";
    return Promise.resolve(typeof next.value === "string" ? utf8(`${next.value}\r\n`) : next.value);
  }

  readNow(): Uint8Array | null {
    return null;
  }

  write(bytes: Uint8Array): Promise<void> {
    this.#reply += fromUtf8(bytes);
    return Promise.resolve();
  }

  startTls(): Promise<void> {
    return Promise.reject(new ConnectionLost("tls"));
  }

  close(): Promise<void> {
    this.#end();
    return Promise.resolve();
  }

  destroy(): void {
    this.#end();
  }

  #end(): void {
    if (!this.#closed && this.#reply !== "") {
      this.said.push({ command: this.#last, reply: this.#reply.trimEnd() });
    }
    this.#closed = true;
  }
}

/** Says one thing after the other; is handed each reply. */
function* dialog(
  { helo, from, to, message, eightBit }: Letter,
): Generator<string | Uint8Array, void, string> {
  const good = (reply: string) => /^[23]/.test(reply);
  if (!good(yield "")) return void (yield "QUIT");
  if (!good(yield `EHLO ${helo}`)) return void (yield "QUIT");
  const international = [from, ...to].some((a) => /[^\x20-\x7e]/.test(a));
  const body = `${eightBit ? " BODY=8BITMIME" : ""}${international ? " SMTPUTF8" : ""}`;
  if (!good(yield `MAIL FROM:<${from}> SIZE=${message.length}${body}`)) return void (yield "QUIT");
  let taken = false;
  for (const address of to) if (good(yield `RCPT TO:<${address}>`)) taken = true;
  if (taken && good(yield "DATA")) yield stuffed(message);
  yield "QUIT";
}

/** RFC 5321 4.5.2, with the end. */
function stuffed(message: Uint8Array): Uint8Array {
  let lineStart = true;
  const bytes = new Uint8Array(message.length * 2 + 5);
  let at = 0;
  for (const octet of message) {
    if (lineStart && octet === 0x2e) bytes[at++] = 0x2e;
    bytes[at++] = octet;
    lineStart = octet === 0x0a;
  }
  const end = lineStart ? ".\r\n" : "\r\n.\r\n";
  bytes.set(utf8(end), at);
  return bytes.subarray(0, at + end.length);
}
