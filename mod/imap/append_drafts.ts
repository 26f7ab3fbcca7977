/**
 * The messages of an APPEND while they arrive: each literal goes straight into a draft of the store. Once something is refused
 * the rest is taken and thrown away, so that the connection stays in step; the refusal is the command's reply.
 */
import { BODY_IN_MEMORY } from "../base/limits.ts";
import { BinaryParts } from "../mail/binary_parts.ts";
import type { Draft } from "../store/store.ts";
import type { AppendHead } from "./parse.ts";
import { no, REPLIES, type Reply } from "./reply.ts";
import type { ImapSession } from "./session.ts";
import type { LiteralDecision } from "./types.ts";

const TOO_BIG = no("TOOBIG", "Message is larger than this server takes"); // RFC 4469 4.2
const NUL = no("UNKNOWN-CTE", "Message holds NUL octets"); // RFC 3516 4.4
const NOT_TEXT = no("UNKNOWN-CTE", "Message has octets that its parts do not say are binary");

export class AppendDrafts {
  readonly #session: ImapSession;
  #drafts: Draft[] = [];
  #refusal: Reply | null = null;
  /** Takes binary parts out of what comes as literal8: messages are kept as text. */
  #binary: BinaryParts | null = null;
  #text: Uint8Array[] = [];

  constructor(session: ImapSession) {
    this.#session = session;
  }

  /** A message of `size` octets is announced. A refused one that is coming anyway is streamed, to nowhere. */
  async announce(
    head: AppendHead,
    literal: { readonly size: number; readonly synchronising: boolean; readonly binary: boolean },
  ): Promise<LiteralDecision> {
    const { size, synchronising, binary } = literal;
    this.#refusal ??= await this.#check(head, size);
    if (this.#refusal === null) {
      try {
        this.#drafts.push(await this.#session.mail.draft(size));
        this.#binary = binary ? new BinaryParts((view) => this.#text.push(view.slice())) : null;
      } catch (cause) {
        this.#refusal = this.#session.fault(cause);
      }
    }
    if (this.#refusal === null) return "stream";
    // More than twice what is allowed is not worth the wait: the assembler gives the connection up.
    return synchronising || size > 2 * this.#session.ports.config.messageSize ? "refuse" : "stream";
  }

  /** Octets of the message; the array is not kept. */
  async write(bytes: Uint8Array): Promise<void> {
    if (this.#refusal !== null) return;
    if (this.#binary === null) return await this.#keep(bytes.slice());
    this.#binary.write(bytes);
    await this.#keepText();
  }

  /** The message is complete. */
  async end(nul: boolean): Promise<void> {
    const binary = this.#binary;
    this.#binary = null;
    if (binary !== null && this.#refusal === null) {
      binary.end();
      await this.#keepText();
      if (binary.fault !== null) this.#refusal ??= NOT_TEXT;
    }
    this.#text = [];
    if (nul) this.#refusal ??= NUL;
  }

  async #keepText(): Promise<void> {
    const text = this.#text;
    this.#text = [];
    for (const piece of text) await this.#keep(piece);
  }

  async #keep(bytes: Uint8Array): Promise<void> {
    try {
      await this.#drafts[this.#drafts.length - 1]?.write(bytes);
    } catch (cause) {
      this.#refusal ??= this.#session.fault(cause);
    }
  }

  /** Hands over what arrived; the caller aborts the drafts. */
  take(): { readonly drafts: readonly Draft[]; readonly refusal: Reply | null } {
    const taken = { drafts: this.#drafts, refusal: this.#refusal };
    this.#drafts = [];
    this.#refusal = null;
    return taken;
  }

  /** Drops what arrived: the command came to nothing. Gives why it was refused, if it was. */
  async drop(): Promise<Reply | null> {
    const { drafts, refusal } = this.take();
    for (const draft of drafts) await draft.abort();
    return refusal;
  }

  async #check(head: AppendHead, size: number): Promise<Reply | null> {
    if (size > this.#session.ports.config.messageSize) return TOO_BIG;
    // A large message for a folder that is not there is refused before it travels; for small ones the look is not worth it.
    if (size <= BODY_IN_MEMORY) return null;
    const entries = await this.#session.mail.list();
    return entries.some((e) => e.exists && e.name === head.mailbox) ? null : REPLIES.tryCreate;
  }
}
