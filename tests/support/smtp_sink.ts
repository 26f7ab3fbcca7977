/** A host that takes all mail as fast as it comes, and remembers of each message a line of its choice: for what npm's server is too slow. */

/** Waits for a command, a message's end, or nothing any more. */
type Phase = "command" | "data";

const REPLIES: Readonly<Record<string, string>> = {
  EHLO: "250-sink\r\n250-PIPELINING\r\n250 8BITMIME\r\n",
  DATA: "354 Go on\r\n",
  QUIT: "221 Bye\r\n",
};

export class SmtpSink implements AsyncDisposable {
  /** What `subject` of each message was, in the order of arrival. */
  readonly subjects: string[] = [];
  readonly #listener: Deno.TcpListener;
  readonly #open = new Set<Deno.TcpConn>();
  readonly #done: Promise<void>;
  #wake: (() => void)[] = [];

  constructor(port = 0) {
    this.#listener = Deno.listen({ hostname: "127.0.0.1", port });
    this.#done = this.#accept();
  }

  get port(): number {
    return this.#listener.addr.port;
  }

  /** Resolves once `n` messages have arrived. */
  async until(n: number): Promise<void> {
    while (this.subjects.length < n) await new Promise<void>((wake) => this.#wake.push(wake));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    for (const conn of this.#open) conn.close();
    await this.#done;
  }

  async #accept(): Promise<void> {
    const sessions: Promise<void>[] = [];
    try {
      for await (const conn of this.#listener) {
        this.#open.add(conn);
        sessions.push(this.#serve(conn).catch(() => {}).finally(() => this.#close(conn)));
      }
    } finally {
      await Promise.all(sessions);
    }
  }

  #close(conn: Deno.TcpConn): void {
    if (!this.#open.delete(conn)) return;
    try {
      conn.close();
    } catch {
      // the whole sink was closed before
    }
  }

  async #serve(conn: Deno.TcpConn): Promise<void> {
    const say = async (text: string) => {
      for (let bytes = new TextEncoder().encode(text); bytes.length > 0;) {
        bytes = bytes.subarray(await conn.write(bytes));
      }
    };
    await say("220 sink\r\n");
    const decoder = new TextDecoder();
    const chunk = new Uint8Array(64 * 1024);
    let input = "";
    let phase: Phase = "command";
    for (let n = await conn.read(chunk); n !== null; n = await conn.read(chunk)) {
      input += decoder.decode(chunk.subarray(0, n), { stream: true });
      let answers = "";
      for (;;) {
        const end = phase === "data" ? input.indexOf("\r\n.\r\n") : input.indexOf("\r\n");
        if (end < 0) break;
        const text = input.slice(0, end);
        input = input.slice(end + (phase === "data" ? 5 : 2));
        if (phase === "data") {
          this.subjects.push(/^Subject: (.*)$/m.exec(text)?.[1]?.trim() ?? "");
          answers += "250 Taken\r\n";
          phase = "command";
          for (const wake of this.#wake.splice(0)) wake();
          continue;
        }
        const verb = text.slice(0, 4).toUpperCase();
        answers += REPLIES[verb] ?? "250 OK\r\n";
        if (verb === "DATA") phase = "data";
      }
      if (answers) await say(answers);
    }
  }
}
