/** Whole IMAP commands (RFC 3501 9 and the extensions in types.ts) to values: recursive descent over what the assembler gives. */
import { asciiUpper, fromUtf8 } from "../base/bytes.ts";
import { err, ok, type Result } from "../base/result.ts";
import { readTag } from "./assemble.ts";
import { parseAclTarget, parseSetAcl } from "./parse_acl.ts";
import {
  type AppendArguments,
  parseAppend,
  parseAppendArguments,
  parseFlags,
  parseMessage,
  parseParts,
  parseReplace,
  parseReplaced,
} from "./parse_append.ts";
import { parseFetchModifiers, parseSelect, parseStoreModifiers } from "./parse_condstore.ts";
import { parseFetchItems } from "./parse_fetch.ts";
import { parseCreate, parseList, parseLsub, parseStatus } from "./parse_mailbox.ts";
import { parseGetMetadata, parseSetMetadata } from "./parse_metadata.ts";
import { parseNotify } from "./parse_notify.ts";
import { parseSetQuota } from "./parse_quota.ts";
import { CommandReader, ParseFault, type ParseOptions } from "./parse_reader.ts";
import { parseMultiSearch } from "./parse_multisearch.ts";
import { parseSearch } from "./parse_search.ts";
import { parseSort, parseThread } from "./parse_sort.ts";
import type {
  AppendMessage,
  CatenatePart,
  Command,
  CommandBody,
  ParseError,
  Piece,
  StoreAction,
  Verb,
} from "./types.ts";

/** An APPEND up to one of its message literals. */
export interface AppendHead extends AppendArguments {
  readonly tag: string;
  readonly mailbox: string;
  /** Messages of the same command that came before (MULTIAPPEND). */
  readonly before: readonly AppendMessage[];
  /** What came before of the literal's own message; null where the literal is all of it. */
  readonly parts: readonly CatenatePart[] | null;
}

