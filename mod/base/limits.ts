/**
 * Every cap on what others may send or make us keep, with its reason. Rooms add theirs here, under their heading.
 * Octets, milliseconds or counts, as the name says. What a person may want to change is in the config schema, which takes
 * its default from here.
 */
const KiB = 1024;
const MiB = 1024 * KiB;
const SECOND = 1000;
const MINUTE = 60 * SECOND;

/** Messages. */
export const MESSAGE_SIZE = 50 * MiB; // what large providers take; bigger files belong elsewhere
export const BODY_IN_MEMORY = 1 * MiB; // a message past this goes to a spool file while it arrives
export const HEADER_SIZE = 1 * MiB; // header block of one message: Exim's and Postfix's order of size
export const RECEIVED_HOPS = 100; // RFC 5321 6.3 asks for at least 100 before it is a loop

/** SMTP. */
export const SMTP_LINE = 2048; // command line; RFC 5321 4.5.3.1.4 wants 512 at least, extensions and AUTH add to it
export const SMTP_AUTH_LINE = 12288; // RFC 4954 4: base64 answers up to 12,288 octets
export const SMTP_RECIPIENTS = 1000; // RFC 5321 4.5.3.1.8 wants 100 at least; lists use more
export const SMTP_ERRORS = 10; // bad commands before the session is closed
export const SMTP_IDLE = 5 * MINUTE; // RFC 5321 4.5.3.2.7
export const SMTP_DATA_IDLE = 3 * MINUTE; // RFC 5321 4.5.3.2.5: between two chunks of data

/** IMAP. */
export const IMAP_LINE = 64 * KiB; // a command without its literals: long UID sets are real
export const IMAP_LITERAL = 1 * MiB; // a literal that is not a message (search text, names)
export const IMAP_NESTING = 100; // parentheses in a command
export const IMAP_ERRORS = 20; // bad commands in a row before BYE
export const IMAP_IDLE_LOGIN = 1 * MINUTE; // before authentication
export const IMAP_IDLE = 30 * MINUTE; // RFC 3501 5.4 wants at least 30 minutes

/** POP3. */
export const POP3_LINE = 255; // RFC 2449 4
export const POP3_IDLE = 10 * MINUTE; // RFC 1939 3

/** Connections. */
export const CONNECTIONS = 2000; // all listeners together; past it a new one gets a 4xx, NO or -ERR and is closed
export const CONNECTIONS_PER_ADDRESS = 100; // from one address that is not trusted
export const WRITE_STALL = 2 * MINUTE; // a peer that does not take our octets for so long is cut off
export const TLS_HANDSHAKE = 30 * SECOND; // from the first octet to the end of the handshake

/** Store. */
export const MAILBOX_NAME = 255; // octets of a folder's name on disk: what file systems take
export const KEYWORDS = 26; // a-z in the file name, as dovecot-keywords has it

/** Mail formats. */
export const ADDRESS_LOCAL = 255; // octets of a local part; RFC 5321 4.5.3.1.1 says 64, but VERP and SRS addresses in daily mail are longer
export const ADDRESS_DOMAIN = 255; // RFC 5321 4.5.3.1.2
export const MIME_DEPTH = 100; // parts within parts; deeper is one opaque part. Dovecot's figure
export const MIME_PARTS = 10_000; // of one message; more are not looked into. Dovecot's figure
export const MIME_BOUNDARY = 80; // octets of a boundary that are compared: RFC 2046 5.1.1 allows 70
export const MIME_PARAMETERS = 100; // of one field; real mail has under 10
export const PART_HEADER = 64 * KiB; // header of one MIME part (of the message itself: HEADER_SIZE); fields beyond are not looked at
export const ENVELOPE_ADDRESSES = 10_000; // in one address field; more are left out of ENVELOPE
export const SEARCH_TEXT = 16 * MiB; // decoded octets of one part that a text search looks at
