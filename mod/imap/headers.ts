/** The headers of messages, as SORT and THREAD want them: from the index, else from the messages, and then remembered. */
import type { Clock } from "../base/clock.ts";
import type { MailboxIndex } from "../store/mail_index.ts";
import type { Mailbox, Message } from "../store/store.ts";
import { LargeSource } from "./fetch_content.ts";
import { type HeaderFacts, KeptHeader, readHeaderFacts, writeHeaderFacts } from "./header_facts.ts";
import { Slice } from "./slice.ts";

const NEEDS = { header: true, structure: false };
/** What one message costs apart from its octets, as octets. */
const MESSAGE_WORK = 1024;

export interface HeaderPorts {
  readonly mailbox: Pick<Mailbox, "content" | "contentNow" | "headerNow">;
  readonly clock: Pick<Clock, "monotonic">;
  /** Resolves after everybody else on the event loop had a turn. */
  pause(): Promise<void>;
  readonly index?: Pick<MailboxIndex, "texts"> | null;
}

/** Reads headers one after the other. Throws what the store throws. */
export class Headers {
  readonly slice: Slice;
  readonly #ports: HeaderPorts;

  constructor(ports: HeaderPorts) {
    this.#ports = ports;
    this.slice = new Slice(ports.clock, () => ports.pause());
  }

  /** A message's header; null when it has vanished. Cheapest in ascending order. */
  async read(message: Message): Promise<HeaderFacts | null> {
    const texts = this.#ports.index?.texts;
    if (this.slice.worked(MESSAGE_WORK)) await this.slice.breathe();
    const kept = texts?.get(message, "FIELDS");
    const read = kept && new KeptHeader(kept);
    const known = read?.facts;
    if (known && !read.raw) return known;
    const facts = known ?? await this.#facts(message);
    const text = texts && facts && writeHeaderFacts(facts);
    if (text) texts.put(message, "FIELDS", text);
    return facts;
  }

  async #facts(message: Message): Promise<HeaderFacts | null> {
    const { mailbox } = this.#ports;
    const now = mailbox.headerNow?.(message.uid) ?? mailbox.contentNow(message.uid);
    if (now) {
      this.slice.worked(now.length);
      // Before anything is waited for: the next one who reads a message has the same octets for his own.
      return readHeaderFacts(now);
    }
    const content = await mailbox.content(message.uid);
    if (!content) return null;
    try {
      return readHeaderFacts((await LargeSource.read(content, NEEDS, this.slice)).header);
    } finally {
      content.close();
    }
  }
}
