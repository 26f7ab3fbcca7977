import type { Address } from "../mail/address.ts";
import type { Body } from "../base/body.ts";

/** How a recipient's delivery stands. */
export type RecipientState = "pending" | "delivered" | "failed" | "expired";

/** DSN NOTIFY (RFC 3461 4.1); none means the default: failure and delay. */
export interface RecipientOptions {
  readonly notify?: readonly ("never" | "success" | "failure" | "delay")[];
  /** ORCPT as given, xtext decoded. */
  readonly originalRecipient?: string;
  /**
   * A local delivery that was put off: to this account's mail and nowhere else. Aliases were followed at reception; to follow them again
   * would double what other targets have already got. Kept in the queue file like the rest.
   */
  readonly deliverTo?: {
    readonly account: string;
    readonly detail: string | null;
    /** Into the folder for junk, as was decided at reception. */
    readonly junk?: true;
  };
}

/** Deliver By (RFC 2852). */
export interface DeliverBy {
  /** Milliseconds since 1970. */
  readonly at: number;
  /** What happens when it is not delivered by then: it comes back, or the sender is told of the delay. */
  readonly mode: "return" | "notify";
  /** The sender wants to hear of each host it goes on to. */
  readonly trace?: true;
}

/**
 * What was found when it came from outside, of mail that was put off here: should it be sent on once it is delivered, the seal says it (RFC 8617).
 * `results` as Authentication-Results has them; a chain that came broken is not sealed.
 */
export interface QueuedArrival {
  readonly results: string;
  readonly arc: "none" | "pass";
}

/** A message's envelope when it is handed to the queue. */
export interface Envelope {
  /** null is the null reverse-path "<>" of bounces. */
  readonly sender: Address | null;
  readonly recipients: readonly { readonly address: Address; readonly options?: RecipientOptions }[];
  /** The message has 8-bit octets (BODY=8BITMIME), needs SMTPUTF8. */
  readonly eightBit: boolean;
  readonly smtpUtf8: boolean;
  /** DSN RET and ENVID. */
  readonly ret?: "full" | "headers";
  readonly envelopeId?: string;
  /** REQUIRETLS (RFC 8689 3): over TLS with a valid certificate to hosts that promise the same, or not at all. */
  readonly requireTls?: true;
  /** "TLS-Required: No" (RFC 8689 4): what the destination asks for is not insisted upon. */
  readonly tlsOptional?: true;
  /** -9 to 9, higher first (MT-PRIORITY, RFC 6710); 0 where none is given. */
  readonly priority?: number;
  /** Not tried before (FUTURERELEASE, RFC 4865), in milliseconds since 1970. */
  readonly holdUntil?: number;
  readonly deliverBy?: DeliverBy;
  readonly arrival?: QueuedArrival;
  /** Account that submitted it, or null for forwards and bounces. */
  readonly account: string | null;
  /** ID in logs and in `Received:`, given at reception. */
  readonly traceId: string;
}

/** What the rest of the server asks of the queue. */
export interface Submitter {
  /** Takes the message for later delivery; on the medium when it resolves with its queue ID. Throws FsError when it cannot be kept. */
  submit(envelope: Envelope, body: Body): Promise<string>;
}

export interface QueueStats {
  /** Messages in the queue; those of them that are held. */
  readonly messages: number;
  readonly held: number;
  /** Attempts under way. */
  readonly active: number;
  /** When the oldest message was accepted, in milliseconds since 1970; null when there is none. */
  readonly oldest: number | null;
  /** Since the start, by recipient. */
  readonly delivered: number;
  readonly deferred: number;
  readonly failed: number;
}

/** Of a queued message: not tried in vain yet, kept from being tried, or tried in vain and to be tried again. */
export type WaitState = "pending" | "held" | "deferred";

export interface QueueFilter {
  /** Domain of a recipient that still waits. */
  readonly destination?: string;
  /** An address, "@domain", or "<>" for reports. */
  readonly sender?: string;
  /** Accepted at least so many milliseconds ago. */
  readonly olderThan?: number;
  readonly state?: WaitState;
  /** At most so many; 1,000 unless told. */
  readonly limit?: number;
}
