/**
 * What an SMTP session is handed. It decides nothing about who may send what to whom: `Policy` does, and answers with `null` (go on)
 * or with the reply that refuses. Answers may be given at once or later; the session waits without blocking others.
 */
import type { AccountId, Authenticator } from "../account/directory.ts";
import type { BlockPool } from "../base/block_pool.ts";
import type { Body } from "../base/body.ts";
import type { Clock } from "../base/clock.ts";
import type { Log } from "../base/log.ts";
import type { Random } from "../base/random.ts";
import type { Address } from "../mail/address.ts";
import type { Endpoint, TlsInfo } from "../wire/conn.ts";
import type { MailParameters, RecipientParameters } from "./parameters.ts";
import type { Reply } from "./reply.ts";
import type { XclientRights } from "./xclient.ts";

/** smtp: port 25. submission: 587. submissions: 465, TLS from the first octet. lmtp: RFC 2033. */
export type ListenerKind = "smtp" | "submission" | "submissions" | "lmtp";

/** What becomes known of a client's host while the client talks. */
export interface Origin {
  /** The host's name, which leads back to its address; null: none, or not known (yet). */
  readonly name: string | null;
}

/** What is known of the client by now. A new object after each change. */
export interface Client {
  readonly listener: ListenerKind;
  readonly remote: Endpoint;
  readonly local: Endpoint;
  readonly tls: TlsInfo | null;
  /** The argument of EHLO, HELO or LHLO: printable ASCII without blanks; null before it. Nobody vouches for it. */
  readonly helo: string | null;
  /** Whether it greeted with EHLO or LHLO. */
  readonly extended: boolean;
  /** Whom it authenticated as, or null. */
  readonly account: AccountId | null;
  /** Absent or null where nobody asks. */
  readonly origin?: Origin | null;
}

/** One mail transaction, from MAIL on. */
export interface Transaction {
  /** ID in logs, traces and `Received:`; not guessable, sorts by time. */
  readonly id: string;
  readonly client: Client;
  /** null is the null reverse-path "<>". */
  readonly sender: Address | null;
  readonly mail: MailParameters;
  /** Those accepted so far, in order, as given (so there may be doubles). */
  readonly recipients: readonly Address[];
  /** What is wished for each of `recipients`, in step with them; none where there are no wishes at all. */
  readonly wishes?: readonly RecipientParameters[];
  /** FUTURERELEASE (RFC 4865): not to be sent before, in milliseconds since 1970. */
  readonly holdUntil?: number;
  /** DELIVERBY (RFC 2852): `at` in milliseconds since 1970. */
  readonly deliverBy?: { readonly at: number; readonly mode: "return" | "notify"; readonly trace?: true };
  /** MT-PRIORITY (RFC 6710) as granted, -9 to 9. */
  readonly priority?: number;
}

/** null: go on. A reply of 400 and up: refuse with it; at connect and HELO 421 and 554 also end the connection. */
export type Verdict = Reply | null;

/** ETRN (RFC 1985): hosts that are not always there say that they are. */
export interface Turns {
  permits(client: Client): boolean;
  /** Sends now what waits for a domain, `below`: and for all under it. Gives how many messages that are. */
  start(domain: string, below: boolean): number;
}

export interface Policy {
  /** Not offered unless given. */
  readonly turns?: Turns | undefined;
  connect(client: Client): Verdict | Promise<Verdict>;
  /** Begins to find out about a client that may connect; null where nothing is asked. Holds up nobody. */
  origin?(client: Client): Origin | null;
  /** Milliseconds before the greeting in which the client must be silent; null: it may talk when it likes. */
  silence?(client: Client): number | null;
  /** Milliseconds by which the `refusals`-th refusal of a connection is held back. */
  holdBack?(client: Client, refusals: number): number;
  helo(client: Client): Verdict | Promise<Verdict>;
  /** `transaction` has no recipients yet. */
  mail(transaction: Transaction): Verdict | Promise<Verdict>;
  /** `recipient` is not yet in `transaction.recipients`. A bare `<postmaster>` has the domain "". */
  rcpt(transaction: Transaction, recipient: Address): Verdict | Promise<Verdict>;
}

/** What became of a message. */
export interface ReceiveOutcome {
  /** Answer to the end of DATA. 250 only when everything is on the medium. */
  readonly reply: Reply;
  /** LMTP: the answer for each recipient of the transaction, in order (RFC 2033 4.2); else null. */
  readonly each: readonly Reply[] | null;
}

/** Sees a message's octets as they come, without dot-stuffing. */
export interface Tap {
  /** The view is only good during the call. false: no more are wanted. */
  write(view: Uint8Array): boolean;
}

export interface Receiver {
  /** A message is about to come, for the transaction's recipients; null: nobody wants to see it before it is whole. */
  begin?(transaction: Transaction): Tap | null | Promise<Tap | null>;
  /**
   * Takes over a message whole. The body may be read until the promise settles; the session disposes of it then. Throws FsError
   * "full" or "read-only" (the client is told 452), or anything else (451), if nothing of it was kept.
   */
  receive(transaction: Transaction, body: Body): Promise<ReceiveOutcome>;
}

/** A spool file being written. Not synced: until the reply nobody relies on it. */
export interface SpoolWriter {
  /** `bytes` may be changed once it resolves. Throws FsError. */
  write(bytes: Uint8Array): Promise<void>;
  /** What was written, as a body; its `dispose` removes the file. */
  finish(): Promise<Body>;
  /** Removes the file. Never throws; harmless when called twice or after `finish`. */
  abort(): Promise<void>;
}

/** Where messages go that are too large to hold in memory. */
export interface Spooler {
  /** Throws FsError. */
  start(): Promise<SpoolWriter>;
}

/** Fixed facts of one listener. */
export interface SmtpSettings {
  readonly listener: ListenerKind;
  /** Our name, in the greeting and in `Received:`. */
  readonly hostname: string;
  /** Octets of the largest message. */
  readonly messageSize: number;
  /** Recipients of one message. */
  readonly recipients: number;
  /** Octets of a message held in memory while `SmtpPorts.bodies` has room; larger ones are spooled. */
  readonly bodyInMemory: number;
  /** AUTH without TLS for peers on loopback (`auth.cleartext: loopback`). */
  readonly cleartextLoopback: boolean;
  /** Whether port 25 offers AUTH too. */
  readonly authOnSmtp: boolean;
  /** Who the client is by its address alone, before any login and after STARTTLS too: an old device. */
  readonly account?: AccountId;
  /** What this peer may do by XCLIENT, as a trusted front; absent: nothing, the command is unknown. */
  readonly xclient?: XclientRights;
  /** Whether STARTTLS can be offered now: there is a certificate. */
  startTlsAvailable(): boolean;
}

export interface SmtpPorts {
  readonly policy: Policy;
  readonly receiver: Receiver;
  readonly authenticator: Authenticator;
  readonly spooler: Spooler;
  /** Memory for messages that arrive, of all connections together. */
  readonly bodies: BlockPool;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** Told how long, in milliseconds, replies took: to a command, and to a message from its last octet on. */
  readonly timed?: { smtpCommand(ms: number): void; smtpMessage(ms: number): void };
}
