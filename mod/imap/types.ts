/**
 * What IMAP4rev1 (RFC 3501, with RFC 9051's clarifications) commands are made of once parsed, and what the rest of this room
 * passes around. Data only. Mailbox names here are Unicode in NFC with "INBOX" in capitals; the wire's modified UTF-7 stays in the codec.
 *
 * Room for later extensions: `SequenceSet` is an object (SEARCHRES' "$"), SELECT, STORE and FETCH may get a `modifiers` member
 * (CONDSTORE), `FetchItem`, `SearchKey`, `StatusItem` and `SearchReturn` are unions to which members can be added.
 */
import type { FlagBits, NamedFlags, SpecialUse } from "../store/store.ts";
import type { AclIdCommand, SetAclCommand } from "./acl_types.ts";
import type { NotifyCommand } from "./notify_types.ts";

/** "*" in a sequence set: the last message. (0 can never be a number there.) */
export const STAR = 0;

/** Numbers from 1 to 2^32-1, or STAR; in the order they were written, so `from` may be above `to`. */
export interface SetRange {
  readonly from: number;
  readonly to: number;
}

/** Message sequence numbers or UIDs, as the command says. Never empty, unless it is "$". `set.ts` resolves it. */
export interface SequenceSet {
  readonly ranges: readonly SetRange[];
  /** "$" (RFC 5182): the messages that the last SEARCH with SAVE found. `ranges` is empty. */
  readonly saved?: true;
}

/** PARTIAL (RFC 9394): places in a list of results, counted from 1, from its end if `fromEnd`. */
export interface PartialRange {
  readonly fromEnd: boolean;
  readonly from: number;
  readonly to: number;
}

export type StatusItem =
  | "MESSAGES"
  | "RECENT"
  | "UIDNEXT"
  | "UIDVALIDITY"
  | "UNSEEN"
  | "DELETED" // RFC 9051
  | "SIZE" // RFC 8438
  | "HIGHESTMODSEQ" // RFC 7162
  | "DELETED-STORAGE" // RFC 9208
  | "APPENDLIMIT" // RFC 7889
  | "MAILBOXID"; // RFC 8474

/** Selection options of LIST (RFC 5258, RFC 6154). */
export type ListSelect = "SUBSCRIBED" | "REMOTE" | "RECURSIVEMATCH" | "SPECIAL-USE";
/** Return options of LIST (RFC 5258, RFC 6154, RFC 8440); STATUS (RFC 5819) is `ListCommand.status`. */
export type ListReturn = "SUBSCRIBED" | "CHILDREN" | "SPECIAL-USE" | "MYRIGHTS";

/** What of a message or part `BODY[...]` names. `part` is empty for the message itself. */
export interface Section {
  readonly part: readonly number[];
  readonly text: "" | "HEADER" | "HEADER.FIELDS" | "HEADER.FIELDS.NOT" | "TEXT" | "MIME";
  /** Field names as the client wrote them, for HEADER.FIELDS and HEADER.FIELDS.NOT; else empty. */
  readonly fields: readonly string[];
}

/** Octets `offset` to `offset + length` of a section; `length` is at least 1. */
export interface Partial {
  readonly offset: number;
  readonly length: number;
}

export type FetchItem =
  | { readonly kind: "FLAGS" }
  | { readonly kind: "UID" }
  | { readonly kind: "INTERNALDATE" }
  | { readonly kind: "RFC822.SIZE" }
  | { readonly kind: "EMAILID" | "THREADID" } // RFC 8474
  | { readonly kind: "SAVEDATE" } // RFC 8514
  /** RFC 7162 3.1.4.2. */
  | { readonly kind: "MODSEQ" }
  | { readonly kind: "ENVELOPE" }
  /** BODY without a section: the structure without its extension data. */
  | { readonly kind: "BODY" }
  | { readonly kind: "BODYSTRUCTURE" }
  /** RFC 8970. `lazy`: only what is remembered. */
  | { readonly kind: "PREVIEW"; readonly lazy: boolean }
  /** BINARY and BINARY.PEEK (RFC 3516 4.2); an empty `part` is the whole message. */
  | {
    readonly kind: "binary";
    readonly part: readonly number[];
    readonly peek: boolean;
    readonly partial: Partial | null;
  }
  | { readonly kind: "binary-size"; readonly part: readonly number[] }
  | {
    readonly kind: "section";
    readonly section: Section;
    /** False: fetching it sets \Seen. */
    readonly peek: boolean;
    readonly partial: Partial | null;
    /** How the response names it: BODY[...] or one of RFC 3501's old names. */
    readonly name: "BODY" | "RFC822" | "RFC822.HEADER" | "RFC822.TEXT";
  };