/** Each reads what follows the verb. A verb without a row does not compile. */
const ARGUMENTS: { readonly [V in Verb]: (reader: CommandReader) => CommandBody & { readonly verb: V } } = {
  CAPABILITY: () => ({ verb: "CAPABILITY" }),
  NOOP: () => ({ verb: "NOOP" }),
  LOGOUT: () => ({ verb: "LOGOUT" }),
  STARTTLS: () => ({ verb: "STARTTLS" }),
  NAMESPACE: () => ({ verb: "NAMESPACE" }),
  IDLE: () => ({ verb: "IDLE" }),
  CHECK: () => ({ verb: "CHECK" }),
  CLOSE: () => ({ verb: "CLOSE" }),
  UNSELECT: () => ({ verb: "UNSELECT" }),
  UNAUTHENTICATE: () => ({ verb: "UNAUTHENTICATE" }),
  AUTHENTICATE: (r) => {
    r.space();
    const mechanism = r.word("a mechanism");
    return { verb: "AUTHENTICATE", mechanism, initial: r.ended ? null : (r.space(), r.atom("base64")) };
  },
  LOGIN: (r) => {
    r.space();
    const user = r.astringText("a user name");
    r.space();
    return { verb: "LOGIN", user, password: r.astringText("a password") };
  },
  COMPRESS: (r) => (r.space(), { verb: "COMPRESS", algorithm: r.word("an algorithm") }),
  ENABLE: (r) => {
    const capabilities: string[] = [];
    do {
      r.space();
      capabilities.push(r.word("a capability"));
    } while (!r.ended);
    return { verb: "ENABLE", capabilities };
  },
  ID: parseId,
  SELECT: (r) => (r.space(), parseSelect("SELECT", r)),
  EXAMINE: (r) => (r.space(), parseSelect("EXAMINE", r)),
  CREATE: (r) => (r.space(), parseCreate(r)),
  DELETE: (r) => (r.space(), { verb: "DELETE", mailbox: r.mailbox() }),
  RENAME: (r) => {
    r.space();
    const from = r.mailbox();
    r.space();
    return { verb: "RENAME", from, to: r.mailbox() };
  },
  SUBSCRIBE: (r) => (r.space(), { verb: "SUBSCRIBE", mailbox: r.mailbox() }),
  UNSUBSCRIBE: (r) => (r.space(), { verb: "UNSUBSCRIBE", mailbox: r.mailbox() }),
  LIST: (r) => (r.space(), parseList(r)),
  LSUB: (r) => (r.space(), parseLsub(r)),
  STATUS: (r) => (r.space(), parseStatus(r)),
  APPEND: (r) => (r.space(), parseAppend(r)),
  REPLACE: (r) => (r.space(), parseReplace(r)),
  GETQUOTA: (r) => (r.space(), { verb: "GETQUOTA", root: r.astringText("a quota root") }),
  GETQUOTAROOT: (r) => (r.space(), { verb: "GETQUOTAROOT", mailbox: r.mailbox() }),
  SETQUOTA: parseSetQuota,
  SETACL: parseSetAcl,
  DELETEACL: (r) => ({ verb: "DELETEACL", ...parseAclTarget(r) }),
  LISTRIGHTS: (r) => ({ verb: "LISTRIGHTS", ...parseAclTarget(r) }),
  GETACL: (r) => (r.space(), { verb: "GETACL", mailbox: r.mailbox() }),
  MYRIGHTS: (r) => (r.space(), { verb: "MYRIGHTS", mailbox: r.mailbox() }),
  GETMETADATA: parseGetMetadata,
  SETMETADATA: parseSetMetadata,
  EXPUNGE: () => ({ verb: "EXPUNGE", uid: false, set: null }),
  SEARCH: (r) => (r.space(), { verb: "SEARCH", uid: false, ...parseSearch(r) }),
  CANCELUPDATE: (r) => {
    const tags: string[] = [];
    do {
      r.space();
      tags.push(fromUtf8(r.string("a tag")));
    } while (!r.ended);
    return { verb: "CANCELUPDATE", tags };
  },
  NOTIFY: parseNotify,
  ESEARCH: (r) => (r.space(), { verb: "ESEARCH", uid: true, ...parseMultiSearch(r) }),
  SORT: (r) => (r.space(), { verb: "SORT", uid: false, ...parseSort(r) }),
  THREAD: (r) => (r.space(), { verb: "THREAD", uid: false, ...parseThread(r) }),
  FETCH: (r) => {
    r.space();
    const set = r.sequenceSet();
    r.space();
    const items = parseFetchItems(r);
    return { verb: "FETCH", uid: false, set, items, ...parseFetchModifiers(r) };
  },
  STORE: (r) => {
    r.space();
    const set = r.sequenceSet();
    r.space();
    const unchangedSince = parseStoreModifiers(r);
    const name = r.word("FLAGS");
    const action = STORE_ACTIONS[name.replace(/\.SILENT$/, "")];
    if (!action) throw new ParseFault("Unknown STORE item");
    r.space();
    return {
      verb: "STORE",
      uid: false,
      set,
      action,
      silent: name.endsWith(".SILENT"),
      flags: parseFlags(r, true),
      unchangedSince,
    };
  },
  COPY: (r) => ({ verb: "COPY", ...parseCopy(r) }),
  MOVE: (r) => ({ verb: "MOVE", ...parseCopy(r) }),
};

const STORE_ACTIONS: Readonly<Record<string, StoreAction>> = {
  FLAGS: "replace",
  "+FLAGS": "add",
  "-FLAGS": "remove",
};

/** Parses one command. The pieces may hold octets of any value. */
export function parseCommand(pieces: readonly Piece[], options: ParseOptions): Result<Command, ParseError> {
  return guarded(pieces, options, (reader, tag) => {
    const verb = readVerb(reader);
    const body: CommandBody = verb === "UID" ? parseUid(reader) : ARGUMENTS[verb](reader);
    reader.end();
    return { ...body, tag };
  });
}

/**
 * Tells whether a literal that was just announced is an APPEND's message; `pieces` is the command up to it. null: it is not. An
 * error: it is, or may be, but the command cannot be obeyed; refuse the literal and answer with the error.
 */
