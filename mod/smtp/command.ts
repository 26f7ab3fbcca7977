/**
 * SMTP and LMTP commands (RFC 5321 4.1, RFC 2033 4.1): octets of one line, without its CRLF, to a `Command` or a reason why not.
 * Leniencies, all harmless: several blanks where one belongs, blanks at the end and after "FROM:" and "TO:".
 */
import { asciiUpper, fromAscii } from "../base/bytes.ts";
import { err, ok, type Result } from "../base/result.ts";
import { type Address, parseDomain } from "../mail/address.ts";
import { strictUtf8 } from "../sasl/plain.ts";
import {
  type MailParameters,
  type ParameterFault,
  parseMailParameters,
  parseRecipientParameters,
  type RecipientParameters,
} from "./parameters.ts";
import { parsePath } from "./path.ts";

export type Command =
  | { readonly verb: "EHLO"; readonly domain: string }
  | { readonly verb: "HELO"; readonly domain: string }
  | { readonly verb: "LHLO"; readonly domain: string }
  | {
    readonly verb: "MAIL";
    /** null is "<>". */
    readonly from: Address | null;
    readonly international: boolean;
    readonly parameters: MailParameters;
  }
  | {
    readonly verb: "RCPT";
    readonly to: Address;
    readonly international: boolean;
    readonly parameters: RecipientParameters;
  }
  | { readonly verb: "DATA" }
  /** RFC 3030 2: `size` octets follow the line at once; `last`: they are the message's last. */
  | { readonly verb: "BDAT"; readonly size: number; readonly last: boolean }
  | { readonly verb: "RSET" }
  | { readonly verb: "NOOP" }
  | { readonly verb: "VRFY" }
  | { readonly verb: "EXPN" }
  | { readonly verb: "HELP" }
  | { readonly verb: "QUIT" }
  | { readonly verb: "STARTTLS" }
  /** RFC 1985: mail for a domain in lower-case A-labels, or with `below` for all under it as well. */
  | { readonly verb: "ETRN"; readonly domain: string; readonly below: boolean }
  /** `initial` is the initial response as it stands there (base64 or "="), or null. */
  | { readonly verb: "AUTH"; readonly mechanism: string; readonly initial: Uint8Array | null };

export type Verb = Command["verb"];

/**
 * Why a line is no command. Two are past helping, hang up: `foreign`, another protocol's client made to talk to us; `bad-chunk`, a BDAT that
 * does not tell how many octets of message follow, which must not be taken for commands.
 */
export type CommandFault =
  | "unknown"
  | "foreign"
  | "bad-chunk"
  | "bad-text"
  | "no-argument"
  | "syntax"
  | "syntax-hello"
  | "syntax-mail"
  | "syntax-rcpt"
  | "bad-sender"
  | "bad-recipient"
  | ParameterFault;

type Parsed = Result<Command, CommandFault>;

const PLAIN: { readonly [V in "DATA" | "RSET" | "QUIT" | "STARTTLS"]: Parsed } = {
  DATA: ok({ verb: "DATA" }),
  RSET: ok({ verb: "RSET" }),
  QUIT: ok({ verb: "QUIT" }),
  STARTTLS: ok({ verb: "STARTTLS" }),
};

// What browsers send when a web page makes them post to port 25; "HOST:" and the like follow in the next lines.
const FOREIGN = /^(?:GET|POST|PUT|HEAD|OPTIONS|CONNECT|DELETE|PATCH|TRACE|PRI)$/;