/** A calendar day as days since 1970-01-01, without a time zone. */
export type Day = number;

/** Search text, decoded from the command's charset. */
export type SearchKey =
  | { readonly kind: "all" }
  | { readonly kind: "and"; readonly keys: readonly SearchKey[] }
  | { readonly kind: "or"; readonly left: SearchKey; readonly right: SearchKey }
  | { readonly kind: "not"; readonly key: SearchKey }
  | { readonly kind: "sequence"; readonly set: SequenceSet }
  | { readonly kind: "uid"; readonly set: SequenceSet }
  /** One of the store's system bits; `on: false` for UNSEEN, UNDELETED and so on. */
  | { readonly kind: "flag"; readonly bit: FlagBits; readonly on: boolean }
  | { readonly kind: "keyword"; readonly keyword: string; readonly on: boolean }
  /** RFC 8514 4.3: when it came into the mailbox. */
  | { readonly kind: "saved"; readonly compare: "before" | "on" | "since"; readonly day: Day }
  /** RFC 8474 5.3. */
  | { readonly kind: "email-id" | "thread-id"; readonly id: string }
  | { readonly kind: "recent" }
  | { readonly kind: "new" }
  | { readonly kind: "old" }
  /** INTERNALDATE (`sent: false`) or the Date field's day as written there (`sent: true`). */
  | { readonly kind: "before" | "on" | "since"; readonly day: Day; readonly sent: boolean }
  | { readonly kind: "larger" | "smaller"; readonly octets: number }
  /** WITHIN (RFC 5032): INTERNALDATE against now. */
  | { readonly kind: "older" | "younger"; readonly seconds: number }
  /** RFC 7162 3.1.5: changed at this mod-sequence or later. */
  | { readonly kind: "modseq"; readonly least: number }
  /** FROM, TO, CC, BCC, SUBJECT and HEADER. An empty `text` matches if the field is there at all. */
  | { readonly kind: "header"; readonly field: string; readonly text: string }
  | { readonly kind: "body"; readonly text: string }
  | { readonly kind: "text"; readonly text: string };

/** ESEARCH (RFC 4731); RELEVANCY (RFC 6203). */
export type SearchReturn = "MIN" | "MAX" | "ALL" | "COUNT" | "RELEVANCY";

/** What is told of a search's results. */
export interface ResultOptions {
  /** null: a plain SEARCH or SORT response. `RETURN ()` comes as ["ALL"] (RFC 4731 3.1). */
  readonly returns: readonly SearchReturn[] | null;
  /** Keep them for "$" (RFC 5182). */
  readonly save: boolean;
  /** Tell of changes later (RFC 5267). */
  readonly update: boolean;
  /** And this of new messages (RFC 5465 7). */
  readonly updateItems?: readonly FetchItem[];
  readonly partial: PartialRange | null;
}

/** What SORT compares (RFC 5256 3, RFC 5957). */
export type SortKey =
  | "ARRIVAL"
  | "CC"
  | "DATE"
  | "DISPLAYFROM"
  | "DISPLAYTO"
  | "FROM"
  | "RELEVANCY" // RFC 6203
  | "SIZE"
  | "SUBJECT"
  | "TO";
export interface SortCriterion {
  readonly key: SortKey;
  readonly reverse: boolean;
}

/** RFC 5256 3; REFS is Dovecot's (draft-ietf-morg-inthread). */
export type ThreadAlgorithm = "ORDEREDSUBJECT" | "REFERENCES" | "REFS";

export type StoreAction = "replace" | "add" | "remove";

/** A piece of a message that is put together: octets that came with the command, or a URL as it was written. */
export type CatenatePart =
  | { readonly kind: "text"; readonly size: number; readonly binary: boolean }
  | { readonly kind: "url"; readonly url: string };

