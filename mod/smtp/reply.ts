/**
 * SMTP replies (RFC 5321 4.2) with enhanced status codes (RFC 2034, 3463, 5248). All texts stand here: generic, without anything that
 * came from outside; details go to the log.
 */
export interface Reply {
  readonly code: number;
  /** "2.1.0", or null where RFC 2034 4 wants none: greeting, EHLO list, 3xx. */
  readonly enhanced: string | null;
  /** One or more lines of printable ASCII. */
  readonly lines: readonly string[];
}

/** A reply of one line or more. */
export function reply(code: number, enhanced: string | null, ...lines: string[]): Reply {
  return { code, enhanced, lines };
}

/** Text of a reply, with the final CRLF. The enhanced code stands in each line (RFC 2034 3). */
export function formatReply(r: Reply): string {
  const status = r.enhanced === null ? "" : `${r.enhanced} `;
  let text = "";
  const last = r.lines.length - 1;
  for (let i = 0; i < last; i++) text += `${r.code}-${status}${r.lines[i]}\r\n`;
  return `${text}${r.code} ${status}${r.lines[last] ?? ""}\r\n`;
}

/** Whether a reply says no, for now or for good. */
export function refuses(r: Reply): boolean {
  return r.code >= 400;
}

/** Whether a reply says no for good to what the client need not have tried: not what is full or late, nor what a refused MAIL drags along. */
export function blames(r: Reply): boolean {
  return r.code >= 500 && r.code !== 503;
}

