/**
 * HTTP/1.1 over one connection: reads requests one after the other, hands them to the app, writes what it answers. Invariants:
 * - Every wait has a bound: for a whole head, for a whole body, for the client to take the answer. Nobody holds a connection by dripping.
 * - A request that is not understood ends the connection: nothing after it can be taken for another.
 */
import { utf8 } from "../base/bytes.ts";
import type { Clock } from "../base/clock.ts";
import {
  HTTP_BODY_TIME,
  HTTP_DRAIN,
  HTTP_FIELDS,
  HTTP_HEAD,
  HTTP_HEAD_TIME,
  HTTP_LINE,
  HTTP_REQUESTS,
  STATUS_BODY,
} from "../base/limits.ts";
import { err, type Result } from "../base/result.ts";
import { ByteReader } from "../wire/byte_reader.ts";
import { type Conn, ConnectionLost } from "../wire/conn.ts";
import type { RequestFacts } from "./http.ts";
import { type HeadFault, parseHead, type RequestHead } from "./http_head.ts";

/** The app as a function. */
export type HttpHandler = (request: Request, facts: RequestFacts) => Response | Promise<Response>;

export interface HttpPorts {
  readonly clock: Clock;
  /** Ends connections that wait for a request; those that are answered end after it. */
  readonly stopping: AbortSignal;
  /** An exception that was not foreseen, for the log. */
  failed(error: unknown): void;
}

const REASONS: Readonly<Record<number, string>> = {
  200: "OK",
  303: "See Other",
  307: "Temporary Redirect",
  400: "Bad Request",
  401: "Unauthorized",
  403: "Forbidden",
  404: "Not Found",
  409: "Conflict",
  411: "Length Required",
  413: "Content Too Large",
  417: "Expectation Failed",
  421: "Misdirected Request",
  422: "Unprocessable Content",
  431: "Request Header Fields Too Large",
  500: "Internal Server Error",
  501: "Not Implemented",
  503: "Service Unavailable",
  505: "HTTP Version Not Supported",
};

/** Serves one connection to its end. Never rejects. */
export async function serveHttp(conn: Conn, handler: HttpHandler, ports: HttpPorts): Promise<void> {
  try {
    await new HttpConnection(conn, handler, ports).serve();
    await conn.close();
  } catch (e) {
    if (!(e instanceof ConnectionLost)) ports.failed(e);
    conn.destroy();
  }
}

class HttpConnection {
  readonly #conn: Conn;
  readonly #reader: ByteReader;
  readonly #handler: HttpHandler;
  readonly #ports: HttpPorts;

  constructor(conn: Conn, handler: HttpHandler, ports: HttpPorts) {
    this.#conn = conn;
    this.#reader = new ByteReader(conn);
    this.#handler = handler;
    this.#ports = ports;
  }

  async serve(): Promise<void> {
    for (let i = 0; i < HTTP_REQUESTS && !this.#ports.stopping.aborted; i++) {
      const head = await this.#head();
      if (head === null) return;
      if (!head.ok) return await this.#refuse(head.error);
      if (!await this.#answer(head.value)) return;
    }
  }

  /** The next head; null when the client has gone, or the server stops. */
  async #head(): Promise<Result<RequestHead, HeadFault | 431> | null> {
    const { clock, stopping } = this.#ports;
    const hangUp = () => this.#conn.destroy();
    const late = clock.after(HTTP_HEAD_TIME, hangUp);
    stopping.addEventListener("abort", hangUp, { once: true });
    this.#conn.setIdle(HTTP_HEAD_TIME);
    try {
      const lines: string[] = [];
      let octets = 0;
      for (;;) {
        const line = await this.#reader.readLine(HTTP_LINE);
        if (line.kind === "end") return null;
        if (line.kind === "long") return err(431);
        if (line.kind === "bare") return err(400);
        // RFC 9112 2.2: an empty line before a request is passed over.
        if (line.bytes.length === 0 && lines.length === 0) continue;
        if (line.bytes.length === 0) return parseHead(lines[0] ?? "", lines.slice(1), STATUS_BODY);
        octets += line.bytes.length;
        if (lines.length > HTTP_FIELDS || octets > HTTP_HEAD) return err(431);
        lines.push(latin1(line.bytes));
      }
    } finally {
      late();
      stopping.removeEventListener("abort", hangUp);
    }
  }

  /** Answers a request; false when the connection is to end. */
  async #answer(head: RequestHead): Promise<boolean> {
    const body = new RequestBody(this.#conn, this.#reader, head, this.#ports.clock);
    try {
      const secure = this.#conn.tls !== null;
      const request = requestOf(head, body, secure ? "https" : "http");
      if (!request) {
        await this.#refuse(400);
        return false;
      }
      const facts = {
        remoteAddress: this.#conn.remote.address,
        now: this.#ports.clock.now(),
        secure,
        old: head.old,
        gone: () => this.#conn.ended,
      };
      const response = await this.#handler(request, facts);
      const goesOn = head.keepAlive && body.left <= HTTP_DRAIN && !this.#ports.stopping.aborted &&
        !(head.expects && !body.begun);
      const chunked = await this.#write(head, response, goesOn);
      if (!goesOn || (chunked && head.old)) return false;
      return await body.drain();
    } finally {
      body.end();
    }
  }

