/**
 * A listening socket that goes on accepting. Deno's stops for ever, without a word, when the process has no file descriptor left for a
 * connection; only closing it and listening anew helps. So we knock at our own door now and then: who is not let in within some seconds
 * opens a new one. Those who waited at the old door are turned away, as they were before.
 */
import net from "node:net";
import { LISTEN_KNOCK_WAIT } from "../base/limits.ts";

const BACKLOG = 1024;

export interface AcceptingOptions {
  readonly address: string;
  readonly port: number;
  /** Takes over a connection. */
  accept(socket: net.Socket): void;
  /** The socket was stuck and has been opened anew, or could not be (then it is tried again). */
  revived(fault: string | null): void;
  /** Milliseconds between two knocks. */
  readonly every: number;
}

interface Knock {
  /** The port it comes from, once that is known; 0 when it came to nothing. */
  readonly port: Promise<number>;
  readonly letIn: () => void;
}

export class Accepting {
  readonly #options: AcceptingOptions;
  #server: net.Server | null = null;
  #at: net.AddressInfo | null = null;
  /** Our own knock that was not let in yet. */
  #knock: Knock | null = null;
  #timer: ReturnType<typeof setTimeout> | null = null;
  #closed = false;

  private constructor(options: AcceptingOptions) {
    this.#options = options;
  }

  /** Rejects with the system's error when it cannot listen. */
  static async open(options: AcceptingOptions): Promise<Accepting> {
    const accepting = new Accepting(options);
    await accepting.#listen(options.port);
    accepting.#arm();
    return accepting;
  }

  get address(): string {
    return this.#at?.address ?? this.#options.address;
  }

  get port(): number {
    return this.#at?.port ?? this.#options.port;
  }

  get accepting(): boolean {
    return this.#server !== null;
  }

  /** Whether a connection of our own is let in; see `#letIn`. */
  async answers(): Promise<boolean> {
    return this.#knock !== null || await this.#letIn();
  }

  /** Stops accepting; open connections go on. Resolves when the last of them is closed. */
  close(): Promise<void> {
    this.#closed = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    const server = this.#server;
    return new Promise((resolve) => server ? server.close(() => resolve()) : resolve());
  }

  async #listen(port: number): Promise<void> {
    const server = net.createServer({ allowHalfOpen: true }, (socket) => void this.#take(socket));
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen({ host: this.#options.address, port, backlog: BACKLOG }, () => {
        server.removeListener("error", reject);
        resolve();
      });
    });
    this.#server = server;
    const at = server.address();
    if (typeof at === "object") this.#at = at;
  }

  async #take(socket: net.Socket): Promise<void> {
    const knock = this.#knock;
    if (!knock || await knock.port !== socket.remotePort) return this.#options.accept(socket);
    socket.on("error", () => {});
    socket.destroy();
    knock.letIn();
  }

  #arm(): void {
    if (this.#closed) return;
    const timer = setTimeout(() => void this.#look(), this.#options.every);
    Deno.unrefTimer(timer);
    this.#timer = timer;
  }

  async #look(): Promise<void> {
    if (!await this.#letIn() && !this.#closed) await this.#revive();
    this.#arm();
  }

  /** Whether a connection of our own is let in. True, too, when none could be made: without a descriptor nobody can be helped yet. */
  async #letIn(): Promise<boolean> {
    if (!this.#server) return false;
    const letIn = Promise.withResolvers<boolean>();
    const port = Promise.withResolvers<number>();
    const socket = net.connect({ host: reachable(this.address), port: this.port });
    const timer = setTimeout(() => letIn.resolve(false), LISTEN_KNOCK_WAIT);
    socket.on("error", () => letIn.resolve(true));
    socket.once("connect", () => port.resolve(socket.localPort ?? 0));
    this.#knock = { port: port.promise, letIn: () => letIn.resolve(true) };
    try {
      return await letIn.promise;
    } finally {
      clearTimeout(timer);
      this.#knock = null;
      port.resolve(0);
      socket.destroy();
    }
  }

  async #revive(): Promise<void> {
    const { port } = this;
    this.#server?.close();
    this.#server = null;
    try {
      await this.#listen(port);
      this.#options.revived(null);
    } catch (e) {
      this.#options.revived(String(e));
    }
  }
}

/** Where we reach a socket that listens everywhere. */
function reachable(address: string): string {
  return address === "0.0.0.0" ? "127.0.0.1" : address === "::" ? "::1" : address;
}