/** Every fixed reply, by what it means. */
export const REPLY = {
  ok: reply(250, "2.0.0", "OK"),
  helloFirst: reply(503, "5.5.1", "Say EHLO first"),
  lhloOnly: reply(500, "5.5.1", "This is LMTP: say LHLO"),
  notLmtp: reply(500, "5.5.1", "This is SMTP: say EHLO"),
  flushed: reply(250, "2.0.0", "Flushed"),
  bye: reply(221, "2.0.0", "Bye"),
  help: reply(
    214,
    "2.0.0",
    "EHLO HELO MAIL RCPT DATA BDAT RSET NOOP VRFY HELP QUIT STARTTLS AUTH ETRN",
    "See RFC 5321",
  ),
  cannotVerify: reply(252, "2.5.0", "Cannot verify a user, but will take mail for one"),
  noExpand: reply(502, "5.5.1", "EXPN is not offered"),

  senderOk: reply(250, "2.1.0", "Sender OK"),
  lessUrgent: reply(250, "2.3.6", "Sender OK, with priority 0"),
  recipientOk: reply(250, "2.1.5", "Recipient OK"),
  startData: reply(354, null, "End data with <CR><LF>.<CR><LF>"),

  badChunk: reply(501, "5.5.4", "Syntax: BDAT size [LAST]"),
  chunksBegun: reply(503, "5.5.1", "The message is coming by BDAT: go on with it, or say RSET"),
  binaryByChunks: reply(503, "5.5.1", "BODY=BINARYMIME is sent by BDAT"),

  turnEmpty: reply(251, "2.0.0", "No messages waiting"),
  turnRefused: reply(459, "4.7.1", "ETRN is not for this client"),

  startTls: reply(220, "2.0.0", "Ready to start TLS"),
  noTls: reply(502, "5.5.1", "STARTTLS is not offered"),
  tlsActive: reply(503, "5.5.1", "TLS is already active"),
  tlsPipelined: reply(554, "5.5.1", "Nothing may follow STARTTLS before the handshake"),
  tlsFirst: reply(530, "5.7.0", "Say STARTTLS first"),

  authenticated: reply(235, "2.7.0", "Authentication succeeded"),
  authRequired: reply(530, "5.7.0", "Authentication required"),
  authEncryption: reply(538, "5.7.11", "Encryption required for authentication"),
  authFailed: reply(535, "5.7.8", "Authentication credentials invalid"),
  authCancelled: reply(501, "5.7.0", "Authentication cancelled"),
  authMalformed: reply(501, "5.5.2", "Cannot decode the response"),
  authLong: reply(500, "5.5.6", "Authentication exchange line is too long"),
  authLater: reply(454, "4.7.0", "Temporary authentication failure"),
  authThrottled: reply(454, "4.7.0", "Too many failures, try again later"),
  authUnknown: reply(504, "5.5.4", "Unrecognized authentication type"),
  authDone: reply(503, "5.5.1", "Already authenticated"),
  authNotNow: reply(503, "5.5.1", "AUTH is not permitted during a mail transaction"),
  xclientLogin: reply(550, "5.7.0", "Not permitted to vouch for that login"),
  authNone: reply(502, "5.5.1", "AUTH is not offered"),

  unknown: reply(500, "5.5.2", "Command unrecognized"),
  longLine: reply(500, "5.5.2", "Line too long"),
  bareLine: reply(500, "5.5.2", "Lines end in CRLF, and hold no bare CR or LF"),
  badText: reply(500, "5.5.2", "Command holds characters that are not permitted"),
  noArgument: reply(501, "5.5.4", "No argument is permitted"),
  syntax: reply(501, "5.5.4", "Syntax error in arguments"),
  syntaxHello: reply(501, "5.5.4", "Syntax: EHLO hostname"),
  syntaxMail: reply(501, "5.5.4", "Syntax: MAIL FROM:<address>"),
  syntaxRcpt: reply(501, "5.5.4", "Syntax: RCPT TO:<address>"),
  badSender: reply(501, "5.1.7", "Bad sender address syntax"),
  badRecipient: reply(501, "5.1.3", "Bad recipient address syntax"),
  badParameter: reply(501, "5.5.4", "Bad or repeated parameter"),
  unknownParameter: reply(555, "5.5.4", "Parameter not recognized"),
  bySoon: reply(555, "5.5.4", "That is sooner than DELIVERBY promises"),
  badHold: reply(501, "5.5.4", "Release time is over, or too far off"),
  needsUtf8: reply(553, "5.6.7", "Internationalized addresses need SMTPUTF8"),
  sequence: reply(503, "5.5.1", "Bad sequence of commands"),
  nestedMail: reply(503, "5.5.1", "Nested MAIL command"),
  needMail: reply(503, "5.5.1", "Need MAIL command"),
  needRecipient: reply(503, "5.5.1", "Need RCPT command"),
  noRecipients: reply(554, "5.5.1", "No valid recipients"),
  tooManyRecipients: reply(452, "4.5.3", "Too many recipients"),

  relayDenied: reply(550, "5.7.1", "Relaying denied"),
  notDevice: reply(554, "5.7.1", "This address may not send here"),
  deviceInside: reply(550, "5.7.1", "From this address mail is taken for our own domains only"),
  unknownUser: reply(550, "5.1.1", "No such user here"),
  badReturnPath: reply(550, "5.1.1", "This return address was not made here, or is too old"),
  onlyReports: reply(550, "5.7.1", "Return address: only reports, from <>, are taken for it"),
  disabledUser: reply(550, "5.2.1", "Mailbox disabled"),
  recipientLater: reply(451, "4.3.0", "Cannot look up the recipient now, try again later"),
  senderNotYours: reply(553, "5.7.1", "Sender address does not belong to the account"),
  fromNotYours: reply(550, "5.7.1", "From header address does not belong to the account"),
  suppressed: reply(
    550,
    "5.1.1",
    "This address was refused by its own server again and again; it is left alone for some days. Check it, or ask the postmaster here to clear it",
  ),
  overQuota: reply(452, "4.2.2", "Mailbox is full"),
  mailboxFull: reply(552, "5.2.2", "Mailbox is full"),
  notDelivered: reply(451, "4.3.0", "Cannot deliver now, try again later"),

  tooBig: reply(552, "5.3.4", "Message too big"),
  headerTooBig: reply(552, "5.3.4", "Message header too big"),
  bareData: reply(550, "5.6.11", "Message holds a bare CR or LF"),
  nulData: reply(550, "5.6.0", "Message holds a NUL"),
  badBinary: reply(554, "5.6.3", "Message holds binary octets outside parts that are marked binary"),
  loop: reply(554, "5.4.6", "Too many hops"),
  noAuthor: reply(550, "5.6.0", "From names nobody, or too many"),
  noSpace: reply(452, "4.3.1", "Insufficient system storage"),

  earlyTalker: reply(554, "5.5.1", "Talked before the greeting"),
  heloRefused: reply(550, "5.7.1", "That name in HELO or EHLO is not yours"),
  greylisted: reply(451, "4.7.1", "Greylisted, try again in some minutes"),
  tooManyMessages: reply(450, "4.7.1", "Too many messages, try again later"),
  accountRate: reply(450, "4.7.1", "The account has sent to too many recipients, try again later"),
  tooManyErrors: reply(421, "4.7.0", "Too many errors"),
  tooManyIdle: reply(421, "4.7.0", "Too many commands without mail"),
  tooManyConnections: reply(421, "4.7.0", "Too many connections, try again later"),
  timeout: reply(421, "4.4.2", "Timeout"),
  shutdown: reply(421, "4.3.2", "Service shutting down"),
  foreign: reply(421, "4.7.0", "This is a mail server"),
} as const satisfies Record<string, Reply>;

