/** POP3 commands (RFC 1939, 2449, 2595, 5034, 6856): octets of a line to a typed command. */
import { asciiUpper, fromAscii } from "../base/bytes.ts";
import { err, ok, type Result } from "../base/result.ts";

/** Message numbers are as given, 1 and up; whether there is such a message is the session's business. */
export type Command =
  | { readonly verb: "USER"; readonly name: string }
  | { readonly verb: "PASS"; readonly password: string }
  | { readonly verb: "AUTH"; readonly mechanism: string | null; readonly initial: Uint8Array | null }
  | { readonly verb: "STAT" }
  | { readonly verb: "LIST"; readonly message: number | null }
  | { readonly verb: "UIDL"; readonly message: number | null }
  | { readonly verb: "RETR"; readonly message: number }
  | { readonly verb: "TOP"; readonly message: number; readonly lines: number }
  | { readonly verb: "DELE"; readonly message: number }
  | { readonly verb: "NOOP" }
  | { readonly verb: "RSET" }
  | { readonly verb: "CAPA" }
  | { readonly verb: "UTF8" }
  | { readonly verb: "STLS" }
  | { readonly verb: "QUIT" };

export type CommandError = "unknown" | "syntax";

const NUMBER = /^\d{1,10}$/;

/** Parses a line without its CRLF. Keywords in any case; one blank between arguments, as RFC 1939 3 has it (more are forgiven). */
export function parseCommand(line: Uint8Array): Result<Command, CommandError> {
  const space = line.indexOf(0x20);
  const verb = asciiUpper(fromAscii(space < 0 ? line : line.subarray(0, space)));
  const rest = space < 0 ? null : line.subarray(space + 1);
  switch (verb) {
    case "STAT":
    case "NOOP":
    case "RSET":
    case "CAPA":
    case "UTF8":
    case "STLS":
    case "QUIT":
      return rest === null || isBlank(rest) ? ok({ verb }) : err("syntax");
    case "USER":
      return withText(rest, (name) => ({ verb, name }));
    case "PASS":
      // The rest of the line, blanks and all, is the password (RFC 1939 7).
      return withText(rest, (password) => ({ verb, password }));
    case "LIST":
    case "UIDL":
      return optionalNumber(verb, rest);
    case "RETR":
    case "DELE":
      return withNumbers(rest, 1, ([message = 0]) => ({ verb, message }));
    case "TOP":
      return withNumbers(rest, 2, ([message = 0, lines = 0]) => ({ verb, message, lines }));
    case "AUTH":
      return parseAuth(rest);
    default:
      return err("unknown");
  }
}

function isBlank(bytes: Uint8Array): boolean {
  return bytes.every((b) => b === 0x20);
}

function withText(rest: Uint8Array | null, make: (text: string) => Command): Result<Command, CommandError> {
  if (rest === null || rest.length === 0 || rest.includes(0)) return err("syntax");
  try {
    return ok(make(new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(rest)));
  } catch {
    // Not UTF-8: no account has such a name or password.
    return err("syntax");
  }
}

function optionalNumber(verb: "LIST" | "UIDL", rest: Uint8Array | null): Result<Command, CommandError> {
  if (rest === null || isBlank(rest)) return ok({ verb, message: null });
  return withNumbers(rest, 1, ([message = 0]) => ({ verb, message }));
}

function withNumbers(
  rest: Uint8Array | null,
  count: number,
  make: (numbers: readonly number[]) => Command,
): Result<Command, CommandError> {
  if (rest === null) return err("syntax");
  const words = fromAscii(rest).split(" ").filter((w) => w !== "");
  if (words.length !== count || !words.every((w) => NUMBER.test(w))) return err("syntax");
  return ok(make(words.map(Number)));
}

function parseAuth(rest: Uint8Array | null): Result<Command, CommandError> {
  if (rest === null || isBlank(rest)) return ok({ verb: "AUTH", mechanism: null, initial: null });
  const space = rest.indexOf(0x20);
  const mechanism = fromAscii(space < 0 ? rest : rest.subarray(0, space));
  const initial = space < 0 ? null : rest.slice(space + 1);
  return /^[A-Za-z0-9_-]{1,20}$/.test(mechanism) ? ok({ verb: "AUTH", mechanism, initial }) : err("syntax");
}