  /** Writes an answer; true where it came in pieces. */
  async #write(head: RequestHead, response: Response, goesOn: boolean): Promise<boolean> {
    const isStream = response.headers.get("content-type") === "text/event-stream" && response.body !== null;
    if (!isStream) {
      const octets = new Uint8Array(await response.arrayBuffer());
      const start = headText(
        response,
        goesOn,
        `content-length: ${octets.length}\r\n`,
        this.#ports.clock.now(),
      );
      await this.#conn.write(utf8(start));
      if (octets.length > 0 && head.method !== "HEAD") await this.#conn.write(octets);
      return false;
    }
    try {
      await this.#stream(head, response, goesOn);
    } finally {
      // Whoever makes it must know that nobody reads on; where it has ended that changes nothing.
      if (response.body?.locked === false) await response.body.cancel();
    }
    return true;
  }

  async #stream(head: RequestHead, response: Response, goesOn: boolean): Promise<void> {
    const framing = head.old ? "" : "transfer-encoding: chunked\r\n";
    const start = headText(response, goesOn && !head.old, framing, this.#ports.clock.now());
    await this.#conn.write(utf8(start));
    for await (const chunk of response.body ?? []) {
      if (this.#conn.ended) throw new ConnectionLost("closed");
      if (!head.old) await this.#conn.write(utf8(`${chunk.length.toString(16)}\r\n`));
      await this.#conn.write(chunk);
      if (!head.old) await this.#conn.write(utf8("\r\n"));
    }
    if (!head.old) await this.#conn.write(utf8("0\r\n\r\n"));
  }

  async #refuse(status: HeadFault | 431): Promise<void> {
    const response = new Response(`${status} ${REASONS[status]}\n`, { status });
    const head: RequestHead = {
      method: "GET",
      target: "/",
      headers: [],
      length: 0,
      keepAlive: false,
      expects: false,
      old: true,
    };
    await this.#write(head, response, false);
  }
}

/** The body of a request, read as it is wanted. */
class RequestBody {
  readonly stream: ReadableStream<Uint8Array> | null;
  /** Octets not read yet. */
  left: number;
  begun = false;
  readonly #conn: Conn;
  readonly #reader: ByteReader;
  readonly #expects: boolean;
  readonly #cancel: () => void;

  constructor(conn: Conn, reader: ByteReader, head: RequestHead, clock: Clock) {
    this.#conn = conn;
    this.#reader = reader;
    this.#expects = head.expects;
    this.left = head.length;
    this.#cancel = head.length > 0
      ? clock.after(HTTP_BODY_TIME, () => this.left > 0 && conn.destroy())
      : () => {};
    this.stream = head.length === 0 ? null : new ReadableStream({
      pull: async (controller) => {
        const chunk = await this.#next();
        if (chunk) controller.enqueue(chunk);
        else controller.close();
      },
    }, { highWaterMark: 0 });
  }

  async #next(): Promise<Uint8Array | null> {
    if (this.left === 0) return null;
    // RFC 9110 10.1.1
    if (!this.begun && this.#expects) await this.#conn.write(utf8("HTTP/1.1 100 Continue\r\n\r\n"));
    this.begun = true;
    const chunk = await this.#reader.readChunk(this.left);
    if (!chunk) throw new ConnectionLost("closed");
    this.left -= chunk.length;
    return chunk.slice();
  }

  /** Reads what nobody wanted; false when the client has gone. */
  async drain(): Promise<boolean> {
    while (this.left > 0) {
      const chunk = await this.#reader.readChunk(this.left);
      if (!chunk) return false;
      this.left -= chunk.length;
    }
    return true;
  }

  end(): void {
    this.#cancel();
  }
}

function requestOf(head: RequestHead, body: RequestBody, scheme: "http" | "https"): Request | null {
  const host = head.headers.find(([name]) => name === "host")?.[1] ?? "localhost";
  // The URL class takes dots out of paths, encoded ones too: what the app sees has none.
  const url = URL.parse(`${scheme}://${host}${head.target}`);
  if (!url) return null;
  const headers = new Headers();
  for (const [name, value] of head.headers) headers.append(name, value);
  const takesBody = head.method !== "GET" && head.method !== "HEAD";
  return new Request(url, {
    method: head.method,
    headers,
    ...(takesBody && body.stream ? { body: body.stream } : {}),
  });
}

function headText(response: Response, goesOn: boolean, framing: string, now: number): string {
  const { status } = response;
  let text = `HTTP/1.1 ${status} ${REASONS[status] ?? "-"}\r\ndate: ${new Date(now).toUTCString()}\r\n`;
  for (const [name, value] of response.headers) {
    if (!/^(content-length|transfer-encoding|connection|date)$/.test(name)) text += `${name}: ${value}\r\n`;
  }
  return `${text}${framing}connection: ${goesOn ? "keep-alive" : "close"}\r\n\r\n`;
}

/** Each octet as a character, which is how header values are held. */
function latin1(bytes: Uint8Array): string {
  let text = "";
  for (const b of bytes) text += String.fromCharCode(b);
  return text;
}
