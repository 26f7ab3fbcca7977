/** An IMAP server on a `ScriptConn`, over the store in memory: for dialogs and tests of the session. */
import type { Authenticator, LoginOutcome } from "../../mod/account/directory.ts";
import type { ImapConfig, ImapPorts } from "../../mod/imap/ports.ts";
import { serveImap } from "../../mod/imap/serve.ts";
import { concat, CRLF, utf8 } from "../../mod/base/bytes.ts";
import type { MailIndex } from "../../mod/store/mail_index.ts";
import type { Sharing } from "../../mod/store/sharing.ts";
import type { Store } from "../../mod/store/store.ts";
import type { Compression } from "../../mod/wire/compressed_conn.ts";
import { FakeClock } from "./fake_clock.ts";
import { MemoryLog } from "./memory_log.ts";
import { MemStore } from "./mem_store.ts";
import { ScriptConn } from "./script_conn.ts";
import { SeededRandom } from "./seeded_random.ts";

export const ALICE = "alice@example.test";
export const BOB = "bob@example.test";
const PASSWORD = "secret";

/** Knows alice and bob, password "secret". "throttled", "broken" and "bug" as names bring about what they say. */
export class FakeAuthenticator implements Authenticator {
  password(login: string, password: string): Promise<LoginOutcome> {
    if (login === "throttled") return Promise.resolve({ kind: "throttled" });
    if (login === "broken") return Promise.resolve({ kind: "temp", why: "file is broken" });
    if (login === "bug") return Promise.reject(new TypeError("Cannot happen"));
    const account = [ALICE, BOB].find((a) => login === a || a.startsWith(`${login}@`));
    const known = account !== undefined && password === PASSWORD;
    return Promise.resolve(known ? { kind: "ok", account } : { kind: "refused" });
  }
}

export interface ImapServerOptions {
  readonly store?: Store;
  readonly config?: Partial<ImapConfig>;
  /** The client is on loopback, in the clear. Default true. */
  readonly loopback?: boolean;
  readonly tls?: boolean;
  readonly index?: MailIndex;
  readonly sharing?: Sharing;
  readonly compression?: () => Promise<Compression>;
}

export interface ImapServer {
  readonly store: Store;
  readonly clock: FakeClock;
  readonly log: MemoryLog;
  readonly ports: ImapPorts;
  readonly stop: AbortController;
  /** Tells all sessions to stop, and resolves when they have: nobody touches the store or the index any more. */
  end(): Promise<void>;
  /** A new connection and the end of its service. */
  connect(options?: Pick<ImapServerOptions, "loopback" | "tls">): { conn: ScriptConn; done: Promise<void> };
}

export function imapServer(options: ImapServerOptions = {}): ImapServer {
  const clock = new FakeClock();
  const store = options.store ?? new MemStore(".", () => clock.now());
  const log = new MemoryLog();
  const stop = new AbortController();
  const ports: ImapPorts = {
    config: {
      hostname: "mail.example.test",
      cleartext: "loopback",
      tls: true,
      version: "1.2.3",
      messageSize: 1_000_000,
      ...options.config,
    },
    store,
    authenticator: new FakeAuthenticator(),
    clock,
    random: new SeededRandom(7),
    log,
    pause: () => Promise.resolve(),
    stopping: stop.signal,
    ...(options.index ? { index: options.index } : {}),
    ...(options.sharing ? { sharing: options.sharing } : {}),
    ...(options.compression ? { compression: options.compression } : {}),
  };
  const sessions: Promise<void>[] = [];
  return {
    store,
    clock,
    log,
    ports,
    stop,
    end: async () => {
      stop.abort();
      await Promise.all(sessions);
    },
    connect: (own = {}) => {
      const loopback = own.loopback ?? options.loopback ?? true;
      const tls = own.tls ?? options.tls ?? false;
      const conn = new ScriptConn(
        { address: loopback ? "127.0.0.1" : "192.0.2.1", port: 40000 },
        tls ? { protocol: "TLSv1.3", cipher: "TLS_AES_128_GCM_SHA256", serverName: null } : null,
      );
      const done = serveImap(conn, ports);
      sessions.push(done);
      return { conn, done };
    },
  };
}

/** Sends commands one by one and gives their answers; each must end with a tagged reply. */
export class ImapClient {
  readonly conn: ScriptConn;
  readonly #next: () => string;

  constructor(conn: ScriptConn) {
    this.conn = conn;
    let tag = 0;
    this.#next = () => `t${++tag}`;
  }

  /** Logs in, as alice or `user`, and selects a mailbox, if one is named. */
  static async loggedIn(server: ImapServer, mailbox?: string, user = ALICE): Promise<ImapClient> {
    const client = new ImapClient(server.connect().conn);
    await client.ok(`LOGIN ${user} ${PASSWORD}`);
    if (mailbox !== undefined) await client.ok(`SELECT ${mailbox}`);
    return client;
  }

  /** All lines of the answer; the last is the tagged reply without its tag. What was written before is forgotten. */
  async run(command: string | Uint8Array): Promise<string[]> {
    const tag = this.#next();
    this.conn.written.length = 0;
    this.conn.feed(concat([utf8(`${tag} `), typeof command === "string" ? utf8(command) : command, CRLF]));
    for (let output = "";; output = await this.conn.until("\r\n", output.length)) {
      const at = output.startsWith(`${tag} `) ? 0 : output.indexOf(`\r\n${tag} `) + 2;
      if (at === 1 || !output.startsWith(tag, at)) continue;
      const untagged = output.slice(0, at).split("\r\n").slice(0, -1);
      return [...untagged, output.slice(at + tag.length + 1).replace(/\r\n$/, "")];
    }
  }

  /** As `run`; fails unless the reply is OK. */
  async ok(command: string | Uint8Array): Promise<string[]> {
    const lines = await this.run(command);
    const reply = lines[lines.length - 1] ?? "";
    if (!reply.startsWith("OK")) throw new Error(`${command}: ${lines.join("\n")}`);
    return lines;
  }

  /** Puts a message into a mailbox. */
  async append(mailbox: string, text: string, flags = "()"): Promise<string[]> {
    return await this.ok(`APPEND ${mailbox} ${flags} {${utf8(text).length}+}\r\n${text}`);
  }
}