/** Reads one line. */
export function parseCommand(line: Uint8Array): Parsed {
  const text = lineText(line);
  if (text === null) return err("bad-text");
  const blank = text.indexOf(" ");
  const verb = asciiUpper(blank < 0 ? text : text.slice(0, blank));
  const rest = blank < 0 ? "" : trimBlanks(text, blank + 1);
  switch (verb) {
    case "EHLO":
    case "HELO":
    case "LHLO":
      return isHost(rest) ? ok({ verb, domain: rest }) : err("syntax-hello");
    case "MAIL":
      return parseMail(rest);
    case "RCPT":
      return parseRcpt(rest);
    case "DATA":
    case "RSET":
    case "QUIT":
    case "STARTTLS":
      return rest === "" ? PLAIN[verb] : err("no-argument");
    case "BDAT":
      return parseBdat(rest);
    case "ETRN":
      return parseEtrn(rest);
    case "NOOP":
    case "HELP":
      return ok({ verb });
    case "VRFY":
    case "EXPN":
      return rest === "" ? err("syntax") : ok({ verb });
    case "AUTH":
      return parseAuth(rest);
    default:
      return err(FOREIGN.test(verb) ? "foreign" : "unknown");
  }
}

/** Text of a line, UTF-8 where it goes beyond ASCII; null where it is neither or holds controls. */
function lineText(line: Uint8Array): string | null {
  let all = 0;
  for (let i = 0; i < line.length; i++) {
    const c = line[i] ?? 0;
    if (c < 0x20 && c !== 0x09 || c === 0x7f) return null;
    all |= c;
  }
  return all < 0x80 ? fromAscii(line) : strictUtf8(line);
}

/** The text from `at` on, without blanks (space and tab) around it. */
function trimBlanks(text: string, at: number): string {
  let end = text.length;
  while (end > at && (text[end - 1] === " " || text[end - 1] === "\t")) end--;
  while (at < end && text[at] === " ") at++;
  return text.slice(at, end);
}

/** Whether it may stand for a host: printable ASCII without blanks. Many clients say no real name, so no more is asked. */
function isHost(text: string): boolean {
  return text.length <= 255 && /^[!-~]+$/.test(text);
}

function parseMail(rest: string): Parsed {
  const at = afterKeyword(rest, "FROM:");
  if (at < 0 || rest[at] !== "<") return err("syntax-mail");
  const path = parsePath(rest, at, false);
  if (!path) return err("bad-sender");
  const parameters = parseMailParameters(rest, path.end);
  if (!parameters.ok) return parameters;
  return ok({
    verb: "MAIL",
    from: path.address,
    international: path.international,
    parameters: parameters.value,
  });
}

function parseRcpt(rest: string): Parsed {
  const at = afterKeyword(rest, "TO:");
  if (at < 0 || rest[at] !== "<") return err("syntax-rcpt");
  const path = parsePath(rest, at, true);
  if (!path || path.address === null) return err("bad-recipient");
  const parameters = parseRecipientParameters(rest, path.end);
  if (!parameters.ok) return parameters;
  return ok({
    verb: "RCPT",
    to: path.address,
    international: path.international,
    parameters: parameters.value,
  });
}

/** Offset of the "<" after "FROM:" or "TO:" and blanks, or -1. */
function afterKeyword(rest: string, keyword: string): number {
  if (rest.length < keyword.length || asciiUpper(rest.slice(0, keyword.length)) !== keyword) return -1;
  let at = keyword.length;
  while (rest[at] === " ") at++;
  return at;
}

function parseBdat(rest: string): Parsed {
  const m = /^(\d{1,15})(?: +(last))?$/i.exec(rest);
  return m ? ok({ verb: "BDAT", size: Number(m[1]), last: m[2] !== undefined }) : err("bad-chunk");
}

/** RFC 1985 5.1. Queues by name ("#") are none of ours. */
function parseEtrn(rest: string): Parsed {
  const below = rest.startsWith("@");
  const domain = parseDomain(below ? rest.slice(1) : rest);
  return domain.ok ? ok({ verb: "ETRN", domain: domain.value, below }) : err("syntax");
}

function parseAuth(rest: string): Parsed {
  const words = rest.split(" ").filter((w) => w !== "");
  const [mechanism, initial] = words;
  if (mechanism === undefined || words.length > 2 || !/^[A-Za-z0-9_-]{1,20}$/.test(mechanism)) {
    return err("syntax");
  }
  return ok({
    verb: "AUTH",
    mechanism: asciiUpper(mechanism),
    initial: initial === undefined ? null : new TextEncoder().encode(initial),
  });
}
