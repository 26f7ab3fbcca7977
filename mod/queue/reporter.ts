import type { Address } from "../mail/address.ts";
import type { Body } from "../base/body.ts";
import type { LastResult } from "./record.ts";
import type { RecipientOptions, RecipientState } from "./types.ts";

/** What a sender is to be told about a message. */
export interface Report {
  /** "failure" is the bounce, and may tell of successes too; "delay" says that it is still being tried. */
  readonly kind: "failure" | "success" | "delay";
  /** Queue ID the report itself will have. */
  readonly id: string;
  /** To whom it goes: the message's envelope sender, never the null one. */
  readonly sender: Address;
  /** Queue ID and trace ID of the message it is about. */
  readonly messageId: string;
  readonly traceId: string;
  /** When that was accepted, and now, in milliseconds since 1970. */
  readonly arrived: number;
  readonly now: number;
  /** Until when it is tried at most; of delays. */
  readonly retryUntil?: number;
  /** A delay past the time that the sender set (RFC 2852). */
  readonly late?: true;
  /** For how long messages are tried, in milliseconds. */
  readonly lifetime?: number;
  /** DSN RET and ENVID as the sender gave them. */
  readonly ret?: "full" | "headers";
  readonly envelopeId?: string;
  readonly smtpUtf8: boolean;
  readonly recipients: readonly ReportedRecipient[];
  /** The message; left undisposed. */
  readonly original: Body;
}

export interface ReportedRecipient {
  readonly address: Address;
  readonly options?: RecipientOptions;
  readonly state: RecipientState;
  readonly last: LastResult | null;
  /** Of those it was delivered to: what became of it there; "relayed" unless told. */
  readonly action?: "delivered" | "relayed" | "expanded";
}

/** Writes reports (RFC 3464): the port the queue asks for the message to send. */
export interface Reporter {
  /** A whole message. The same report gives a message that is as good, so that one that was lost can be made again. */
  write(report: Report): Promise<Body>;
}
