/**
 * What the scanners of this room find in a message. Octets are raw: as in the message, unfolded where it says so, never decoded.
 * They are copies, so they stay valid when the chunks they came from are used again.
 */

/** One entry of an ENVELOPE address list (RFC 3501 7.4.2). A group starts with `{mailbox: its name, host: null}` and ends with all null. */
export interface EnvelopeAddress {
  /** Display name without quotes, or null. */
  readonly name: Uint8Array | null;
  /** Source route (`@a,@b`), or null. */
  readonly route: Uint8Array | null;
  readonly mailbox: Uint8Array | null;
  readonly host: Uint8Array | null;
}

/** What IMAP's ENVELOPE shows. Strings are unfolded; null is NIL, and so is an empty list. */
export interface ImapEnvelope {
  readonly date: Uint8Array | null;
  readonly subject: Uint8Array | null;
  readonly from: readonly EnvelopeAddress[];
  /** `from` where the field is missing or empty; the same for `replyTo`. */
  readonly sender: readonly EnvelopeAddress[];
  readonly replyTo: readonly EnvelopeAddress[];
  readonly to: readonly EnvelopeAddress[];
  readonly cc: readonly EnvelopeAddress[];
  readonly bcc: readonly EnvelopeAddress[];
  readonly inReplyTo: Uint8Array | null;
  readonly messageId: Uint8Array | null;
}

/** A parameter as given: `name` in its own case (and with `*0*` and the like), `value` without quotes. */
export interface Param {
  readonly name: Uint8Array;
  readonly value: Uint8Array;
}

export interface Disposition {
  readonly kind: Uint8Array;
  readonly params: readonly Param[];
}

/** The Content-... fields of a part as BODYSTRUCTURE shows them (RFC 3501 7.4.2); null is NIL. */
export interface PartFields {
  /** Media type and subtype in the case they were given: the default when there is no Content-Type, empty when it cannot be read. */
  readonly type: Uint8Array;
  readonly subtype: Uint8Array;
  /** In order, sections (RFC 2231 3) joined; text without a charset has `charset=us-ascii` as the last. */
  readonly params: readonly Param[];
  readonly id: Uint8Array | null;
  readonly description: Uint8Array | null;
  /** Content-Transfer-Encoding as given; null when there is none (IMAP then says "7bit"). */
  readonly encoding: Uint8Array | null;
  readonly md5: Uint8Array | null;
  readonly disposition: Disposition | null;
  readonly languages: readonly Uint8Array[];
  readonly location: Uint8Array | null;
}

/**
 * A part of a message, or the message itself. All offsets are octets from the start of the message:
 * header is `headerStart..bodyStart` (its blank line included), body is `bodyStart..bodyEnd`.
 */
export interface Part {
  /** Lower case: what to decide by. As `fields` has them, empty ones included. */
  readonly type: string;
  readonly subtype: string;
  readonly fields: PartFields;
  readonly headerStart: number;
  readonly bodyStart: number;
  readonly bodyEnd: number;
  /** Line ends in the body. */
  readonly lines: number;
  /**
   * Parts of a multipart; none when it has no boundary or no part. BODYSTRUCTURE then wants one made up, as Dovecot has it: text/plain, us-ascii,
   * 7bit, 0 octets, 0 lines.
   */
  readonly children: readonly Part[];
  /** For message/rfc822: the message within, its header starting at our `bodyStart`. Else null (message/global too: RFC 3501 knows it not). */
  readonly inner: { readonly part: Part; readonly envelope: ImapEnvelope } | null;
}
