/** An SMTP server on a `ScriptConn`, with ports that remember. Users alice and bob at example.test, password "secret". */
import { BlockPool } from "../../mod/base/block_pool.ts";
import type { LoginOutcome } from "../../mod/account/directory.ts";
import { type Body, memoryBody } from "../../mod/base/body.ts";
import { concat, fromUtf8 } from "../../mod/base/bytes.ts";
import type { Address } from "../../mod/mail/address.ts";
import type {
  ListenerKind,
  ReceiveOutcome,
  SmtpPorts,
  SmtpSettings,
  Transaction,
} from "../../mod/smtp/ports.ts";
import { queuedAs, REPLY, reply } from "../../mod/smtp/reply.ts";
import { serveSmtp } from "../../mod/smtp/serve.ts";
import { FakeClock } from "../support/fake_clock.ts";
import { MemoryLog } from "../support/memory_log.ts";
import { ScriptConn } from "../support/script_conn.ts";
import { SeededRandom } from "../support/seeded_random.ts";

export interface Received {
  readonly transaction: Transaction;
  readonly text: string;
}

const TLS = { protocol: "TLSv1.3", cipher: "TLS_AES_128_GCM_SHA256", serverName: null };

export interface RigOptions {
  readonly listener?: ListenerKind;
  readonly tls?: boolean;
  readonly remote?: string;
  readonly settings?: Partial<SmtpSettings>;
  readonly ports?: Partial<SmtpPorts>;
}

export class Rig {
  readonly clock = new FakeClock();
  readonly log = new MemoryLog();
  readonly received: Received[] = [];
  readonly logins: string[] = [];
  readonly stop = new AbortController();
  readonly conn: ScriptConn;
  readonly settings: SmtpSettings;
  readonly ports: SmtpPorts;
  /** Spool files that were not given back. */
  spooled = 0;

  constructor(options: RigOptions = {}) {
    const tls = options.tls ?? options.listener === "submissions";
    this.conn = new ScriptConn({ address: options.remote ?? "192.0.2.1", port: 40000 }, tls ? TLS : null);
    this.settings = {
      listener: options.listener ?? "smtp",
      hostname: "mx.example.test",
      messageSize: 1_000_000,
      recipients: 5,
      bodyInMemory: 100_000,
      cleartextLoopback: false,
      authOnSmtp: false,
      startTlsAvailable: () => true,
      ...options.settings,
    };
    this.ports = {
      policy: {
        connect: (c) => c.remote.address === "203.0.113.9" ? REPLY.tooManyConnections : null,
        helo: (c) =>
          c.helo === "bad.example" ? Promise.resolve(reply(550, "5.7.1", "Not with that name")) : null,
        mail: (t) => t.sender?.local === "refused" ? Promise.resolve(REPLY.senderNotYours) : null,
        rcpt: (t, to) => this.#rcpt(t, to),
        turns: {
          permits: (c) => c.account !== null || c.remote.address === "192.0.2.77",
          start: (domain, below) => domain === "busy.example" ? below ? 3 : 2 : 0,
        },
      },
      receiver: { receive: (t, b) => this.#receive(t, b) },
      authenticator: { password: (l, p) => this.#password(l, p) },
      spooler: { start: () => Promise.resolve(this.#spool()) },
      bodies: new BlockPool(1 << 20),
      clock: this.clock,
      random: new SeededRandom(),
      log: this.log,
      ...options.ports,
    };
  }

  /** Serves the connection; resolves when it is over. */
  serve(): Promise<void> {
    return serveSmtp(this.conn, this.settings, this.ports, this.stop.signal);
  }

  #rcpt(t: Transaction, to: Address) {
    if (to.local === "throws") throw new Error("policy broke");
    if (to.local === "later") return Promise.resolve(REPLY.recipientLater);
    if (to.domain === "") return null;
    if (to.domain !== "example.test") return t.client.account === null ? REPLY.relayDenied : null;
    return ["alice", "bob", "postmaster", "full", "broken", "dörte"].includes(to.local.toLowerCase())
      ? null
      : REPLY.unknownUser;
  }

  async #receive(transaction: Transaction, body: Body): Promise<ReceiveOutcome> {
    const chunks: Uint8Array[] = [];
    for await (const c of body.stream()) chunks.push(c.slice());
    const last = transaction.recipients.at(-1)?.local;
    if (last === "broken") throw new Error("disk on fire");
    this.received.push({ transaction, text: fromUtf8(concat(chunks)) });
    const done = queuedAs(`m${this.received.length}`);
    const each = transaction.recipients.map((r) => r.local === "full" ? REPLY.overQuota : done);
    return { reply: done, each: transaction.client.listener === "lmtp" ? each : null };
  }

  #password(login: string, password: string): Promise<LoginOutcome> {
    this.logins.push(login);
    if (login === "slow") return Promise.resolve({ kind: "throttled" });
    if (login === "temp") return Promise.resolve({ kind: "temp", why: "disk" });
    const ok = ["alice@example.test", "bob@example.test"].includes(login) && password === "secret";
    return Promise.resolve(ok ? { kind: "ok", account: login } : { kind: "refused" });
  }

  #spool() {
    const chunks: Uint8Array[] = [];
    let open = true;
    this.spooled++;
    const release = () => {
      if (open) this.spooled--;
      open = false;
      return Promise.resolve();
    };
    return {
      write: (bytes: Uint8Array) => {
        chunks.push(bytes.slice());
        return Promise.resolve();
      },
      finish: () => Promise.resolve({ ...memoryBody(...chunks), memory: null, dispose: release } as Body),
      abort: release,
    };
  }
}