/** Answer where something unforeseen happened; `id` finds it in the log. */
export function internalError(id: string): Reply {
  return reply(451, "4.3.0", `Internal error, try again later (${id})`);
}

/** Answer to a chunk that is not the last (RFC 3030 2). */
export function chunkTaken(octets: number): Reply {
  return reply(250, "2.0.0", `${octets} octets received`);
}

/** Answer to ETRN (RFC 1985 5.2) where messages wait. */
export function turnStarted(messages: number): Reply {
  return reply(253, "2.0.0", `${messages} pending messages started`);
}

/** Answer to mail from a host that a list of the config names; `zone` stands in the config. */
export function listedBy(zone: string): Reply {
  return reply(554, "5.7.1", `Client host is listed by ${zone}`);
}

/** Answer to mail that fails DMARC where its author's domain (A-labels) wants it refused; `why` is what was found. */
export function dmarcRefused(domain: string, why: string): Reply {
  return reply(
    550,
    "5.7.1",
    `From says ${plain(domain)}, and nobody vouches for that: ${plain(why)}`,
    `${
      plain(domain)
    } asks to refuse such mail (DMARC): send it by the domain's servers, or sign it with the domain's DKIM key`,
  );
}

/** Answer to mail that cannot be judged now, where the domain wants refused what fails. */
export function dmarcLater(domain: string): Reply {
  return reply(
    451,
    "4.7.0",
    `Cannot look up now whether ${plain(domain)} vouches for this (DMARC), try again later`,
  );
}

/** Answer to mail from a host that the sender's domain forbids; `explanation` is the domain's own, or null. */
export function spfRefused(domain: string, address: string, explanation: string | null): Reply {
  const lines = [
    `${plain(domain)} does not let ${plain(address)} send its mail (SPF): use the domain's servers`,
  ];
  if (explanation) lines.push(`${plain(domain)} explains: ${plain(explanation)}`);
  return reply(550, "5.7.23", ...lines);
}

/** What came from outside, as it may stand in a reply: printable, and not long. */
function plain(text: string): string {
  return text.replace(/[^\x20-\x7e]+/g, "?").slice(0, 200);
}

/** Answer to an accepted message. */
export function queuedAs(id: string): Reply {
  return reply(250, "2.0.0", `OK: queued as ${id}`);
}
