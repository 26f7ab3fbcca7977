/**
 * The messages of an APPEND while they arrive: each literal goes straight into a draft of the store, and so does what URLs name (CATENATE, RFC 4469),
 * in the order of the command. Once something is refused the rest is taken and thrown away, so that the connection stays in step; the refusal
 * is the command's reply.
 */
import { APPEND_MESSAGES, BODY_IN_MEMORY, CATENATE_PARTS, CATENATE_WORK } from "../base/limits.ts";
import { BinaryParts } from "../mail/binary_parts.ts";
import { INSERT } from "../store/rights.ts";
import type { Draft } from "../store/store.ts";
import { isOthers, openToRead, reach } from "./access.ts";
import { parseImapUrl, quotedUrl } from "./imap_url.ts";
import type { AppendHead } from "./parse.ts";
import { no, REPLIES, type Reply } from "./reply.ts";
import type { ImapSession } from "./session.ts";
import { Slice } from "./slice.ts";
import type { AppendMessage, CatenatePart, LiteralDecision } from "./types.ts";
import { UrlContents } from "./url_contents.ts";

const TOO_BIG = no("TOOBIG", "Message is larger than this server takes"); // RFC 4469 4.2
const NUL = no("UNKNOWN-CTE", "Message holds NUL octets"); // RFC 3516 4.4
const NOT_TEXT = no("UNKNOWN-CTE", "Message has octets that its parts do not say are binary");
const TOO_MANY = no("LIMIT", "Too many messages or parts in one command");
const TOO_MUCH = no("LIMIT", "URLs name too much for one command");

export class AppendDrafts {
  readonly #session: ImapSession;
  #drafts: Draft[] = [];
  #refusal: Reply | null = null;
  /** Takes binary parts out of what comes as literal8: messages are kept as text. */
  #binary: BinaryParts | null = null;
  #text: Uint8Array[] = [];
  /** The literal is a literal8 in a message that did not begin with one: what it holds is not taken out. */
  #textOnly = false;
  /** Whole messages so far; of the one after them: parts, and octets as they came. */
  #whole = 0;
  #parts = 0;
  #size = 0;
  /** Of the command: all parts, and octets read for its URLs. */
  #allParts = 0;
  #work = 0;
  #urls: UrlContents | null = null;

  constructor(session: ImapSession) {
    this.#session = session;
  }

  /** Nothing is under way. */
  get empty(): boolean {
    return this.#drafts.length === 0 && this.#refusal === null;
  }

