/** Messages as the full-text index takes them: all that SEARCH TEXT looks at, folded. Their headers are remembered on the way. */
import type { Clock } from "../base/clock.ts";
import { FETCH_WHOLE, INDEX_TEXT } from "../base/limits.ts";
import type { MailboxIndex, ParsedTexts, WordText } from "../store/mail_index.ts";
import type { Mailbox, Message } from "../store/store.ts";
import { LargeSource, MemorySource, readExactly } from "./fetch_content.ts";
import { keepFields } from "./header_facts.ts";
import { lookInContent, lookInMemory, lowerOf, type TextLooker } from "./search_text.ts";
import { Slice } from "./slice.ts";

/** From now on the texts of the mailbox's messages go into the index, in the background. */
export function fillWords({ texts, words }: MailboxIndex, mailbox: Mailbox, ports: SlicePorts): void {
  const slice = new Slice(ports.clock, () => ports.pause());
  words?.fill((message) => readWordText(mailbox, texts, message, slice));
}

interface SlicePorts {
  readonly clock: Pick<Clock, "monotonic">;
  pause(): Promise<void>;
}

/** Reads a message's text; null when it has vanished. Throws what the store throws. */
export function readWordText(
  mailbox: Pick<Mailbox, "content" | "contentNow">,
  texts: ParsedTexts,
  message: Message,
  slice: Slice,
): WordText | null | Promise<WordText | null> {
  const now = mailbox.contentNow(message.uid);
  return now ? textInMemory(texts, message, now) : readSlowly(mailbox, texts, message, slice);
}

async function readSlowly(
  mailbox: Pick<Mailbox, "content">,
  texts: ParsedTexts,
  message: Message,
  slice: Slice,
): Promise<WordText | null> {
  const content = await mailbox.content(message.uid);
  if (!content) return null;
  try {
    if (content.size <= FETCH_WHOLE) {
      return textInMemory(texts, message, await readExactly(content, 0, content.size));
    }
    const source = await LargeSource.read(content, { header: true, structure: true }, slice);
    if (!texts.get(message, "FIELDS")) keepFields(texts, message, source.header);
    const gathering = new Gathering();
    await lookInContent(content, source.root, gathering, slice);
    return gathering.taken();
  } finally {
    content.close();
  }
}

function textInMemory(texts: ParsedTexts, message: Message, bytes: Uint8Array): WordText {
  if (!texts.get(message, "FIELDS")) keepFields(texts, message, bytes);
  const gathering = new Gathering();
  lookInMemory(bytes, lowerOf(bytes), new MemorySource(bytes).root, gathering);
  return gathering.taken();
}

/** Takes all texts of a message, up to a cap. */
export class Gathering implements TextLooker {
  readonly #headers: string[] = [];
  readonly #body: string[] = [];
  #place = "";
  #kind: "header" | "text" = "header";
  #length = 0;

  get done(): boolean {
    return this.#length > INDEX_TEXT;
  }

  wants(): boolean {
    return true;
  }

  look(text: string, kind: "header" | "text"): void {
    this.#place = this.#place === "" ? text : this.#place + text;
    this.#kind = kind;
    this.#length += text.length;
  }

  endPlace(): void {
    const texts = this.#kind === "header" ? this.#headers : this.#body;
    if (this.#place !== "") texts.push(this.#place.slice(0, INDEX_TEXT));
    this.#place = "";
  }

  taken(): WordText {
    return { headers: this.#headers, body: this.#body, whole: !this.done };
  }
}

/** Two who look at the same texts. */
export class Both implements TextLooker {
  readonly #both: readonly TextLooker[];

  constructor(one: TextLooker, other: TextLooker) {
    this.#both = [one, other];
  }

  get done(): boolean {
    return this.#both.every((looker) => looker.done);
  }

  wants(kind: "header" | "text"): boolean {
    return this.#both.some((looker) => !looker.done && looker.wants(kind));
  }

  look(text: string, kind: "header" | "text"): void {
    for (const looker of this.#both) if (!looker.done && looker.wants(kind)) looker.look(text, kind);
  }

  endPlace(): void {
    for (const looker of this.#both) looker.endPlace();
  }
}
