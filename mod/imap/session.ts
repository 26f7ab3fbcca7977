/**
 * One IMAP session without its connection: takes parsed commands, writes responses into an `Output`, and says what the driver
 * must do next. Invariants:
 * - `command` and `line` never throw but for a lost connection: a fault of the disk is NO [UNAVAILABLE] or [OVERQUOTA], anything else
 *   unforeseen is NO [SERVERBUG] with an id that is in the log too. The session goes on.
 * - What others did to the mailbox is told just before the tagged reply; EXPUNGE only where `Rule.tells` allows it.
 */
import type { AccountId } from "../account/directory.ts";
import { isFsError } from "../base/fs.ts";
import { IMAP_ERRORS, NOTIFY_BATCH } from "../base/limits.ts";
import { isLoopback, parseIp } from "../base/ip.ts";
import type { Log } from "../base/log.ts";
import { offeredMechanisms, type SaslPeer, type SaslTls } from "../sasl/exchange.ts";
import type { MailboxIndex, MailIndex, ModSeqs } from "../store/mail_index.ts";
import type { AccountMail, Mailbox, Uid } from "../store/store.ts";
import type { Endpoint } from "../wire/conn.ts";
import { ConnectionLost } from "../wire/conn.ts";
import type { SharedAccess } from "./access.ts";
import { AppendDrafts } from "./append_drafts.ts";
import { capabilities } from "./capability.ts";
import { writeStatus } from "./format.ts";
import { fillWords } from "./message_text.ts";
import type { Notices } from "./notices.ts";
import type { Output } from "./output.ts";
import type { ParseOptions } from "./parse_reader.ts";
import type { ImapPorts } from "./ports.ts";
import { Progress } from "./progress.ts";
import { bad, faultReply, no, REPLIES, type Reply } from "./reply.ts";
import { type Handled, type Phase, type Rule, RULES, type Tells, type Wait } from "./rules.ts";
import type { Selected } from "./selected.ts";
import { writeFlagLists } from "./tell.ts";
import { tellNews, tellRemoved, tellSelected } from "./tell_selected.ts";
import type { Command, ParseError } from "./types.ts";
import { UID_REQUIRED, usesNumbers } from "./uid_only.ts";

/** What the driver does next. "line": the next line belongs to the command under way (`line`). "starttls", "compress": begin it. */
export type Next = "command" | "line" | "starttls" | "compress" | "close";

/** Who is at the other end, as it is now. */
export interface Peer {
  readonly remote: Endpoint;
  readonly tls: SaslTls | null;
}

/** The command a reply belongs to. */
interface Origin {
  readonly tag: string;
  readonly tells: Tells;
  /** A UID command: FETCH responses carry the UID (RFC 3501 6.4.8). */
  readonly uid: boolean;
  /** It may have removed messages. */
  readonly removes: boolean;
}

/** Response codes of what was understood, and cannot be. */
const FAULT_CODES: Readonly<Record<Exclude<ParseError["kind"], "bad">, string>> = {
  charset: "BADCHARSET (US-ASCII UTF-8)",
  "saving-charset": "BADCHARSET (US-ASCII UTF-8)",
  name: "CANNOT",
  "use-attr": "USEATTR",
};

export class ImapSession {
  readonly ports: ImapPorts;
  readonly out: Output;
  readonly peer: Peer;
  /** Messages of an APPEND on their way. */
  readonly appends: AppendDrafts = new AppendDrafts(this);
  /** Called when there is something to tell while the session idles, or the mailbox is gone. */
  onNews: (() => void) | null = null;
  /** Extensions that are enabled, by ENABLE or by being used. */
  readonly enabled: Set<string> = new Set();
  /** COMPRESS was done. */
  compressed = false;
  /** Of the command under way, if it may take long; null as long as there was none. */
  progress: Progress | null = null;
  /** What is told of other mailboxes; null as long as the client has not asked. */
  notices: Notices | null = null;
  /** Wrong passwords so far. */
  failures = 0;
  #log: Log;
  #mail: AccountMail | null = null;
  #account = "";
  #box: Selected | null = null;
  #over = false;
  /** Folders were removed or renamed. */
  #removed = false;
  /** Bad commands in a row. */
  #bad = 0;
  #waiting: { readonly by: Origin; readonly wait: Wait } | null = null;

