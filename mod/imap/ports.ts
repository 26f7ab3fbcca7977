/** What an IMAP session is handed from outside. Made by app/build.ts; a reload makes new ones for new connections. */
import type { Authenticator } from "../account/directory.ts";
import type { Clock } from "../base/clock.ts";
import type { Log } from "../base/log.ts";
import type { Random } from "../base/random.ts";
import type { MailIndex } from "../store/mail_index.ts";
import type { Sharing } from "../store/sharing.ts";
import type { Store } from "../store/store.ts";
import type { BufferPool } from "../wire/buffer_pool.ts";
import type { Compression } from "../wire/compressed_conn.ts";

export interface ImapConfig {
  /** Our name, for the greeting. */
  readonly hostname: string;
  /** Whether passwords may travel without TLS: never, or from loopback only. */
  readonly cleartext: "never" | "loopback";
  /** Whether STARTTLS can be offered. */
  readonly tls: boolean;
  /** For ID. */
  readonly version: string;
  /** Largest message of an APPEND, in octets. */
  readonly messageSize: number;
  /** When texts of a mailbox are put into the full-text index: when it is opened (also when left out), once texts were searched in it, or never. */
  readonly searchIndex?: "opened" | "searched" | "never";
}

export interface ImapPorts {
  readonly config: ImapConfig;
  readonly store: Store;
  readonly authenticator: Authenticator;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** Resolves after everybody else on the event loop had a turn. */
  pause(): Promise<void>;
  /** What is remembered of messages; without it they are parsed again. */
  readonly index?: MailIndex;
  /** What accounts let each other do; without it each has its own mail alone. */
  readonly sharing?: Sharing;
  /** Arrays that answers are written into; without them each is made anew. */
  readonly buffers?: BufferPool;
  /** Makes what compresses a connection; without it compression is not offered. */
  readonly compression?: () => Promise<Compression>;
  /** Aborts when the server shuts down: sessions say BYE and end. */
  readonly stopping?: AbortSignal;
  /** Told how many milliseconds each command took. */
  readonly timed?: (ms: number) => void;
}