  /** A literal of `size` octets is announced. A refused one that is coming anyway is streamed, to nowhere. */
  async announce(
    head: AppendHead,
    literal: { readonly size: number; readonly synchronising: boolean; readonly binary: boolean },
  ): Promise<LiteralDecision> {
    const { size, synchronising, binary } = literal;
    if (head.before.length >= APPEND_MESSAGES) this.#refusal ??= TOO_MANY;
    this.#refusal ??= await this.#check(head, size);
    if (this.#refusal === null) {
      try {
        await this.#catchUp(head.before, head.parts);
        await this.#begin(head, size, binary);
      } catch (cause) {
        this.#refusal = this.#session.fault(cause);
      }
    }
    if (this.#refusal === null) return "stream";
    // More than twice what is allowed is not worth the wait: the assembler gives the connection up. Of many parts each would be looked at.
    const over = size > 2 * this.#session.ports.config.messageSize || this.#refusal === TOO_MANY;
    return synchronising || over ? "refuse" : "stream";
  }

  /** Octets of the message; the array is not kept. */
  async write(bytes: Uint8Array): Promise<void> {
    if (this.#textOnly && bytes.includes(0)) this.#refusal ??= NUL;
    if (this.#refusal !== null) return;
    try {
      await this.#keep(bytes);
    } catch (cause) {
      this.#refusal ??= this.#session.fault(cause);
    }
  }

  /** The literal is complete. */
  async end(nul: boolean): Promise<void> {
    if (this.#parts === 0) await this.#endBinary();
    if (nul) this.#refusal ??= NUL;
  }

  /** Hands over what arrived, and what the rest of the command's messages names; the caller aborts the drafts. */
  async take(
    messages: readonly AppendMessage[],
  ): Promise<{ readonly drafts: readonly Draft[]; readonly refusal: Reply | null }> {
    if (this.#refusal === null) {
      try {
        await this.#catchUp(messages, null);
      } catch (cause) {
        this.#refusal = this.#session.fault(cause);
      }
    }
    return this.#reset();
  }

  /** Drops what arrived: the command came to nothing. Gives why it was refused, if it was. */
  async drop(): Promise<Reply | null> {
    const { drafts, refusal } = this.#reset();
    for (const draft of drafts) await draft.abort();
    return refusal;
  }

  #reset(): { readonly drafts: readonly Draft[]; readonly refusal: Reply | null } {
    const had = { drafts: this.#drafts, refusal: this.#refusal };
    this.#drafts = [];
    this.#refusal = null;
    this.#binary = null;
    this.#text = [];
    this.#textOnly = false;
    this.#whole = this.#parts = this.#size = 0;
    this.#allParts = this.#work = 0;
    this.#urls?.close();
    this.#urls = null;
    return had;
  }

  /** A literal begins: a message, or a part of one. */
  async #begin(head: AppendHead, size: number, binary: boolean): Promise<void> {
    if (this.#refusal !== null || !this.#count(head.parts === null ? 0 : 1, size)) return;
    if (this.#drafts.length === this.#whole) {
      this.#drafts.push(await this.#session.mail.draft(size));
      this.#binary = binary ? new BinaryParts((view) => this.#text.push(view.slice())) : null;
    }
    this.#textOnly = binary && this.#binary === null;
  }

  /** Counts what is coming; false where it is too much. */
  #count(parts: number, size: number): boolean {
    this.#parts += parts;
    this.#allParts += parts;
    this.#size += size;
    if (this.#size > this.#session.ports.config.messageSize) this.#refusal = TOO_BIG;
    if (this.#allParts > CATENATE_PARTS) this.#refusal = TOO_MANY;
    return this.#refusal === null;
  }

  /** Brings the drafts up to what the command says so far: these messages in full, and of one more these parts. */
  async #catchUp(messages: readonly AppendMessage[], more: readonly CatenatePart[] | null): Promise<void> {
    while (this.#whole < messages.length && this.#refusal === null) {
      const parts = messages[this.#whole]?.parts;
      if (parts) await this.#catenate(parts);
      await this.#endBinary();
      this.#whole++;
      this.#parts = this.#size = 0;
    }
    if (more !== null) await this.#catenate(more);
  }

  /** Adds parts that are not there yet: these are URLs, as the octets of literals came already. */
  async #catenate(parts: readonly CatenatePart[]): Promise<void> {
    for (let i = this.#parts; i < parts.length && this.#refusal === null; i++) {
      const part = parts[i];
      if (part?.kind === "url") this.#refusal = await this.#add(part.url);
    }
  }

  /** Adds what a URL names; or tells why not. */
  async #add(text: string): Promise<Reply | null> {
    const session = this.#session;
    const { mail, boxOrNull, ports } = session;
    this.#urls ??= new UrlContents(
      (name) => openToRead(session, name),
      new Slice(ports.clock, () => ports.pause()),
    );
    const url = parseImapUrl(text);
    const found = url && await this.#urls.find(url, boxOrNull?.name ?? null);
    if (!found) return no(`BADURL ${quotedUrl(text)}`, "URL names nothing that is here"); // RFC 4469 4.1
    if (!this.#count(1, found.size)) return this.#refusal;
    this.#work += found.size;
    if (this.#work + this.#urls.read > CATENATE_WORK * ports.config.messageSize) return TOO_MUCH;
    if (this.#drafts.length === this.#whole) this.#drafts.push(await mail.draft(found.size));
    for await (const chunk of found.chunks()) await this.#keep(chunk);
    return null;
  }

  async #keep(bytes: Uint8Array): Promise<void> {
    const draft = this.#drafts[this.#drafts.length - 1];
    if (this.#binary === null) return await draft?.write(bytes);
    this.#binary.write(bytes);
    await this.#keepText();
  }

  async #keepText(): Promise<void> {
    const text = this.#text;
    this.#text = [];
    for (const piece of text) await this.#drafts[this.#drafts.length - 1]?.write(piece);
  }

  /** The message is complete. */
  async #endBinary(): Promise<void> {
    const binary = this.#binary;
    this.#binary = null;
    if (binary === null || this.#refusal !== null) return;
    binary.end();
    await this.#keepText();
    if (binary.fault !== null) this.#refusal = NOT_TEXT;
  }

  async #check(head: AppendHead, size: number): Promise<Reply | null> {
    // A large message for a folder that is not there is refused before it travels; for small ones the look is not worth it.
    if (size <= BODY_IN_MEMORY) return null;
    if (isOthers(this.#session, head.mailbox)) {
      const place = await reach(this.#session, head.mailbox, INSERT);
      return "status" in place ? place : null;
    }
    const entries = await this.#session.mail.list();
    return entries.some((e) => e.exists && e.name === head.mailbox) ? null : REPLIES.tryCreate;
  }
}