  constructor(ports: ImapPorts, peer: Peer, out: Output) {
    this.ports = ports;
    this.peer = peer;
    this.out = out;
    this.#log = ports.log.with({ remote: peer.remote.address });
  }

  get log(): Log {
    return this.#log;
  }

  get phase(): Phase {
    if (this.#over) return "logout";
    if (this.#mail === null) return "fresh";
    return this.#box === null ? "authenticated" : "selected";
  }

  /** Whether the client is waiting in IDLE. */
  get idling(): boolean {
    return this.#waiting?.wait.idle === true;
  }

  /** The account's mail. Only for commands whose rule asks for authentication. */
  get mail(): AccountMail {
    if (this.#mail === null) throw new TypeError("Cannot use mail before authentication");
    return this.#mail;
  }

  /** Whose mail that is. */
  get account(): AccountId {
    return this.#account;
  }

  /** The selected mailbox. Only for commands whose rule asks for one. */
  get box(): Selected {
    if (this.#box === null) throw new TypeError("Cannot use a mailbox before one is selected");
    return this.#box;
  }

  /** The selected mailbox, or null. */
  get boxOrNull(): Selected | null {
    return this.#box;
  }

  /** Whether passwords may be sent now. */
  get passwordsAllowed(): boolean {
    if (this.peer.tls !== null) return true;
    const ip = parseIp(this.peer.remote.address);
    return this.ports.config.cleartext === "loopback" && ip !== null && isLoopback(ip);
  }

  /** The client, as SASL mechanisms see it. */
  get saslPeer(): SaslPeer {
    return { remoteAddress: this.peer.remote.address, tls: this.peer.tls };
  }

  /** Whether STARTTLS can be done now. */
  get startTlsAllowed(): boolean {
    return this.peer.tls === null && this.ports.config.tls && this.#mail === null;
  }

  capabilities(): string {
    return capabilities({
      authenticated: this.#mail !== null,
      startTls: this.startTlsAllowed,
      login: this.passwordsAllowed,
      mechanisms: this.passwordsAllowed ? offeredMechanisms(this.ports.authenticator, this.saslPeer) : [],
      appendLimit: this.ports.config.messageSize,
      modSeqs: this.ports.index !== undefined,
      notices: this.#mail?.watch !== undefined,
      sharing: this.ports.sharing !== undefined,
      compression: this.ports.compression !== undefined && !this.compressed,
    });
  }

  greet(): void {
    this.out.line(`* OK [CAPABILITY ${this.capabilities()}] ${this.ports.config.hostname} Roost ready`);
  }

  /** Ends the session from our side. */
  bye(text: string): Next {
    this.out.line(`* BYE ${text}`);
    this.#over = true;
    return "close";
  }

  /** Login succeeded: from now on this account's mail. */
  authenticated(mail: AccountMail, account: string): void {
    this.#mail = mail;
    this.#account = account;
    this.#log = this.#log.with({ account });
  }

  /** Nobody is logged in any more, and nothing is enabled (RFC 8437 3). */
  unauthenticated(): void {
    this.select(null);
    this.#forgetRemoved();
    this.notices?.close();
    this.notices = null;
    this.#mail = null;
    this.#account = "";
    this.enabled.clear();
    this.#log = this.ports.log.with({ remote: this.peer.remote.address });
  }

  /** Whether names and strings travel as UTF-8 (RFC 6855 3, RFC 9051 5.1). */
  get utf8(): boolean {
    return this.enabled.has("UTF8=ACCEPT") || this.rev2;
  }

  /** Whether the client has asked for IMAP4rev2 (RFC 9051). */
  get rev2(): boolean {
    return this.enabled.has("IMAP4rev2");
  }

  /** Whether messages are named by UID alone (RFC 9586). */
  get uidOnly(): boolean {
    return this.enabled.has("UIDONLY");
  }

  /** How commands are read at the moment. */
  get parsing(): ParseOptions {
    return { utf8: this.utf8, charsets: !this.enabled.has("UTF8=ACCEPT") };
  }

  /** Whether mod-sequences are told (RFC 7162 3.1). */
  get condstore(): boolean {
    return this.enabled.has("CONDSTORE");
  }

  /**
   * The client has used what makes it one that knows mod-sequences: from now on they are told of the selected mailbox (RFC 7162 3.1). null where there
   * are none.
   */
  async enableCondstore(): Promise<ModSeqs | null> {
    this.enabled.add("CONDSTORE");
    const box = this.#box;
    const known = box?.modSeqs ?? null;
    const modSeqs = await box?.loadModSeqs() ?? null;
    if (box && modSeqs !== known) this.out.line(`* OK [HIGHESTMODSEQ ${modSeqs?.highest}] Highest`);
    return modSeqs;
  }

  /** The index of a mailbox of an account, by default the own one; null where there are none. */
  async openIndex(mailbox: Mailbox, account: AccountId = this.#account): Promise<MailboxIndex | null> {
    try {
      return await this.ports.index?.open(account, mailbox) ?? null;
    } catch (cause) {
      // All there is can be had without it, more slowly.
      this.#log.error("index not opened", {}, cause);
      return null;
    }
  }

  /** A folder was removed, or has another name: what is known of it is forgotten when the session ends, once for all of them. */
  folderRemoved(): void {
    this.#removed = true;
  }

  #forgetRemoved(): void {
    const { index, stopping } = this.ports;
    if (this.#removed && this.#mail !== null && index && !stopping?.aborted) {
      void this.#keepExisting(index, this.#mail, this.#account);
    }
    this.#removed = false;
  }

  async #keepExisting(index: MailIndex, mail: AccountMail, account: string): Promise<void> {
    try {
      const names = (await mail.list()).filter((e) => e.exists).map((e) => e.name);
      await index.keepOnly(account, names);
    } catch (cause) {
      // It is only space: the next session that removes a folder tries again.
      this.#log.debug("removed folders not forgotten", { cause: String(cause) });
    }
  }

  /** The index of a mailbox that somebody looks into for longer: its texts are put in. */
  async openFilledIndex(mailbox: Mailbox, account: AccountId): Promise<MailboxIndex | null> {
    const opened = await this.openIndex(mailbox, account);
    const { searchIndex = "opened" } = this.ports.config;
    // Where texts were searched before, what came since is put in, too.
    const fills = searchIndex === "opened" || (searchIndex === "searched" && (opened?.words?.upTo ?? 0) > 0);
    if (opened && fills) fillWords(opened, mailbox, this.ports);
    return opened;
  }

  /** Takes a mailbox as selected, or none; the one before is given back. */
  select(box: Selected | null): void {
    const before = this.#box;
    this.#box = box;
    if (before !== null) this.notices?.left(before);
    before?.close();
  }

  /** There is something to tell: the driver hears of it if the client is waiting for it. */
  news(): void {
    if (this.idling || this.notices?.always) this.onNews?.();
  }

  /** The client itself has put messages into a mailbox (RFC 5465 5.2). */
  added(name: string, uids: readonly Uid[]): void {
    const { notices } = this;
    const box = this.#box;
    if (box?.name !== name) notices?.added(name, uids);
    else if (notices?.selected?.items.length || box.updates.fetches) {
      for (const uid of uids) box.added.push(uid);
    }
  }

  /** Runs a command and writes its responses. */
  async command(command: Command): Promise<Next> {
    // The union of commands and the table of rules go by the same verb; the compiler cannot tie them together.
    const rule = RULES[command.verb] as Rule<Command>;
    if (this.#box?.shared && !this.#renewRights(this.#box, this.#box.shared)) {
      if (!rule.in.includes("authenticated")) {
        await this.appends.drop();
        this.reply(command.tag, REPLIES.noPermission);
        return this.#end("command");
      }
    }
    if (!rule.in.includes(this.phase)) {
      this.reply(command.tag, wrongPhase(this.phase, rule));
      return this.#end("command");
    }
    if (this.uidOnly && usesNumbers(command)) {
      await this.appends.drop();
      this.reply(command.tag, UID_REQUIRED);
      return this.#end("command");
    }
    const by = {
      tag: command.tag,
      tells: rule.tells(command),
      uid: "uid" in command && command.uid,
      removes: command.verb === "EXPUNGE" || command.verb === "MOVE" || command.verb === "REPLACE",
    };
    if (Progress.isLong(command.verb)) {
      this.progress ??= new Progress(this.ports.clock, this.out);
      this.progress.begin(command);
    }
    const release = this.#box?.hold();
    try {
      return await this.#handle(by, () => rule.run(this, command));
    } finally {
      release?.();
    }
  }

  /** Goes on with the command that waits for a line (after "line"). */
  async line(line: Uint8Array): Promise<Next> {
    const waiting = this.#waiting;
    if (waiting === null) throw new TypeError("Cannot take a line: no command waits for one");
    this.#waiting = null;
    return await this.#handle(waiting.by, () => waiting.wait.line(line));
  }

  /** Answers what was not a command. */
  reject({ kind, tag, text }: ParseError): Next {
    if (kind === "saving-charset" && this.#box !== null) this.#box.saved = [];
    this.reply(tag, kind === "bad" ? bad(text) : no(FAULT_CODES[kind], text));
    return this.#end("command");
  }

  /** Answers what could not even be read as a command. */
  refuse(tag: string | null, reply: Reply): Next {
    this.reply(tag, reply);
    return this.#end("command");
  }

  /** Writes a tagged reply (untagged where there was no tag to read). */
  reply(tag: string | null, reply: Reply): void {
    this.#bad = reply.status === "BAD" ? this.#bad + 1 : 0;
    writeStatus(this.out.buffer, tag ?? "*", reply.status, reply.code, reply.text);
  }

  /** Tells what there is to tell while the client idles, or at any time if it listens always. */
  tellIdling(): Next | Promise<Next> {
    if (!this.idling && !this.notices?.always) return "command";
    const { shared } = this.#box ?? {};
    if (this.#box && shared && !this.idling) this.#renewRights(this.#box, shared);
    else if (shared?.renew() === false) return this.bye("Mailbox may not be read any more");
    if (this.#ownWay) {
      const expunge = this.idling || this.notices?.selected?.delayed === false;
      return this.#tellOwnWay(expunge, false, false).then(() => this.#end("line"));
    }
    const told = this.#box?.gone === false ? tellNews(this, this.#box, true, false) : undefined;
    return told ? told.then(() => this.#end("line")) : this.#end("line");
  }

  /** Gives everything back. Harmless when called twice. */
  close(): void {
    this.#forgetRemoved();
    this.#over = true;
    this.#waiting = null;
    this.onNews = null;
    this.progress?.close();
    this.notices?.close();
    this.notices = null;
    this.select(null);
  }

  /** The reply to something unforeseen, which goes to the log under an id. */
  fault(cause: unknown): Reply {
    if (cause instanceof ConnectionLost) throw cause;
    const known = faultReply(cause);
    if (known !== null) {
      this.#log.warn("mail storage failed", { cause: String(cause) });
      return known;
    }
    const id = Array.from(this.ports.random.bytes(4), (b) => b.toString(16).padStart(2, "0")).join("");
    this.#log.error("imap command failed", { id }, cause);
    return no("SERVERBUG", `Internal error, the log has it as ${id}`);
  }

  /** Takes note of rights given or taken since the last command; where the mailbox may not be read any more it is left: false. */
  #renewRights(box: Selected, shared: SharedAccess): boolean {
    const before = box.flagsAllowed;
    if (!shared.renew()) {
      this.select(null);
      this.out.line("* OK [CLOSED] Selected mailbox may not be read any more");
      return false;
    }
    if (box.flagsAllowed !== before) writeFlagLists(this.out.buffer, box);
    return true;
  }

  async #handle(by: Origin, run: () => Handled | Promise<Handled>): Promise<Next> {
    let handled: Handled;
    try {
      const running = run();
      handled = running instanceof Promise ? await running : running;
    } catch (cause) {
      const gone = this.#box?.gone === true && isFsError(cause, "not-found");
      handled = gone ? REPLIES.noMailbox : this.fault(cause);
    } finally {
      this.progress?.hold();
    }
    if (this.#ownWay && by.tells !== "nothing" && !("line" in handled)) {
      const expunge = by.tells === "all" || this.notices?.selected?.delayed === false;
      await this.#tellOwnWay(expunge, by.uid, by.removes);
    }
    return this.#finish(by, handled);
  }

  /** Whether the client has asked to be told things in its own way (RFC 5465). */
  get #ownWay(): boolean {
    return this.notices !== null || this.#box?.updates.fetches === true;
  }

  /** `removes`: the client's own command has removed messages. */
  async #tellOwnWay(expunge: boolean, uid: boolean, removes: boolean): Promise<void> {
    const { notices } = this;
    const selected = notices?.selected;
    const box = this.#box?.gone ? null : this.#box;
    try {
      if (box && selected === undefined) {
        await tellSelected(this, box, { expunge, uid, flags: true, items: [] });
      } else if (box && selected?.events.has("MessageNew")) {
        const flags = selected.events.has("FlagChange");
        await tellSelected(this, box, { expunge, uid: true, flags, items: selected.items });
      } else if (box && removes) tellRemoved(this, box);
      await notices?.tell(NOTIFY_BATCH);
    } catch (cause) {
      // What was to be told is lost with it; the client can still ask. One that has gone needs none of it.
      if (!this.#over) this.fault(cause);
    }
    if (notices?.waiting) this.news();
  }

  #finish(by: Origin, handled: Handled): Next | Promise<Next> {
    if ("line" in handled) {
      this.#waiting = { by, wait: handled };
      this.out.line(`+ ${handled.prompt}`);
      return handled.idle ? this.tellIdling() : "line";
    }
    const box = this.#box;
    if (by.tells !== "nothing" && box !== null && !box.gone && !this.#ownWay) {
      const told = tellNews(this, box, by.tells === "all", by.uid);
      if (told) return told.then(() => this.#answer(by.tag, handled));
    }
    return this.#answer(by.tag, handled);
  }

  #answer(tag: string, handled: Exclude<Handled, Wait>): Next {
    this.reply(tag, handled);
    if (handled.then === "starttls" || handled.then === "compress") return handled.then;
    if (handled.then === "close") {
      this.#over = true;
      return "close";
    }
    return this.#end("command");
  }

  #end(next: Next): Next {
    if (this.#box?.gone) return this.bye("Mailbox is gone: it was removed, renamed or made anew");
    if (this.#bad >= IMAP_ERRORS) return this.bye("Too many bad commands");
    return next;
  }
}

function wrongPhase(phase: Phase, rule: Rule<Command>): Reply {
  if (phase === "fresh") return bad("Log in first");
  const needsMailbox = phase === "authenticated" && rule.in.includes("selected");
  return bad(needsMailbox ? "Select a mailbox first" : "Command is not allowed in this state");
}