/** One message of an APPEND (several: MULTIAPPEND, RFC 3502). Its octets went to whom the driver said, in this order. */
export interface AppendMessage {
  readonly flags: NamedFlags;
  /** Milliseconds since 1970, or null for now. */
  readonly internalDate: number | null;
  /** Of what came with the command. */
  readonly size: number;
  /** Sent as literal8 (RFC 3516). */
  readonly binary: boolean;
  /** What it is put together from (CATENATE, RFC 4469); absent where it came in one piece. */
  readonly parts?: readonly CatenatePart[];
}

/** A command without arguments. */
export interface BareCommand<V extends string> {
  readonly verb: V;
}
export interface MailboxCommand<V extends string> {
  readonly verb: V;
  readonly mailbox: string;
}
export interface LoginCommand {
  readonly verb: "LOGIN";
  readonly user: string;
  readonly password: string;
}
export interface AuthenticateCommand {
  readonly verb: "AUTHENTICATE";
  /** In capitals. */
  readonly mechanism: string;
  /** SASL-IR (RFC 4959): base64 as sent ("=" is an empty response), or null. */
  readonly initial: string | null;
}
export interface EnableCommand {
  readonly verb: "ENABLE";
  /** In capitals. */
  readonly capabilities: readonly string[];
}
export interface IdCommand {
  readonly verb: "ID";
  /** null for NIL. Values are null for NIL. */
  readonly fields: readonly { readonly name: string; readonly value: string | null }[] | null;
}
/** What a client knew when it went away (RFC 7162 3.2.5). */
export interface Resync {
  readonly uidValidity: number;
  readonly modSeq: number;
  /** The UIDs it knows; null for all up to then. */
  readonly known: SequenceSet | null;
  /** It told of sequence numbers, too. */
  readonly numbered?: true;
}
export interface SelectCommand<V extends "SELECT" | "EXAMINE"> {
  readonly verb: V;
  readonly mailbox: string;
  /** CONDSTORE (RFC 7162 3.1.8) or QRESYNC was asked for. */
  readonly condstore: boolean;
  readonly resync: Resync | null;
}
export interface CreateCommand {
  readonly verb: "CREATE";
  readonly mailbox: string;
  /** The name as the client wrote it, where ours is another form of it; else null. */
  readonly asked: string | null;
  /** CREATE-SPECIAL-USE (RFC 6154 3); empty when not asked for. Unknown ones are told apart by the parser (NO [USEATTR]). */
  readonly specialUse: readonly SpecialUse[];
}
export interface RenameCommand {
  readonly verb: "RENAME";
  readonly from: string;
  readonly to: string;
}
export interface ListCommand {
  readonly verb: "LIST";
  readonly reference: string;
  /** With "%" and "*"; at least one. */
  readonly patterns: readonly string[];
  readonly select: readonly ListSelect[];
  readonly returns: readonly ListReturn[];
  /** LIST-STATUS (RFC 5819): what to tell, or null when not asked for. */
  readonly status: readonly StatusItem[] | null;
  /** LIST-METADATA (RFC 9590): entries to tell; empty for none. */
  readonly metadata: readonly string[];
  /** Any selection option, return option or pattern list was there: RFC 5258 rules apply. */
  readonly extended: boolean;
}
export interface LsubCommand {
  readonly verb: "LSUB";
  readonly reference: string;
  readonly pattern: string;
}
export interface StatusCommand {
  readonly verb: "STATUS";
  readonly mailbox: string;
  readonly items: readonly StatusItem[];
}
export interface AppendCommand {
  readonly verb: "APPEND";
  readonly mailbox: string;
  readonly messages: readonly AppendMessage[];
}
/** RFC 8508 3: `set` names one message. */
export interface ReplaceCommand {
  readonly verb: "REPLACE";
  readonly uid: boolean;
  readonly set: SequenceSet;
  readonly mailbox: string;
  readonly message: AppendMessage;
}
export interface ExpungeCommand {
  readonly verb: "EXPUNGE";
  /** UID EXPUNGE (RFC 4315); then `set` is there. */
  readonly uid: boolean;
  readonly set: SequenceSet | null;
}
export interface SearchCommand extends ResultOptions {
  readonly verb: "SEARCH";
  readonly uid: boolean;
  readonly key: SearchKey;
}
/** Mailboxes by what they are (RFC 5465 6, RFC 7377 2.2). */
export type MailboxFilter =
  | { readonly kind: "selected" | "inboxes" | "personal" | "subscribed" }
  | { readonly kind: "subtree" | "subtree-one" | "mailboxes"; readonly names: readonly string[] };
