import { EMPTY, LF } from "../base/bytes.ts";

/**
 * Cuts a message for TOP (RFC 1939 7): the header, the blank line, and `lines` lines of the body. Push class: feed the octets in any
 * chunking; what comes back is what of the chunk belongs to the answer.
 */
export class LineCutter {
  #left: number;
  #inHeader = true;
  #lineLength = 0;
  #done = false;

  constructor(lines: number) {
    this.#left = lines;
  }

  /** No more octets are wanted. */
  get done(): boolean {
    return this.#done;
  }

  take(chunk: Uint8Array): Uint8Array {
    if (this.#done) return EMPTY;
    let at = 0;
    for (;;) {
      const lf = chunk.indexOf(LF, at);
      if (lf < 0) {
        this.#lineLength += chunk.length - at;
        return chunk;
      }
      // A line of CR alone before its LF is the blank one.
      const length = this.#lineLength + lf - at;
      this.#lineLength = 0;
      at = lf + 1;
      if (!this.#inHeader) this.#left--;
      else if (length <= 1) this.#inHeader = false;
      if (!this.#inHeader && this.#left <= 0) {
        this.#done = true;
        return chunk.subarray(0, at);
      }
    }
  }
}
