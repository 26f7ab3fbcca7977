import { AHEAD_FROM } from "../base/limits.ts";
import type { ParsedTexts } from "../store/mail_index.ts";
import type { Mailbox, Message, Reading, Uid } from "../store/store.ts";
import { MemorySource } from "./fetch_content.ts";
import type { FetchPlan } from "./fetch_plan.ts";

/** Messages in a row that have to be read though others of their kind are remembered: then it is worth to read ahead. */
const UNKNOWN = 32;

/** What is asked for, as far as reading goes. */
export interface ReadingRequest {
  readonly mailbox:
    & Pick<Mailbox, "contentNow">
    & { [M in "headerNow" | "reading"]?: Mailbox[M] };
  readonly view: readonly Message[];
  readonly seqs: readonly number[];
  readonly texts?: ParsedTexts;
}

/** The octets that a FETCH needs: of each message in its turn, most of them read before. */
export class FetchReading {
  readonly #request: ReadingRequest;
  readonly #plan: FetchPlan;
  /** Whether all that is asked for may be remembered. */
  readonly #cached: boolean;
  /** Where in `seqs` the message is that is next. */
  #place = 0;
  /** Whether the message that is next has to be read. */
  needed = false;
  #reading: Reading | null = null;
  /** Messages in a row that were not remembered. */
  #unknown = 0;

  constructor(request: ReadingRequest, plan: FetchPlan) {
    this.#request = request;
    this.#plan = plan;
    this.#cached = request.texts !== undefined && plan.items.every((item) => !("label" in item));
  }

  /** Whether only its header is read. */
  needsHeader(message: Message): boolean {
    const { needs } = this.#plan;
    return needs.header && !needs.body && !!this.#request.mailbox.headerNow && !this.#allCached(message);
  }

  /** The message at a place of `seqs` is next: resolves when it is read where that is under way, else null. */
  comes(place: number, message: Message): Promise<void> | null {
    if (!this.#plan.needs.content) return null;
    this.#place = place;
    this.needed = !this.#cached || !this.#allCached(message);
    if (!this.needed) {
      this.#unknown = 0;
      this.close();
      return null;
    }
    this.#unknown++;
    const { mailbox, seqs } = this.#request;
    const left = seqs.length - place;
    if (!this.#reading && left >= AHEAD_FROM && (!this.#cached || this.#unknown >= UNKNOWN)) {
      const part = this.#plan.needs.body ? "whole" : "header";
      this.#reading = mailbox.reading?.(part, left, () => this.#uids()) ?? null;
    }
    return this.#reading?.comes(message.uid) ?? null;
  }

  /** The message's octets, or its header's where that is enough; null when they have to be waited for. */
  now({ uid }: Message): MemorySource | null {
    const from = this.#reading ?? this.#request.mailbox;
    const bytes = (this.#plan.needs.body ? null : from.headerNow?.(uid)) ?? from.contentNow(uid);
    return bytes && new MemorySource(bytes);
  }

  /** Ends reading ahead. */
  close(): void {
    this.#reading?.close();
    this.#reading = null;
  }

  /** UIDs from the message that is next on. Whether they are remembered is not looked at: the index is read in order, too. */
  *#uids(): Generator<Uid> {
    const { view, seqs } = this.#request;
    for (let i = this.#place; i < seqs.length; i++) {
      const message = view[(seqs[i] ?? 0) - 1];
      if (message) yield message.uid;
    }
  }

  #allCached(message: Message): boolean {
    const { texts } = this.#request;
    if (!texts) return false;
    return this.#plan.items.every((item) => {
      if ("label" in item) return false;
      if (item.kind === "PREVIEW" && item.lazy) return true;
      return !isCached(item.kind) || texts.get(message, item.kind) !== null;
    });
  }
}

function isCached(kind: string): kind is "ENVELOPE" | "BODY" | "BODYSTRUCTURE" | "PREVIEW" {
  return kind === "ENVELOPE" || kind === "BODY" || kind === "BODYSTRUCTURE" || kind === "PREVIEW";
}