export function parseAppendHead(
  pieces: readonly Piece[],
  options: ParseOptions,
): Result<AppendHead, ParseError> | null {
  let isMessage = false;
  const head = guarded(pieces, options, (reader, tag) => {
    let verb: string = readVerb(reader);
    if (verb === "UID") {
      reader.space();
      verb = reader.word("a command after UID");
    }
    isMessage = verb === "APPEND" || verb === "REPLACE";
    if (!isMessage) throw new ParseFault("Not APPEND");
    reader.space();
    if (verb === "REPLACE") parseReplaced(reader);
    // The literal to come is the name itself.
    isMessage = !reader.ended;
    const mailbox = reader.mailbox();
    reader.space();
    const before: AppendMessage[] = [];
    for (;;) {
      const own = parseAppendArguments(reader);
      if (own.catenate) {
        const parts: CatenatePart[] = [];
        const ahead = parseParts(reader, parts);
        isMessage = ahead !== "url";
        if (ahead !== "end") return { tag, mailbox, before, parts, ...own, utf8: ahead === "utf8" };
        before.push({ flags: own.flags, internalDate: own.internalDate, size: 0, binary: false, parts });
      } else {
        if (reader.ended) return { tag, mailbox, before, parts: null, ...own };
        before.push({ flags: own.flags, internalDate: own.internalDate, ...parseMessage(reader, own) });
      }
      reader.space();
    }
  });
  return isMessage ? head : null;
}

/** Runs `parse` after the tag; turns faults into errors. */
function guarded<T>(
  pieces: readonly Piece[],
  options: ParseOptions,
  parse: (reader: CommandReader, tag: string) => T,
): Result<T, ParseError> {
  const [first] = pieces;
  const tag = first?.kind === "text" ? readTag(first.bytes) : null;
  if (tag === null || first?.kind !== "text") {
    return err({ kind: "bad", tag: null, text: "Missing or invalid tag" });
  }
  const rest: Piece = { kind: "text", bytes: first.bytes.subarray(tag.length + 1) };
  const reader = new CommandReader([rest, ...pieces.slice(1)], options);
  try {
    return ok(parse(reader, tag));
  } catch (fault) {
    if (!(fault instanceof ParseFault)) throw fault;
    return err({ kind: fault.kind, tag, text: fault.message });
  }
}

function readVerb(reader: CommandReader): Verb | "UID" {
  const word = reader.word("a command");
  if (word === "UID" || isVerb(word)) return word;
  throw new ParseFault("Unknown command");
}

function isVerb(word: string): word is Verb {
  return Object.hasOwn(ARGUMENTS, word);
}

/** UID before a command whose set is of UIDs (RFC 3501 6.4.8, RFC 4315, RFC 6851, RFC 8508). */
function parseUid(reader: CommandReader): CommandBody {
  reader.space();
  const verb = reader.word("a command after UID");
  switch (verb) {
    case "FETCH":
    case "STORE":
    case "SEARCH":
    case "SORT":
    case "THREAD":
    case "COPY":
    case "MOVE":
    case "REPLACE":
      return { ...ARGUMENTS[verb](reader), uid: true };
    case "EXPUNGE":
      reader.space();
      return { verb, uid: true, set: reader.sequenceSet() };
    default:
      throw new ParseFault("Unknown UID command");
  }
}

function parseCopy(reader: CommandReader): Omit<Extract<CommandBody, { verb: "COPY" }>, "verb"> {
  reader.space();
  const set = reader.sequenceSet();
  reader.space();
  return { uid: false, set, mailbox: reader.mailbox() };
}

/** ID (RFC 2971). */
function parseId(reader: CommandReader): Extract<CommandBody, { verb: "ID" }> {
  reader.space();
  const fields: { name: string; value: string | null }[] = [];
  if (reader.peek !== 0x28) {
    if (asciiUpper(reader.atom("NIL")) !== "NIL") throw new ParseFault("Expected NIL or a list");
    return { verb: "ID", fields: null };
  }
  reader.list(() => {
    const name = fromUtf8(reader.string("a field name"));
    reader.space();
    const value = reader.nstring("a value");
    fields.push({ name, value: value && fromUtf8(value) });
  }, true);
  return { verb: "ID", fields };
}