/** MULTISEARCH (RFC 7377). */
export interface MultiSearchCommand extends ResultOptions {
  readonly verb: "ESEARCH";
  /** Its results always are. */
  readonly uid: true;
  readonly key: SearchKey;
  /** null: the selected mailbox. */
  readonly sources: readonly MailboxFilter[] | null;
}
/** RFC 5267 4.3.5. */
export interface CancelUpdateCommand {
  readonly verb: "CANCELUPDATE";
  readonly tags: readonly string[];
}
export interface SortCommand extends ResultOptions {
  readonly verb: "SORT";
  readonly uid: boolean;
  readonly key: SearchKey;
  readonly criteria: readonly SortCriterion[];
}
export interface ThreadCommand {
  readonly verb: "THREAD";
  readonly uid: boolean;
  readonly key: SearchKey;
  readonly algorithm: ThreadAlgorithm;
}
export interface FetchCommand {
  readonly verb: "FETCH";
  readonly uid: boolean;
  readonly set: SequenceSet;
  /** Macros are spelt out. Without UID FETCH's implicit UID: the fetcher adds it. */
  readonly items: readonly FetchItem[];
  /** CHANGEDSINCE (RFC 7162 3.1.4.1), and whether VANISHED (3.2.6) came with it. */
  readonly changedSince: { readonly modSeq: number; readonly vanished: boolean } | null;
  /** Only some of the messages, counted among those there are (RFC 9394 3.2). */
  readonly partial?: PartialRange;
}
export interface StoreCommand {
  readonly verb: "STORE";
  readonly uid: boolean;
  readonly set: SequenceSet;
  readonly action: StoreAction;
  readonly silent: boolean;
  readonly flags: NamedFlags;
  /** RFC 7162 3.1.3: only messages that have not changed since. */
  readonly unchangedSince: number | null;
}
export interface CopyCommand<V extends "COPY" | "MOVE"> {
  readonly verb: V;
  readonly uid: boolean;
  readonly set: SequenceSet;
  readonly mailbox: string;
}

/** GETQUOTA (RFC 9208 4.1.1). */
export interface QuotaCommand {
  readonly verb: "GETQUOTA";
  readonly root: string;
}
export interface SetQuotaCommand {
  readonly verb: "SETQUOTA";
  readonly root: string;
}

export interface CompressCommand {
  readonly verb: "COMPRESS";
  /** In capitals. */
  readonly algorithm: string;
}

/** RFC 5464. Entry names in lower case; mailbox "" is the account. */
export interface GetMetadataCommand {
  readonly verb: "GETMETADATA";
  readonly mailbox: string;
  readonly entries: readonly string[];
  /** Values above are only counted; null for no bound. */
  readonly maxSize: number | null;
  /** Levels below each entry: 0, 1 or Infinity. */
  readonly depth: number;
}
export interface SetMetadataCommand {
  readonly verb: "SETMETADATA";
  readonly mailbox: string;
  /** null takes an entry away. */
  readonly entries: ReadonlyMap<string, Uint8Array | null>;
}

