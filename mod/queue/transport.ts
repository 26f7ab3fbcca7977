import type { Body } from "../base/body.ts";
import type { Address } from "../mail/address.ts";
import type { DeliverBy, QueuedArrival, RecipientOptions } from "./types.ts";

/**
 * The port through which the queue sends: one message to the recipients of one destination, one attempt.
 * The queue schedules (when, how many at once); the transport looks up, connects, speaks and tells what became of each recipient.
 */
export interface Transport {
  /**
   * Tries once. Gives one outcome for each of `batch.recipients`, in their order. Never throws: what is not foreseen is `deferred`.
   * After `signal` aborts it gives up soon, in the middle of a dialog too; who was not yet answered is deferred.
   */
  deliver(batch: Batch, signal: AbortSignal): Promise<readonly RecipientOutcome[]>;
  /** Somebody wants this destination tried now: its hosts are not left alone any longer. */
  forgive?(destination: string): void;
}

/** One message for one destination. */
export interface Batch {
  /** null is the null reverse-path. */
  readonly sender: Address | null;
  /** At least one; all with the same `destination`. */
  readonly recipients: readonly BatchRecipient[];
  /** What routes and MX records are looked up for: the recipients' domain, or an address literal with its brackets. */
  readonly destination: string;
  /** Read, perhaps several times, and left undisposed. */
  readonly body: Body;
  readonly eightBit: boolean;
  readonly smtpUtf8: boolean;
  /** DSN RET and ENVID (RFC 3461 4.3, 4.4). */
  readonly ret?: "full" | "headers";
  readonly envelopeId?: string;
  /** RFC 8689: as `Envelope` has them. */
  readonly requireTls?: true;
  readonly tlsOptional?: true;
  readonly priority?: number;
  readonly deliverBy?: DeliverBy;
  readonly arrival?: QueuedArrival;
  readonly traceId: string;
}

export interface BatchRecipient {
  readonly address: Address;
  readonly options?: RecipientOptions;
}

/** A reply of the peer, already cleaned: printable text without line ends, bounded in size. */
export interface PeerReply {
  /** 200 to 599. */
  readonly code: number;
  /** The enhanced status code it began with ("5.1.1"), or null. */
  readonly status: string | null;
  /** Its lines, without codes and enhanced codes; at least one, which may be "". */
  readonly lines: readonly string[];
}

/** What became of one recipient in one attempt. */
export type RecipientOutcome = Delivered | NotDelivered;

/** The next host has taken the responsibility (its 2xx after the final dot). */
export interface Delivered {
  readonly kind: "delivered";
  /** Host name, or address where there is no name. */
  readonly host: string;
  readonly reply: PeerReply;
  /** TLS protocol of the connection, null in the clear. */
  readonly tls: string | null;
  /** The peer offered DSN and was given this recipient's wishes: reports of success are its work now (RFC 3461 5.2.1). */
  readonly dsnPassedOn: boolean;
  /** The peer was given the time by which it is to be delivered (RFC 2852). */
  readonly byPassedOn?: boolean;
  /** What a report of success is to say (RFC 3464 2.3.3); "relayed" unless told. */
  readonly action?: "delivered" | "expanded";
}

/** `deferred`: try again later. `failed`: for good. */
export interface NotDelivered {
  readonly kind: "deferred" | "failed";
  /** Enhanced status code (RFC 3463): the peer's, or ours where no peer answered; "4…" when deferred, "5…" when failed. */
  readonly status: string;
  /** Why, one line for logs, `queue list` and the bounce: no line ends, no secrets. */
  readonly why: string;
  /** The reply that decided it, or null where we did: no host, no connection, connection lost. */
  readonly reply: PeerReply | null;
  /** Host that gave `reply` or could not be reached, or null. */
  readonly host: string | null;
  /** Nothing in it is about this message: no host could be reached. Other messages to the destination would fare alike. */
  readonly destinationDown: boolean;
  /** The host refused this very recipient, at RCPT. */
  readonly atRecipient?: true;
  /**
   * Nothing was tried: all hosts are left alone until then, in milliseconds since 1970, for what other messages met there. Not counted as
   * an attempt.
   */
  readonly until?: number;
}
