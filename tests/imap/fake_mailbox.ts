import type { Mailbox, Message } from "../../mod/store/store.ts";
import { ResponseBuffer } from "../../mod/imap/response_buffer.ts";
import { fromAscii } from "../../mod/base/bytes.ts";

type Reading = Pick<Mailbox, "content" | "contentNow" | "prepare" | "keywords">;

/** Messages with UIDs 10, 20, ... and what may happen to their octets. */
export class FakeMailbox implements Reading {
  readonly keywords = ["$One", "two"];
  readonly view: { uid: number; flags: number; size: number; internalDate: number }[];
  /** How the octets can be had: at once, only by `content`, or not any more. */
  how: "now" | "later" | "gone" = "now";
  /** Calls so far. */
  reads = 0;
  octetsRead = 0;
  open = 0;
  readonly #messages: readonly Uint8Array[];

  constructor(...messages: Uint8Array[]) {
    this.#messages = messages;
    this.view = messages.map((_, i) => ({ uid: (i + 1) * 10, flags: 0, size: -1, internalDate: -1 }));
  }

  contentNow(uid: number): Uint8Array | null {
    this.reads++;
    return this.how === "now" ? this.#messages[uid / 10 - 1] ?? null : null;
  }

  content(uid: number): ReturnType<Mailbox["content"]> {
    const bytes = this.#messages[uid / 10 - 1];
    if (this.how === "gone" || !bytes) return Promise.resolve(null);
    this.open++;
    return Promise.resolve({
      size: bytes.length,
      read: (start: number, end: number) => {
        this.octetsRead += Math.min(end, bytes.length) - start;
        return Promise.resolve(bytes.slice(start, end));
      },
      close: () => void this.open--,
    });
  }

  prepare(messages: readonly Message[]): Promise<void> {
    for (const m of this.view) {
      const bytes = this.#messages[m.uid / 10 - 1];
      if (!messages.includes(m) || !bytes || this.how === "gone") continue;
      m.size = bytes.length;
      m.internalDate = Date.UTC(2024, 0, m.uid / 10, 12);
    }
    return Promise.resolve();
  }
}

/** Gathers what is written; `largest` is what was held at most. */
export class TextSink {
  readonly buffer = new ResponseBuffer(64);
  largest = 0;
  #text = "";

  flush(): Promise<void> {
    this.largest = Math.max(this.largest, this.buffer.length);
    this.#text += fromAscii(this.buffer.take());
    return Promise.resolve();
  }

  text(): string {
    void this.flush();
    return this.#text;
  }
}
