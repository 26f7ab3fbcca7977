/** The outside world for end-to-end tests: npm's smtp-server on loopback, which remembers what it acknowledged. */
import { SMTPServer } from "smtp-server";
import { fromUtf8 } from "../../mod/base/bytes.ts";

export interface Arrived {
  /** "" is the null reverse-path. */
  readonly from: string;
  readonly to: readonly string[];
  readonly tls: boolean;
  /** Where it came from, and the name in EHLO. */
  readonly client: string;
  readonly text: string;
  /** When it was whole, shortly before the acknowledgement, in milliseconds since 1970. */
  readonly at: number;
}

export interface OutsideOptions {
  /** 0 for any free one. */
  readonly port?: number;
  readonly startTls?: boolean;
  /** Milliseconds between a message and its acknowledgement. */
  readonly slowness?: number;
  /** What to say to a recipient instead of 250: a code and a text; asked each time. */
  readonly rcpt?: (address: string) => readonly [code: number, text: string] | null;
}

export class Outside implements AsyncDisposable {
  readonly arrived: Arrived[] = [];
  readonly #server: SMTPServer;
  #wake: (() => void)[] = [];
  #port = 0;

  private constructor(options: OutsideOptions) {
    this.#server = new SMTPServer({
      authOptional: true,
      disableReverseLookup: true,
      disabledCommands: options.startTls === false ? ["STARTTLS", "AUTH"] : ["AUTH"],
      onRcptTo({ address }, _session, callback) {
        const no = options.rcpt?.(address);
        callback(no ? Object.assign(new Error(no[1]), { responseCode: no[0] }) : null);
      },
      onData: (stream, session, callback) => {
        const chunks: string[] = [];
        stream.on("data", (chunk: Uint8Array) => chunks.push(fromUtf8(chunk)));
        stream.on("end", () => {
          const { mailFrom, rcptTo } = session.envelope;
          this.arrived.push({
            from: mailFrom ? mailFrom.address : "",
            to: rcptTo.map((r) => r.address),
            tls: session.secure,
            client: `${session.remoteAddress} ${session.hostNameAppearsAs}`,
            text: chunks.join(""),
            at: Date.now(),
          });
          if (options.slowness) setTimeout(callback, options.slowness);
          else callback();
          for (const wake of this.#wake.splice(0)) wake();
        });
      },
    });
    // Peers that are killed break their connections.
    this.#server.on("error", () => {});
  }

  static async start(options: OutsideOptions = {}): Promise<Outside> {
    const outside = new Outside(options);
    await new Promise<void>((listening) => {
      const server = outside.#server.listen(options.port ?? 0, "127.0.0.1", listening);
      server.on("listening", () => outside.#port = portOf(server.address()));
    });
    return outside;
  }

  get port(): number {
    return this.#port;
  }

  /** Resolves once `n` messages have arrived; rejects after a minute. */
  async until(n: number): Promise<readonly Arrived[]> {
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      for (const wake of this.#wake.splice(0)) wake();
    }, 60_000);
    while (this.arrived.length < n && !late) await new Promise<void>((wake) => this.#wake.push(wake));
    clearTimeout(timer);
    if (late) throw new Error(`${this.arrived.length} messages of ${n} arrived`);
    return this.arrived;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await new Promise<void>((closed) => this.#server.close(closed));
  }
}

function portOf(address: unknown): number {
  return typeof address === "object" && address !== null && "port" in address ? Number(address.port) : 0;
}