/** One member a verb. */
export type CommandBody =
  | BareCommand<"CAPABILITY">
  | BareCommand<"NOOP">
  | BareCommand<"LOGOUT">
  | BareCommand<"STARTTLS">
  | BareCommand<"NAMESPACE">
  | BareCommand<"IDLE">
  | BareCommand<"CHECK">
  | BareCommand<"CLOSE">
  | BareCommand<"UNSELECT">
  | BareCommand<"UNAUTHENTICATE">
  | ReplaceCommand
  | GetMetadataCommand
  | SetMetadataCommand
  | CompressCommand
  | QuotaCommand
  | SetQuotaCommand
  | MailboxCommand<"GETQUOTAROOT">
  | MailboxCommand<"GETACL">
  | MailboxCommand<"MYRIGHTS">
  | SetAclCommand
  | AclIdCommand<"DELETEACL">
  | AclIdCommand<"LISTRIGHTS">
  | AuthenticateCommand
  | LoginCommand
  | EnableCommand
  | IdCommand
  | SelectCommand<"SELECT">
  | SelectCommand<"EXAMINE">
  | CreateCommand
  | MailboxCommand<"DELETE">
  | RenameCommand
  | MailboxCommand<"SUBSCRIBE">
  | MailboxCommand<"UNSUBSCRIBE">
  | ListCommand
  | LsubCommand
  | StatusCommand
  | AppendCommand
  | ExpungeCommand
  | SearchCommand
  | SortCommand
  | ThreadCommand
  | MultiSearchCommand
  | CancelUpdateCommand
  | NotifyCommand
  | FetchCommand
  | StoreCommand
  | CopyCommand<"COPY">
  | CopyCommand<"MOVE">;

export type Command = CommandBody & { readonly tag: string };
export type Verb = CommandBody["verb"];

/** Why a command was not understood. The reply is `tag` (or "*" where null) BAD or NO with `text`. */
export type ParseError =
  /** BAD. */
  | { readonly kind: "bad"; readonly tag: string | null; readonly text: string }
  /** NO [BADCHARSET (...)] (RFC 3501 6.4.4). */
  | { readonly kind: "charset"; readonly tag: string; readonly text: string }
  /** The same, of a search whose result was to be kept: nothing is (RFC 5182 2.1). */
  | { readonly kind: "saving-charset"; readonly tag: string; readonly text: string }
  /** NO [CANNOT]: well-formed, but a name that cannot be (not modified UTF-7, say). */
  | { readonly kind: "name"; readonly tag: string; readonly text: string }
  /** NO [USEATTR] (RFC 6154 3). */
  | { readonly kind: "use-attr"; readonly tag: string; readonly text: string };

/** A piece of a command: text between literals (without CRLF and the {n} at its end), or a literal. */
export type Piece =
  | { readonly kind: "text"; readonly bytes: Uint8Array }
  | { readonly kind: "literal"; readonly bytes: Uint8Array; readonly binary: boolean }
  /** A literal whose octets went elsewhere ("stream"). */
  | { readonly kind: "streamed"; readonly size: number; readonly binary: boolean };

/** What the assembler tells its driver. Bytes and pieces are the driver's to keep, but for `data`. */
export type AssembleEvent =
  /** A whole command (or, where the driver waits for one, a continuation line: base64, DONE). */
  | { readonly kind: "command"; readonly pieces: readonly Piece[] }
  /**
   * A literal is announced: call `decide` before the next `next`. `pieces` is the command so far; `parseAppendHead` tells whether it
   * is an APPEND's message. `synchronising`: the client waits for "+".
   */
  | {
    readonly kind: "literal";
    readonly size: number;
    readonly synchronising: boolean;
    readonly binary: boolean;
    readonly pieces: readonly Piece[];
  }
  /** Send "+ OK" now: a synchronising literal was accepted. */
  | { readonly kind: "continue" }
  /** Octets of a literal that is streamed; valid until the next push. */
  | { readonly kind: "data"; readonly bytes: Uint8Array }
  /** The streamed literal is complete. `nul`: it held a NUL, which only literal8 may. */
  | { readonly kind: "data-end"; readonly nul: boolean }
  /** A command with a refused literal is over (what of it was under way was read and thrown away): answer NO or BAD. */
  | { readonly kind: "refused"; readonly tag: string | null }
  /** A line over the cap; it is being thrown away up to its CRLF: answer BAD. */
  | { readonly kind: "too-big"; readonly tag: string | null }
  /** A bare CR or LF, or NUL, in a line; it is being thrown away up to its CRLF: answer BAD. */
  | { readonly kind: "bad-line"; readonly tag: string | null; readonly why: "bare" | "nul" }
  /** Too much to throw away: answer BYE and close. Nothing comes after it. */
  | { readonly kind: "fatal" };

/** "refuse" for what is too big or has no place; see `AssembleEvent`. */
export type LiteralDecision = "buffer" | "stream" | "refuse";
